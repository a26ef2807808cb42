"""`ports.Ledger` and `ports.Logins`: what is on record, and for how long."""
