"""What people are shown of Valkey. Nothing here writes."""
