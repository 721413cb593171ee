"""What is measured of an answer on held-out runs: errors with bounds, time, memory."""
