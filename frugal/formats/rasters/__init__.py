"""Heights on regular grids: surface models, terrain, mosaics of many files, tiles of them."""
