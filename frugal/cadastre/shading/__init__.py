"""What hides the sun: obstacles near by, and hills far away."""
