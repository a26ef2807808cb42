"""Commands on sorted sets."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from operator import itemgetter
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

Item = tuple[float, bytes]


_KEEPS: Final[Mapping[bytes, Callable[[float, float], bool]]] = {
    b"": lambda _before, _after: False,
    b"NX": lambda _before, _after: True,
    b"GT": lambda before, after: after <= before,
}
"""Whether a member that is there keeps its score, by the option."""


class Ordered(Keyspace):
    """What each does stands in Valkey's manual."""

    def _items(self, key: bytes) -> list[Item]:
        return self.get(key, SortedSet).in_order()

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
        gone = sum(here.remove(member) for member in members)
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
        members = [member for _, member in self._items(key)]
        return members[_lexical(members, low, bisect_left) : _lexical(members, high, bisect_right)]

    def _do_zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        return self._do_zrem(key, *(member for _, member in self._between(key, low, high)))

    def _do_zremrangebyrank(self, key: bytes, start: bytes, stop: bytes) -> int:
        return self._do_zrem(key, *(member for _, member in _slice(self._items(key), start, stop)))

    def _do_zpopmin(self, key: bytes) -> list[bytes]:
        first = self._items(key)[:1]
        self._do_zrem(key, *(member for _, member in first))
        return _flat(first, with_scores=True)

    def _between(self, key: bytes, low: bytes, high: bytes) -> list[Item]:
        items = self._items(key)
        return items[_bound(items, low, bisect_left) : _bound(items, high, bisect_right)]


def _with_scores(options: tuple[bytes, ...]) -> bool:
    if [one.upper() for one in options] not in ([], [b"WITHSCORES"]):
        raise UnknownCommandError(f"a range with {options}")
    return bool(options)


def _slice(items: list[Item], start: bytes, stop: bytes) -> list[Item]:
    first, last = (at if at >= 0 else len(items) + at for at in (whole(start), whole(stop)))
    return items[max(0, first) : max(0, last + 1)]


def _flat(items: list[Item], with_scores: bool) -> list[bytes]:  # noqa: FBT001  # an option of the command
    return [part for s, m in items for part in ((m, words(s)) if with_scores else (m,))]


_Bisect = Callable[..., int]


def _lexical(members: list[bytes], raw: bytes, inclusive: _Bisect) -> int:
    """Where a range by name begins, or ends."""
    kind, name = raw[:1], raw[1:]
    if kind not in {b"[", b"("}:
        raise RefusedError("ERR min or max not valid string range item")
    return _other(inclusive, kind == b"(")(members, name)


def _bound(items: list[Item], raw: bytes, inclusive: _Bisect) -> int:
    """Where a range of scores begins, or ends."""
    try:
        score = number(raw.removeprefix(b"("))
    except RefusedError:
        raise RefusedError("ERR min or max is not a float") from None
    return _other(inclusive, raw.startswith(b"("))(items, score, key=itemgetter(0))


def _other(inclusive: _Bisect, is_open: bool) -> _Bisect:  # noqa: FBT001  # it is all that it decides by
    """An open end lies on the other side of what is equal to it."""
    if not is_open:
        return inclusive
    return bisect_right if inclusive is bisect_left else bisect_left
