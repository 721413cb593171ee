"""Which answer ships, and whether AI was needed: pure functions of costs, errors and limits."""
