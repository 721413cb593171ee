"""Light on roofs: what a roof produces, and what shading takes."""
