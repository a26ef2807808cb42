"""The adapters, each beside what it adapts to."""
