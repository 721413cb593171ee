"""Watts of the machine: counters, meters at the wall, codecarbon, defaults, and which of them counts."""
