"""What passes a breach in a dike, in closed form: the tide of a storm, the weir, the basins behind."""
