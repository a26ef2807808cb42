"""What people see of Valkey. Nothing here writes."""
