"""The administrator's side: the control API below ``/_sandbox/``, and a client for it."""
