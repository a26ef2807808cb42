"""`ports.Hands`: what people do to work."""
