"""What is decided for copies that are there."""
