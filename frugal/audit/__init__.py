"""Whether AI was needed: factors, footprint, criteria and reports; it reads a decision and takes none."""
