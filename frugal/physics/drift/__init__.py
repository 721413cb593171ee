"""What drifts: particles in currents on a grid or in a network of channels, with wind, waves, mixing, beaches and sinking."""
