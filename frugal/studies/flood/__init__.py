"""Floods from the sea and from rivers, as maps."""
