"""Whether AI was needed: factors, footprint, criteria and reports, read from a bundle and never decided again."""
