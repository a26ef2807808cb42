"""The keys of a server in memory: values of one type each, some with an end; and how arguments are read."""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

V = TypeVar("V")


class RefusedError(Exception):
    """What the server answers as an error, in its own words."""


class UnknownCommandError(BaseException):
    """A command, or an option of one, that this memory does not have: it is to be added here, and to its suite.

    No `except Exception` of what is tested may take it for trouble.
    """


@dataclass(slots=True)
class Pending:
    """Who holds an entry, at which delivery count, and when it was delivered (ms)."""

    consumer: bytes
    count: int
    since_ms: int


@dataclass(slots=True)
class Consumer:
    """When a consumer last asked for anything, and last got something (ms; `None`: never)."""

    seen_ms: int
    active_ms: int | None = None


@dataclass(slots=True)
class Group:
    """How far a group has read, what it has in hand, and who is in it."""

    last: tuple[int, int] = (0, 0)
    pending: dict[bytes, Pending] = field(default_factory=dict)
    consumers: dict[bytes, Consumer] = field(default_factory=dict)


@dataclass(slots=True)
class StreamValue:
    """A stream: its entries, each as flat fields, and its groups."""

    entries: dict[bytes, list[bytes]] = field(default_factory=dict)
    groups: dict[bytes, Group] = field(default_factory=dict)
    last: tuple[int, int] = (0, 0)


class Hash(dict[bytes, bytes]):
    """A hash."""


class SortedSet(dict[bytes, float]):
    """A sorted set: scores by member. Its order is made when it is asked for, and kept until a score changes."""

    def __init__(self, *scores: Mapping[bytes, float]) -> None:
        super().__init__(*scores)
        self._in_order: list[tuple[float, bytes]] | None = None

    def in_order(self) -> list[tuple[float, bytes]]:
        """Scores and their members, the lowest first."""
        if self._in_order is None:
            self._in_order = sorted((score, member) for member, score in self.items())
        return self._in_order

    def __setitem__(self, member: bytes, score: float) -> None:
        self._in_order = None
        super().__setitem__(member, score)

    def __delitem__(self, member: bytes) -> None:
        self._in_order = None
        super().__delitem__(member)

    def remove(self, member: bytes) -> bool:
        """Take a member out; whether it was in."""
        if member not in self:
            return False
        del self[member]
        return True

    def __deepcopy__(self, _memo: object) -> "SortedSet":
        return SortedSet(self)


Memory = tuple[dict[bytes, Any], dict[bytes, int]]
"""All that a server knew at one moment."""


class Keyspace:
    """Keys, their values and their ends.

    `values` and `ends` (ms) may be looked at and changed by whoever plays a person with a `valkey-cli`.
    """

    TYPES: ClassVar = {
        bytes: b"string",
        Hash: b"hash",
        set: b"set",
        list: b"list",
        SortedSet: b"zset",
        StreamValue: b"stream",
    }

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._frozen_ms: int | None = None
        self.values: dict[bytes, Any] = {}
        self.ends: dict[bytes, int] = {}

    def now_ms(self) -> int:
        """Now, in ms since 1970; while a script runs it is one moment."""
        return self._clock() if self._frozen_ms is None else self._frozen_ms

    def remember(self) -> Memory:
        """All that it knows now."""
        return copy.deepcopy((self.values, self.ends))

    def recall(self, memory: Memory) -> None:
        """Know what was known then, and nothing since."""
        self.values, self.ends = copy.deepcopy(memory)

    def is_there(self, key: bytes) -> bool:
        """Whether this key has a value; one that has ended goes now. Its last millisecond is still its own."""
        if key in self.ends and self.ends[key] < self.now_ms():
            self.drop(key)
        return key in self.values

    def drop(self, key: bytes) -> None:
        """Remove a key."""
        self.values.pop(key, None)
        self.ends.pop(key, None)

    def find(self, key: bytes, kind: type[V]) -> V | None:
        """The value of a key; `None` where there is none.

        Raises:
            RefusedError: it is of another type.
        """
        if key in self.ends and self.ends[key] < self.now_ms():
            self.drop(key)
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, kind):
            raise RefusedError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return value

    def get(self, key: bytes, kind: type[V]) -> V:
        """Likewise; an empty one, which is not kept, where there is none."""
        found = self.find(key, kind)
        return kind() if found is None else found

    def make(self, key: bytes, kind: type[V]) -> V:
        """Likewise; it is there from now on."""
        found = self.find(key, kind)
        if found is None:
            found = self.values[key] = kind()
        return found

    def tidy(self, key: bytes) -> None:
        """An empty collection is none; only a stream may be empty."""
        value = self.values.get(key)
        if value is not None and not value and not isinstance(value, StreamValue | bytes):
            self.drop(key)


def whole(raw: bytes) -> int:
    """A whole number, or the server's complaint."""
    try:
        return int(raw)
    except ValueError:
        raise RefusedError("ERR value is not an integer or out of range") from None


def number(raw: bytes) -> float:
    """A number, or the server's complaint."""
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise RefusedError("ERR value is not a valid float")
    return value


def words(value: float) -> bytes:
    """A number as the server writes it; one that it writes with an exponent is no score of ours."""
    if value == int(value) and abs(value) < _EXACT:
        return b"%d" % value
    text = repr(value)
    if "e" in text or abs(value) > 1 / _SHORT:
        raise UnknownCommandError(f"the score {value}")
    return text.encode()


_EXACT, _SHORT = 1e15, 1e-4


def only(options: tuple[bytes, ...], *known: bytes) -> None:
    """Make sure that no option is passed over in silence."""
    if options not in {(), known} and not set(options) <= set(known):
        raise UnknownCommandError(f"options {options}; known are {known}")
