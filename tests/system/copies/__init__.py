"""From messages to copies, by real workers."""
