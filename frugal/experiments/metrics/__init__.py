"""How an error is measured: a registry of metrics over plain arrays, each as sums over runs that can be resampled."""
