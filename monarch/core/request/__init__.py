"""A message's way to a request: bytes, and the names of repositories in them."""
