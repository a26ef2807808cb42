"""What is kept for the page: the roster, and presses that are struck."""
