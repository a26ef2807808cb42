"""Missed repositories: made from a template that is known here, and never asked for by anybody.

Pub/sub keeps nothing, so a message that nobody heard leaves a team's repository without tickets, and nothing else
shows it. `sighting` is what is known of a repository, `judging` decides whether it was missed.
"""
