"""Who signs what is asked of GitHub: a personal token, or an App where it is installed."""
