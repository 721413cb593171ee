"""How long a call takes, measured so that a busy machine does not decide."""
