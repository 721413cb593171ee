"""The folder that holds one trained answer, its ladder as a file, and the predictor that asks it."""
