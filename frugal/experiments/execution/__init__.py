"""Where work is done: the same call for threads of this process and for a Dask cluster, for runs of a solver and for tiles."""
