"""Litter that drifts in an estuary: sectors of its banks, particles, and other ways to tell where they end."""
