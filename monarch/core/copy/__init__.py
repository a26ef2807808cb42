"""What a copy is made of: its text, its frame, its marker, and what it has beside the text."""
