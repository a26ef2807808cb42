"""The Valkey adapters, on a real Valkey."""
