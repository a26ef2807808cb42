"""Room for writes, hidden limits, and when it will be done."""
