"""`ports.Inbox` and `ports.Streams`: what is appended, held, settled and audited."""
