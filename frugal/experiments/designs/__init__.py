"""Which inputs are run: low-discrepancy sequences, splits by place, or the rows of a table."""
