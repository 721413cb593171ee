"""The world's files: weather, rasters, tables, and atomic writes; read and written with coordinate system and units."""
