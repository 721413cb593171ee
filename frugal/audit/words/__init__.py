"""What is said, in English and French: sentences, numbers with their units."""
