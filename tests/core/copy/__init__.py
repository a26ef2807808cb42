"""What a copy says and what goes with it."""
