"""What a browser needs: vector and relief tiles, the projection of the map, a server of static files, the built pages."""
