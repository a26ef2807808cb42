"""One target, from the first look to the last comparison."""
