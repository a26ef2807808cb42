"""The administrator's side: what is planted, set and asked below ``/_sandbox/``, and a client for it."""
