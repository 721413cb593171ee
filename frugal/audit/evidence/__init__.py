"""What a bundle offers as evidence, parsed and checked; what people declare; nothing is judged here."""
