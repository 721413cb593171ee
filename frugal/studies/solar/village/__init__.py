"""A generated village of the coast of Vendée, and a year of its weather."""
