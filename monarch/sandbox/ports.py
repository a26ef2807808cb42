"""Ports of this machine for programs that are about to start."""

import random
import socket

_FIRST, _BEYOND = 20_000, 32_000
"""Below the ports that Linux hands out by itself: `net.ipv4.ip_local_port_range` begins at 32,768.

A port from that range may become the near end of any connection before the program that it is meant for listens on it.
"""

_TRIES = 100


def free_port() -> int:
    """Return a port of the loopback interface that no process listens on now, and that no connection is given by chance.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        port = random.randrange(_FIRST, _BEYOND)  # noqa: S311 - no secret
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError(f"no free port between {_FIRST} and {_BEYOND} in {_TRIES} tries")
