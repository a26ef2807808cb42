"""Keys that hold something else than they should."""
