"""What is kept to be shown to people: receipts, looks, readings of targets, who works. Nothing is decided by it."""
