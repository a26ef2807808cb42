"""The sweep for missed repositories."""
