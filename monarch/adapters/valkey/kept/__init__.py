"""What is kept to show to people: receipts, looks, readings of targets, workers. No decision depends on it."""
