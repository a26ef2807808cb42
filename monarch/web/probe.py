"""The container's health check: `python -m monarch.web.probe` exits 0 if `/health` answers 200, `… ready` if `/ready` does.

It imports nothing of Monarch's own, so that it costs a container little every ten seconds. It asks this machine and no
proxy: Docker hands `HTTP_PROXY` to every container, and no proxy reaches a container's loopback.
"""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Final

WITHIN_S: Final = 4
_ALL: Final = {"", "0.0.0.0", "::", "*"}  # noqa: S104 - compared with, not listened on


def address(environment: Mapping[str, str], page: str = "health") -> str | None:
    """Where `/health` or another page is, by the worker's variables; `None` if it is switched off."""
    port = environment.get("MONARCH_WEB_PORT", "").strip() or "8081"
    if port == "0":
        return None
    host = environment.get("MONARCH_WEB_HOST", "").strip() or "127.0.0.1"
    host = "127.0.0.1" if host in _ALL else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{page}"


def main(arguments: Sequence[str]) -> int:
    """Ask once; 0 is yes, 1 is no, and the reason is on standard error."""
    url = address(os.environ, *arguments[:1])
    if url is None:
        return 0
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=WITHIN_S):
            return 0
    except (OSError, ValueError) as error:
        print(f"{url}: {error}", file=sys.stderr)  # noqa: T201 - `docker inspect` shows it
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
