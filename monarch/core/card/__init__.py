"""The card: the one Slack message that covers a cohort. What it shows, what it says, and when it is sent."""
