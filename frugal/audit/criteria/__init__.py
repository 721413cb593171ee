"""What the audit asks: a file a role or subject, the catalogue of all, and the three conditions."""
