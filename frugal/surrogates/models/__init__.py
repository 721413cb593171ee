"""The models that are tried: the registry of all; scalar/ for values, fields/ for maps."""
