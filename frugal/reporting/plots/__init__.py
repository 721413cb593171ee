"""Plots as SVG, written directly: small, printable, readable by a screen reader."""
