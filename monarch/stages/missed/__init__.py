"""The sweep for missed repositories: `sweeper` looks through one owner's, `watch` does so again and again."""
