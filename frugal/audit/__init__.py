"""Whether AI was needed: evidence, footprint, criteria and reports; it reads a decision and takes none."""
