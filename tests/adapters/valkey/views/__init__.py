"""What people are shown, read from a real Valkey."""
