"""The world's files: weather, rasters, vectors, point clouds, tables; read and written with coordinate system and units."""
