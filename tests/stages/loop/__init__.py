"""The loop: how work is heard, received, held, paused, reclaimed and let go."""
