"""Monarch and the stand-in, held against GitHub's whole official descriptions."""
