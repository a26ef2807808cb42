"""The set that a press is about, and what became of it: pure."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from monarch.core.ids import RequestId
from monarch.core.listed import listed

_NAMED: Final = 10
"""How many members to name if a set has changed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the set. `key` names it in the digest, `words` for people, `href` is where it is shown."""

    key: str
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a press would do, and to exactly what.

    Attributes:
        act: its name in the address.
        title: the act and its set in a line.
        button: the words on the button.
        command: the `monarch` command that does the same.
        back: where the thing is shown.
        members: the set; empty where there is nothing to do it to.
        notes: what follows from it, and what does not, a sentence each.
        problem: why it cannot be done, `""` where it can.
        is_destructive: whether it takes something away, whether or not another act brings it back.
        basis: what else it rests on, and is as much a part of what was shown as the members are, else `""`.
        also: address and words of the act that does more than this one, `""` where there is none.
        instead: the address of the act that comes first, where it cannot be done because of that, else `""`.
    """

    act: str
    title: str
    button: str
    command: str
    back: str
    members: tuple[Member, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    is_destructive: bool = False
    also: tuple[str, str] = ("", "")
    instead: str = ""
    basis: str = ""

    @property
    def request(self) -> RequestId:
        """The request that a press is about, where it is about one."""
        return RequestId(self.back.removeprefix("/requests/"))

    def done(self, title: str, lines: tuple["Line", ...]) -> "ActResult":
        """The result, which leads back to the request."""
        return ActResult(title, lines, self.back, "To the request")

    @property
    def keys(self) -> tuple[str, ...]:
        """What names the members."""
        return tuple(member.key for member in self.members)

    @property
    def digest(self) -> str:
        """The same for the same act on the same set, in whatever order it was read."""
        return digest_of(self.act, self.keys, self.basis)

    @property
    def can_be_done(self) -> bool:
        """Whether a press would do anything."""
        return bool(self.members) and not self.problem


def digest_of(act: str, keys: Sequence[str], basis: str = "") -> str:
    """Names an act, its set and its basis in 32 hex digits."""
    said = "\n".join([act, *sorted(set(keys)), *([f"\0{basis}"] if basis else [])])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def changes(before: Sequence[str], now: Meant) -> tuple[str, ...]:
    """What has changed since the set was shown, a sentence each; empty if nothing has."""
    words = {member.key: member.words for member in now.members}
    gone = [key for key in dict.fromkeys(before) if key not in words]
    new = [words[key] for key in words if key not in set(before)]
    differences = (("no longer in the set", gone), ("new in the set", new))
    return tuple(
        f"{len(found)} {what}: {listed(found, _NAMED)}" for what, found in differences if found
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One result of a press; `is_bad`: it was refused, or is gone."""

    words: str
    href: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class ActResult:
    """The result of a press.

    Attributes:
        title: in a line.
        lines: what became of each member, or what else there is to say.
        back: where the thing is shown, in the words of `back_words`.
        then: long work, which goes on after the press was answered.
    """

    title: str
    lines: tuple[Line, ...]
    back: str
    back_words: str = "Back"
    then: Callable[[], Awaitable[None]] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done, by whom and when, for a page that can be shown again. `at_ms`: milliseconds since 1970."""

    act: str
    by: str
    at_ms: int
    title: str
    lines: tuple[Line, ...]
    back: str
    back_words: str
