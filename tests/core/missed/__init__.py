"""Which repositories were missed."""
