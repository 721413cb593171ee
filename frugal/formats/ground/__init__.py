"""The ground of a place: from rasters of heights or from point clouds, in one file or several tiles."""
