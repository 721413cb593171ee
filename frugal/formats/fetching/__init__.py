"""Observations that a user asks public services for: nothing here is called unless a command says so."""
