"""A year of weather, hour by hour, from the files that people have; the climate that ships."""
