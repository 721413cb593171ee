"""What a flood case is put together from: segments of its sides, infiltration, links; kernels of the last two."""
