"""Missed repositories: made from a template that is known here, and named by no request.

Pub/sub keeps nothing, so a message that no worker heard leaves a team's repository without tickets, and nothing else
shows it. `sighting` is what is known about a repository, `judging` decides whether it was missed.
"""
