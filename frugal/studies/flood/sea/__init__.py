"""The level of the sea over an event: a storm on a tide, or a series from a file; how high tides are; when dikes fail."""
