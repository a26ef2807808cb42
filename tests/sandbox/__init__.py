"""Tests of the stand-in for GitHub, Slack and Valkey: who judges must be judged first."""
