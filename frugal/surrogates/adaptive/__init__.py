"""How many runs are needed, and where: looks at the runs made so far, the learning curve, and where the next are placed."""
