"""The tables of a cadastre as files: columns, classes, GeoPackage, GeoParquet, CSV."""
