"""A target: its requirements, what was seen of it, which of its issues are copies, and what to do next for a ticket."""
