"""The folder of the map: what the page is told, and the data beside it."""
