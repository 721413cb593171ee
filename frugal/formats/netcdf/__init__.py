"""NetCDF files after the Climate and Forecast conventions (CF 1.11): variables, places, times and units in its words."""
