"""Reports for people: on a request, a dry run, a verification."""
