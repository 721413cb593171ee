"""Where the fields of the Saint-Venant solver lie in the workspace of a tile: a constant distance apart."""

from __future__ import annotations

from frugal.physics.shallow_water.state import AREA

E, H, U, V = 0, AREA, 2 * AREA, 3 * AREA
REAL_H, FRICTION, RAIN = 4 * AREA, 5 * AREA, 6 * AREA
SLOPE_H, SLOPE_U, SLOPE_V = 7 * AREA, 8 * AREA, 9 * AREA
SLOPE_EX, SLOPE_EY = 10 * AREA, 11 * AREA
X_MASS, X_LEFT, X_RIGHT, X_SHEAR = 12 * AREA, 13 * AREA, 14 * AREA, 15 * AREA
Y_MASS, Y_LEFT, Y_RIGHT, Y_SHEAR = 16 * AREA, 17 * AREA, 18 * AREA, 19 * AREA
SPEED = 20 * AREA
OLD_H, OLD_U, OLD_V = 21 * AREA, 22 * AREA, 23 * AREA
NEW_H, NEW_U, NEW_V = 24 * AREA, 25 * AREA, 26 * AREA
CREST = 27 * AREA  # how far the face behind each cell acts as a crest, where it is listed
WORKSPACE = 28 * AREA
