"""Models of maps: modes, networks, cell by cell, the nearest stored run."""
