"""Estuaries: tide, salt, mud, heat and oxygen along a network of reaches, averaged over each cross-section."""
