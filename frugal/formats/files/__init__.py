"""Files as such: written whole or not at all, known by their digest, read as tables."""
