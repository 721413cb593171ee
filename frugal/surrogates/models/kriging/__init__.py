"""Mathematics of Gaussian processes: covariance -> trend -> likelihood -> search -> weights -> deviation."""
