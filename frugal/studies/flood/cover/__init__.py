"""What covers the ground of a flood study: roughness from land cover, buildings as obstacles or as roughness."""
