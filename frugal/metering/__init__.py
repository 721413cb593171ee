"""What anything costs: CPU time, memory, codecarbon, host noise, the ledger that keeps it, and the factors that price it."""
