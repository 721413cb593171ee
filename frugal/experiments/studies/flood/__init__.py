"""Water that rises: the studies `submersion` (a coast behind a dike) and `river_flood` (a valley)."""
