"""The core: tables and properties, no doubles."""
