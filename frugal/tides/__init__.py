"""The tide of a place as people ask for it: high and low waters of a period, or levels, with zero, zone and coefficient."""
