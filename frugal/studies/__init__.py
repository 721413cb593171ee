"""The questions themselves, a folder a theme: declared inputs, outputs and need around the physics."""
