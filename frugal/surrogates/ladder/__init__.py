"""Every way to answer, built from the same runs, ready to be asked."""
