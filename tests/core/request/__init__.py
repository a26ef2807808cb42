"""From the bytes of a message to a request."""
