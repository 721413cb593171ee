"""Who and what a flood reaches: buildings, assets, roads, people, access, damage, from a map to tables and layers."""
