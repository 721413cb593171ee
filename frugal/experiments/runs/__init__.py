"""The runs: where they are kept, how they are computed on threads or a cluster, one run alone."""
