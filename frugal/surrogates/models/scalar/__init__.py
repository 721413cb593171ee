"""Models of a few values, from a constant to boosted trees."""
