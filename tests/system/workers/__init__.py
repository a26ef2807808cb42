"""Workers that die, stop, freeze or are in trouble."""
