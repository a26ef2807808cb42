"""What GitHub's answers mean."""
