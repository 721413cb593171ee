"""Roofs that studies are asked about, as a surface model shows them."""
