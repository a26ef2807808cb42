"""The demo: the whole flow on this machine, and then a worker that dies in the middle of it."""
