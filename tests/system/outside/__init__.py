"""GitHub and Slack as they really are, and what an operator is shown when something stops."""
