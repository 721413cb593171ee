"""The audit as a page that people read."""
