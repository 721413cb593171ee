"""What all learned models share: their contract, the columns they learn from, folds, intervals."""
