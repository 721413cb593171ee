"""What `train`, `eval` and `audit` do, end to end: simulate, fit, measure, decide, export, audit, record."""
