"""Point clouds from aircraft (LAS, LAZ, COPC), and the surfaces that they show."""
