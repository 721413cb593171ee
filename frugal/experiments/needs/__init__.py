"""What the use requires, as people write it: a file to fill in, its history, the domain that it asks for."""
