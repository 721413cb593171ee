"""Where an estuary is: its site file, and what becomes of it: sections, tides, rivers, what the water carries, its course."""
