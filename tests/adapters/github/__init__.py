"""Tests of the adapter for GitHub: over real sockets where bytes matter, in tables elsewhere."""
