"""What a cadastre is made from, and what every tile is computed with."""
