"""Emission and other factors of electricity, hardware and network, each with its source."""
