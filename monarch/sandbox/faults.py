"""Planned misbehaviour: which call goes wrong, and how. Pure; the gateway carries it out.

A fault *matches* calls; it is *hit* by those from its ``nth`` matching call on, at most ``times``
of them. The oldest fault that is due gets a call; younger ones still count it as a match.

.. code-block:: json

    {"match": {"api": "github", "method": "POST", "path_regex": "/issues$", "body_regex": null},
     "nth": 2, "times": 1, "action": {"kind": "drop_after"}}

Every part of ``match`` may be left out; regular expressions are searched for, not anchored.
``path`` is relative to the API: ``/repos/o/r/issues``, ``/chat.postMessage``. A call that asks for a repository by
its id fits by either path: that with the id and (unless it was ever renamed) that with its name.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from monarch.sandbox.control.wire import Wire
from monarch.sandbox.github.canned import CATALOGUE
from monarch.sandbox.http import JSON_TYPE, Call, Reply  # part of the public signatures

ApiName = Literal["github", "slack"]


class Answer(Wire):
    """Answer this, with no effect."""

    kind: Literal["answer"] = "answer"
    status: int = 500
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = ""
    """A string as it is (``text/html`` unless a header says otherwise), all else as JSON."""


class AnswerAfter(Answer):
    """Have the effect, then answer this: a 502 for something that was done."""

    kind: Literal["answer_after"] = "answer_after"  # type: ignore[assignment]  # the tag differs
    status: int = 502


class CannedAnswer(Wire):
    """Answer an entry of the catalogue of what GitHub says when it says no.

    With ``after`` the call has its effect first. ``headers`` come on top of the entry's own, in
    place of those of the same name.
    """

    kind: Literal["canned"] = "canned"
    name: str
    after: bool = False
    headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in CATALOGUE:
            raise ValueError(f"no canned answer {name!r}; there are {sorted(CATALOGUE)}")
        return name

    def reply(self, now: float) -> Reply:
        """Return the answer as it is at ``now``, in seconds since the epoch."""
        reply = CATALOGUE[self.name].reply(now)
        named = {name.lower() for name in self.headers}
        kept = (pair for pair in reply.headers if pair[0].lower() not in named)
        return Reply(reply.status, reply.body, (*kept, *self.headers.items()))


class Delay(Wire):
    """Wait, then have the effect and answer; also when the client has gone meanwhile."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(ge=0)


class DropBefore(Wire):
    """Close the connection: no effect, no byte."""

    kind: Literal["drop_before"] = "drop_before"


class DropAfter(Wire):
    """Have the effect and close the connection without a byte."""

    kind: Literal["drop_after"] = "drop_after"


class HangBefore(Wire):
    """Neither effect nor answer until released; none at all if the client goes first."""

    kind: Literal["hang_before"] = "hang_before"


class HangAfter(Wire):
    """Have the effect, and no answer until released or the client goes."""

    kind: Literal["hang_after"] = "hang_after"


class Hold(Wire):
    """Stop until released, before the effect (or ``after`` it); the client may go meanwhile.

    Unlike a hang, a held call has its effect even if no client waits for the answer any more: this
    is GitHub acting late.
    """

    kind: Literal["hold"] = "hold"
    after: bool = False


class Truncate(Wire):
    """Have the effect and answer only the first bytes of the body.

    Unframed, the connection closes in the middle of the promised length; framed, a complete
    reply carries the cut body.
    """

    kind: Literal["truncate"] = "truncate"
    keep_bytes: int = Field(default=20, ge=0)
    framed: bool = False


class WrongContentType(Wire):
    """Have the effect and answer correctly, but with a wrong content type."""

    kind: Literal["content_type"] = "content_type"
    value: str = "text/html; charset=utf-8"


class Bomb(Wire):
    """Have no effect and answer a small zipped body that unpacks to this many megabytes of JSON."""

    kind: Literal["bomb"] = "bomb"
    megabytes: int = Field(default=256, ge=1, le=1024)

    def reply(self) -> Reply:
        """Return the answer: a list of spaces, zipped to a thousandth of its size."""
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        blanks = b" " * 1_000_000
        body = packer.compress(b"[") + b"".join(
            packer.compress(blanks) for _ in range(self.megabytes)
        )
        headers = (("Content-Type", JSON_TYPE), ("Content-Encoding", "gzip"))
        return Reply(200, body + packer.compress(b"]") + packer.flush(), headers)


Action = Annotated[
    Answer
    | AnswerAfter
    | Bomb
    | CannedAnswer
    | Delay
    | DropBefore
    | DropAfter
    | HangBefore
    | HangAfter
    | Hold
    | Truncate
    | WrongContentType,
    Field(discriminator="kind"),
]


class Match(Wire):
    """Which calls; what is left out matches all."""

    api: ApiName | None = None
    method: str | None = None
    path_regex: str = ""
    body_regex: str = ""

    def fits(self, api: ApiName, call: Call) -> bool:
        """Whether a call is meant."""
        return (
            self.api in {None, api}
            and (self.method is None or self.method.upper() == call.method)
            and any(re.search(self.path_regex, path) for path in (call.path, call.named))
            and re.search(self.body_regex, call.body.decode("utf-8", "replace")) is not None
        )


class Fault(Wire):
    """A rule; ``times`` of ``None`` is for ever."""

    match: Match = Match()
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    action: Action


class FaultReport(Wire):
    """A rule that is in force, with what came of it so far."""

    id: int
    fault: Fault
    matched: int
    hits: int


@dataclass
class Rule:
    """A fault and its counts."""

    id: int
    fault: Fault
    matched: int = 0
    hits: int = 0

    @property
    def is_due(self) -> bool:
        """Whether the call counted last is one to hit."""
        fault = self.fault
        return self.matched >= fault.nth and (fault.times is None or self.hits < fault.times)

    def report(self) -> FaultReport:
        """Return the rule for people to see."""
        return FaultReport(id=self.id, fault=self.fault, matched=self.matched, hits=self.hits)


class Faults:
    """All rules in force, oldest first; ids are never used again."""

    def __init__(self) -> None:
        """Start with everything going well."""
        self._rules: dict[int, Rule] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> int:
        """Put a rule in force and return its id."""
        self._last_id += 1
        self._rules[self._last_id] = Rule(self._last_id, fault)
        return self._last_id

    def remove(self, fault_id: int) -> bool:
        """Remove a rule; return whether there was one."""
        return self._rules.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all rules away."""
        self._rules.clear()

    def get(self, fault_id: int) -> Rule | None:
        """Return a rule by its id."""
        return self._rules.get(fault_id)

    def reports(self) -> list[FaultReport]:
        """Return all rules with their counts."""
        return [rule.report() for rule in self._rules.values()]

    def strike(self, api: ApiName, call: Call) -> Rule | None:
        """Count a call and return the rule that hits it, if any."""
        due: Rule | None = None
        for rule in self._rules.values():
            if rule.fault.match.fits(api, call):
                rule.matched += 1
                due = due or (rule if rule.is_due else None)
        if due is not None:
            due.hits += 1
        return due
