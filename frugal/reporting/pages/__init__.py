"""Short report pages: headings, sentences, tables and pictures, self-contained and without script."""
