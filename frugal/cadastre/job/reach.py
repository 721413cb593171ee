"""How far what hides the sun is searched."""

from __future__ import annotations

#: How far hills are searched. One of 1,500 m at this distance stands 2.7° above level ground.
FARTHEST_M = 30_000.0
