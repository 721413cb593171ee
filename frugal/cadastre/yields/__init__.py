"""What planes yield: the trained answer, asked with the light and horizon of each plane, and its uncertainty."""
