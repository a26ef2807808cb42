"""What is put together of settings."""
