"""What takes water out of cells, or carries it from one to another: ground that it seeps into, culverts and gates."""
