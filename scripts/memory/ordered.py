"""Commands on sorted sets."""

import operator
from collections.abc import Callable, Mapping
from typing import Final

from scripts.memory.keyspace import (
    Keyspace,
    RefusedError,
    SortedSet,
    UnknownCommandError,
    number,
    whole,
    words,
)

Item = tuple[bytes, float]


_KEEPS: Final[Mapping[bytes, Callable[[float, float], bool]]] = {
    b"": lambda _before, _after: False,
    b"NX": lambda _before, _after: True,
    b"GT": lambda before, after: after <= before,
}
"""Whether a member that is there keeps its score, by the option."""


class Ordered(Keyspace):
    """What each does stands in Valkey's manual."""

    def _items(self, key: bytes) -> list[Item]:
        here = self.get(key, SortedSet)
        return sorted(here.items(), key=lambda item: (item[1], item[0]))

    def _do_zadd(self, key: bytes, *args: bytes) -> int:
        option = args[0].upper() if len(args) % 2 else b""
        if option not in _KEEPS:
            raise UnknownCommandError(f"ZADD with {option!r}")
        pairs, keeps = args[1:] if option else args, _KEEPS[option]
        scores = [number(score) for score in pairs[::2]]
        here, new = self.make(key, SortedSet), 0
        for score, member in zip(scores, pairs[1::2], strict=True):
            new += member not in here
            if member not in here or not keeps(here[member], score):
                here[member] = score
        return new

    def _do_zrem(self, key: bytes, *members: bytes) -> int:
        here = self.get(key, SortedSet)
        gone = sum(here.pop(member, None) is not None for member in members)
        self.tidy(key)
        return gone

    def _do_zcard(self, key: bytes) -> int:
        return len(self.get(key, SortedSet))

    def _do_zscore(self, key: bytes, member: bytes) -> bytes | None:
        score = self.get(key, SortedSet).get(member)
        return None if score is None else words(score)

    def _do_zmscore(self, key: bytes, *members: bytes) -> list[bytes | None]:
        return [self._do_zscore(key, member) for member in members]

    def _do_zrange(self, key: bytes, start: bytes, stop: bytes, *options: bytes) -> list[bytes]:
        with_scores = _with_scores(options)
        return _flat(_slice(self._items(key), start, stop), with_scores)

    def _do_zrevrange(self, key: bytes, start: bytes, stop: bytes, *options: bytes) -> list[bytes]:
        with_scores = _with_scores(options)
        return _flat(_slice(self._items(key)[::-1], start, stop), with_scores)

    def _do_zcount(self, key: bytes, low: bytes, high: bytes) -> int:
        return len(self._between(key, low, high))

    def _do_zrangebyscore(
        self, key: bytes, low: bytes, high: bytes, *options: bytes
    ) -> list[bytes]:
        items, rest = self._between(key, low, high), [one.upper() for one in options]
        if b"LIMIT" in rest:
            at = rest.index(b"LIMIT")
            first, count = whole(rest[at + 1]), whole(rest[at + 2])
            del rest[at : at + 3]
            items = items[first:] if count < 0 else items[first : first + count]
        return _flat(items, _with_scores(tuple(rest)))

    def _do_zlexcount(self, key: bytes, low: bytes, high: bytes) -> int:
        return len(self._within(key, low, high))

    def _do_zrangebylex(self, key: bytes, low: bytes, high: bytes, *options: bytes) -> list[bytes]:
        members, rest = self._within(key, low, high), [one.upper() for one in options]
        if rest[:1] == [b"LIMIT"]:
            first, count = whole(rest[1]), whole(rest[2])
            members, rest = members[first : first + count], rest[3:]
        if rest:
            raise UnknownCommandError(f"ZRANGEBYLEX with {options}")
        return members

    def _within(self, key: bytes, low: bytes, high: bytes) -> list[bytes]:
        """By name, which means something where all scores are equal."""
        above, below = _lexical(low, operator.gt), _lexical(high, operator.lt)
        return [member for member, _ in self._items(key) if above(member) and below(member)]

    def _do_zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        return self._do_zrem(key, *(member for member, _ in self._between(key, low, high)))

    def _do_zremrangebyrank(self, key: bytes, start: bytes, stop: bytes) -> int:
        return self._do_zrem(key, *(member for member, _ in _slice(self._items(key), start, stop)))

    def _do_zpopmin(self, key: bytes) -> list[bytes]:
        first = self._items(key)[:1]
        self._do_zrem(key, *(member for member, _ in first))
        return _flat(first, with_scores=True)

    def _between(self, key: bytes, low: bytes, high: bytes) -> list[Item]:
        above, below = _bound(low, operator.gt), _bound(high, operator.lt)
        return [item for item in self._items(key) if above(item[1]) and below(item[1])]


def _with_scores(options: tuple[bytes, ...]) -> bool:
    if [one.upper() for one in options] not in ([], [b"WITHSCORES"]):
        raise UnknownCommandError(f"a range with {options}")
    return bool(options)


def _slice(items: list[Item], start: bytes, stop: bytes) -> list[Item]:
    first, last = (at if at >= 0 else len(items) + at for at in (whole(start), whole(stop)))
    return items[max(0, first) : max(0, last + 1)]


def _flat(items: list[Item], with_scores: bool) -> list[bytes]:  # noqa: FBT001  # an option of the command
    return [part for m, s in items for part in ((m, words(s)) if with_scores else (m,))]


def _lexical(raw: bytes, beyond: Callable[[bytes, bytes], bool]) -> Callable[[bytes], bool]:
    kind, name = raw[:1], raw[1:]
    if kind not in {b"[", b"("}:
        raise RefusedError("ERR min or max not valid string range item")
    return lambda member: beyond(member, name) or (member == name and kind == b"[")


def _bound(raw: bytes, beyond: Callable[[float, float], bool]) -> Callable[[float], bool]:
    is_open = raw.startswith(b"(")
    try:
        value = number(raw.removeprefix(b"("))
    except RefusedError:
        raise RefusedError("ERR min or max is not a float") from None
    return lambda score: beyond(score, value) or (score == value and not is_open)
