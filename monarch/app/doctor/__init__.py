"""The doctor: checks an installation from outside."""
