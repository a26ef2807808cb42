"""Slack: its state and its Web API."""
