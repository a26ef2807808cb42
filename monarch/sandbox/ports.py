"""Ports of this machine for programs that are about to start."""

import random
import socket
import sys
from collections import deque
from typing import Final

_FIRST, _BEYOND = 20_000, 32_000
"""Below the ports that Linux hands out by itself: `net.ipv4.ip_local_port_range` begins at 32,768.

A port from that range may become the near end of any connection before the program that it is meant for listens on it.
"""

_TRIES = 100

_CLAIMS: Final[deque[socket.socket]] = deque(maxlen=64)
"""The newest ports that were given: until its program listens, a port looks free to other callers."""


def free_port() -> int:
    """Return a port of the loopback interface that no process listens on now, and that no connection is given by chance.

    No other caller on this machine gets it while this process lives and asks for at most 64 more.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        port = random.randrange(_FIRST, _BEYOND)  # noqa: S311 - no secret
        claim = socket.socket(socket.AF_UNIX)
        try:
            if sys.platform == "linux":
                # A name without a file: it is gone with the process, however that ends.
                claim.bind(f"\0monarch port {port}")
            with socket.create_server(("127.0.0.1", port)):
                pass
        except OSError:
            claim.close()
            continue
        if len(_CLAIMS) == _CLAIMS.maxlen:
            _CLAIMS.popleft().close()
        _CLAIMS.append(claim)
        return port
    raise OSError(f"no free port between {_FIRST} and {_BEYOND} in {_TRIES} tries")
