"""The sweep for missed repositories: `sweeper` looks through those of one owner, `watch` does so again and again."""
