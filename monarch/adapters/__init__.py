"""How the ports are kept: with Valkey, with httpx, with the system's clock.

Replies and library exceptions become outcomes here and go no further.
"""
