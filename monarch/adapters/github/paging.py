"""Where an answer points to: the next page, a new name. GitHub's links are followed, never made up.

We do not count page numbers: large listings refuse `page=` and continue with cursors.
A link that leaves GitHub's own origin is refused, since the token would go with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

_LINK = re.compile(r"<([^>]*)>([^<]*)")
# One parameter after the other, so that the words of a quoted title do not count as a relation.
_PARAM = re.compile(r";\s*([^\s=;,\"]+)\s*=\s*(?:\"([^\"]*)\"|([^\";,]*))")


@dataclass(frozen=True, slots=True)
class Foreign:
    """A link that must not be followed; `reason` says why."""

    reason: str


def next_page(headers: Mapping[str, str], here: httpx.URL) -> httpx.URL | Foreign | None:
    """Find the page after this one; `None` after the last.

    Args:
        headers: of the answer, with names in lower case.
        here: the address of this page.
    """
    for target, params in _LINK.findall(headers.get("link", "")):
        named = {name.lower(): quoted or bare for name, quoted, bare in _PARAM.findall(params)}
        if "next" in named.get("rel", "").lower().split():
            return resolve(target, here)
    return None


def resolve(target: str, here: httpx.URL) -> httpx.URL | Foreign:
    """The absolute address of a link, if it stays at the origin of `here`."""
    if not target.strip():
        return Foreign("the link is empty")
    try:
        url = here.join(target.strip())
    except (httpx.InvalidURL, ValueError):
        return Foreign("the link cannot be read as an address")
    if _origin(url) != _origin(here) or url.userinfo:
        return Foreign(f"the link leads away from {here.host}, where the token must not go")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port; httpx has removed the scheme's own port."""
    return (url.scheme, url.host.lower(), url.port)
