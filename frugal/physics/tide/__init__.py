"""The astronomical tide from harmonic constants: levels, high and low waters, French coefficients; constants from levels.

Times are seconds since 1970-01-01 00:00 UTC, phases Greenwich phase lags in degrees, levels metres above the mean level of
the constants.
"""
