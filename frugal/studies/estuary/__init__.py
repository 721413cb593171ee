"""Estuaries: tide, salt, mud and oxygen along their channels, and where litter ends."""
