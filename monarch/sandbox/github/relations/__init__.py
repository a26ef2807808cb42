"""What issues are to each other: parts of one another, and waiting for one another."""
