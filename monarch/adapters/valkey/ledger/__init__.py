"""The ledger of each target: what a worker asks of it and reports to it, each as one document, and what it answers."""
