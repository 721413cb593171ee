"""What anything costs: CPU time, memory, codecarbon, host noise, and the ledger that keeps it."""
