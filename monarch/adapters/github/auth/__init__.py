"""Who signs calls to GitHub: a personal token, or an App where it is installed."""
