"""Fit what is unknown to what was measured: observed -> asking -> fitting -> drawing, history -> emulator, check -> report."""
