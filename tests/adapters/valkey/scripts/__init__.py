"""The scripts: how they are sent, what they are handed, in which order they serve."""
