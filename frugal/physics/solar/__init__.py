"""Sun, sky, horizon and photovoltaic roofs."""
