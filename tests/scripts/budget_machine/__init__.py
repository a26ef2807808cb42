"""The budget bench, as far as it can be tried in seconds."""
