"""GitHub's state, in memory and pure."""
