"""Dead letters: list, show, replay and drop them."""
