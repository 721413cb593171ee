"""Lines and polygons of the world: dikes, rivers, footprints, in any vector format and coordinate system."""
