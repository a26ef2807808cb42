"""A crossing: one pass over one target, from the first look to the last comparison. Start at `crossing`."""
