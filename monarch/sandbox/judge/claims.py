"""What Slack's messages claim: which targets are done, and why one has failed. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_DONE: Final = re.compile(r":white_check_mark: <[^|>]*/issues\|([^>]+)>")
_FAILED: Final = re.compile(r"failed \((\w+)\)\.")


def done_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each target that a message calls done, and the whole line that does."""
    for line in text.splitlines():
        if found := _DONE.match(line):
            yield found[1], line


def failure_in(text: str) -> str | None:
    """Return the cause that a reply about a failure names; ``None`` if the message is no such reply."""
    found = _FAILED.search(text.partition("\n")[0])
    return found[1] if found else None
