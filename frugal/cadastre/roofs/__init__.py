"""Roof planes of buildings: found, outlined, and how much of them takes modules."""
