"""Directions that the cadastre tells apart."""

from __future__ import annotations

#: Sectors of the horizon of a plane, from north clockwise.
N_SECTORS = 36

#: Eight points of the compass, from north clockwise.
COMPASS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
