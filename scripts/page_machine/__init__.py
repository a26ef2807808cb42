"""A page to look at: a fleet with work of every kind, and a browser. Tests and `scripts/screens` use both."""
