"""Where what drifts ends up: transition matrices, which need no learning."""
