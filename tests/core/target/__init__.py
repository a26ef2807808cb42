"""What a target holds, and what is done there next."""
