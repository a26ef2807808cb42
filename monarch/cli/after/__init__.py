"""The commands for copies that are there."""
