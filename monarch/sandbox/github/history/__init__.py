"""What has happened to issues, and how it is shown."""
