"""The budget of writes: its ceilings, GitHub's hidden limits, whose turn it is, and when all will be done."""
