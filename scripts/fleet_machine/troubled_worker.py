"""A real worker that gets into trouble at a chosen seam: `python -m scripts.fleet_machine.troubled_worker run`.

Production code has no hooks for it. This program puts something around methods of the adapters, as a debugger would,
and then runs Monarch's own. What happens is said by the variable `TROUBLE`, a list with spaces between:

```
freeze@granted#3:team/a     SIGSTOP to itself when ticket 3 of team/a has its permission
block@granted:team/a        the event loop does nothing until somebody opens the other end of the FIFO in `GATE`
die@handled:team/a          SIGKILL to itself
newer                       a Monarch that knows entries of version 2 too
```

Without a target it is any target's, without a number the first. Each happens once in the life of a process.
"""

import hashlib
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from monarch.__main__ import main
from monarch.adapters import http_send
from monarch.adapters.github.reads import Reads
from monarch.adapters.github.writes import Writes
from monarch.adapters.valkey import codec, scripts
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.core.delivery import Delivery, MigrationEntry
from monarch.core.target.permission import Granted
from monarch.stages.migrator import Migrator

VARIABLE: Final = "TROUBLE"
GATE: Final = "GATE"
NEWER: Final = "newer"
SEAMS: Final = (
    "handled",
    "taken",
    "looked",
    "granted",
    "checked",
    "leaving",
    "sent",
    "answered",
    "recorded",
    "settling",
)
"""The seams of a crossing, in their order; between `checked` and `leaving` the headers leave, after it the body."""

_WISH = re.compile(r"(?P<deed>freeze|block|die)@(?P<seam>\w+)(#(?P<nth>\d+))?(:(?P<target>\S+))?")


@dataclass
class Trouble:
    """Something that happens once, at the `nth` passage of a seam; `target` of `""` is any."""

    deed: str
    seam: str
    nth: int
    target: str
    passed: int = field(default=0, init=False)

    def pass_by(self, seam: str, target: str) -> None:
        """Count a passage, and strike if it is the one."""
        if seam != self.seam or self.target not in {"", target}:
            return
        self.passed += 1
        if self.passed == self.nth:
            self._strike()

    def _strike(self) -> None:
        sys.stderr.write(f"trouble: {self.deed} at {self.seam} of {self.target}\n")
        sys.stderr.flush()
        if self.deed == "block":
            Path(os.environ[GATE]).read_bytes()
        else:
            os.kill(os.getpid(), signal.SIGKILL if self.deed == "die" else signal.SIGSTOP)


def read(word: str) -> Trouble:
    """Read one word of the variable; raises `ValueError` for what is no trouble."""
    wish = _WISH.fullmatch(word)
    if wish is None or wish["seam"] not in SEAMS:
        raise ValueError(f"no trouble: {word}")
    return Trouble(wish["deed"], wish["seam"], int(wish["nth"] or 1), wish["target"] or "")


Pass = Callable[[str, str], None]
After = Callable[[Mapping[str, Any], Any], tuple[str, str] | None]
"""From a method's arguments and its answer to the seam and the target that it passes; `None`: none."""


def _around(owner: type, name: str, passing: Pass, *, before: After, after: After) -> None:
    """Put the seams before and after an asynchronous method."""
    method = getattr(owner, name)
    signature = inspect.signature(method)

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        if (seam := before(given, None)) is not None:
            passing(*seam)
        answer = await method(*args, **kwargs)
        if (seam := after(given, answer)) is not None:
            passing(*seam)
        return answer

    setattr(owner, name, wrapped)


def _nothing(_: Mapping[str, Any], __: Any) -> None:
    return None


def _of(given: Mapping[str, Any]) -> str:
    """The target of a delivery or of a call, `""` for what has none."""
    if "repository" in given:
        return str(given["repository"].full_name)
    delivery = given["delivery"]
    is_migration = isinstance(delivery, Delivery) and isinstance(delivery.entry, MigrationEntry)
    return delivery.entry.target if is_migration else ""


def _named(seam: str, answer_is: type = object) -> After:
    """The seam of that name wherever there is a target, and such an answer."""

    def passes(given: Mapping[str, Any], answer: Any) -> tuple[str, str] | None:
        target = _of(given)
        return (seam, target) if target and isinstance(answer, answer_is) else None

    return passes


_WIRE: Final = {
    "send_request_headers.started": "checked",
    "send_request_body.started": "leaving",
    "receive_response_headers.started": "sent",
}


_NAMES: Final[dict[int, str]] = {}
"""By id: an address on the wire does not name its repository."""


def _note_name(given: Mapping[str, Any], _: Any) -> None:
    _NAMES[given["repository"].id] = given["repository"].full_name


def _on_the_wire(given: Mapping[str, Any], _: Any) -> tuple[str, str] | None:
    """The seams of a write that only httpcore's trace knows."""
    request, event = given["info"].get("request"), given["event"].rpartition("11.")[2]
    if request is None or request.method != b"POST" or event not in _WIRE:
        return None
    found = re.search(rb"/repositories/(\d+)/issues$", request.url.target)
    return (_WIRE[event], _NAMES.get(int(found[1]), "")) if found else None


def _put_in_place(troubles: list[Trouble]) -> None:
    def passing(seam: str, target: str) -> None:
        for trouble in troubles:
            trouble.pass_by(seam, target)

    _around(Migrator, "handle", passing, before=_named("handled"), after=_nothing)
    _around(ValkeyLedger, "take", passing, before=_nothing, after=_named("taken"))
    _around(ValkeyLedger, "permit", passing, before=_nothing, after=_named("granted", Granted))
    _around(ValkeyLedger, "record", passing, before=_nothing, after=_named("recorded"))
    _around(Reads, "issues", passing, before=_nothing, after=_named("looked"))
    _around(Writes, "create_issue", passing, before=_note_name, after=_named("answered"))
    _around(ValkeyStreams, "settle", passing, before=_named("settling"), after=_nothing)
    _around(http_send._Departure, "watch", passing, before=_nothing, after=_on_the_wire)


def _become_newer() -> None:
    """Read and write entries of version 2, and know those of version 1."""
    for name, known in scripts.SCRIPTS.items():
        text = known.text.replace("local VERSION = '1'", "local VERSION = '99'")
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        scripts.SCRIPTS[name] = scripts.Script(name, (text,), digest)
    codec.VERSIONS.update(dict.fromkeys(codec.VERSIONS, 99))


if __name__ == "__main__":
    words = os.environ.get(VARIABLE, "").split()
    if NEWER in words:
        _become_newer()
    _put_in_place([read(word) for word in words if word != NEWER])
    main()
