"""What people are told: of a request, of a dry run, of a verification."""
