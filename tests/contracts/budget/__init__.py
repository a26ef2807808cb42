"""`ports.Budget`, and whose turn it is to write."""
