"""Commands on streams and their groups."""

import math
from typing import Any

from scripts.memory.keyspace import (
    Consumer,
    Group,
    Keyspace,
    Pending,
    RefusedError,
    StreamValue,
    UnknownCommandError,
    whole,
)

Position = tuple[float, float]
_NODE = 100
"""Entries of one node: what is trimmed about (`~`) is trimmed by whole nodes."""

_SCANNED = 10
"""So many times as many entries as it may claim does an `XAUTOCLAIM` look at."""


class Streams(Keyspace):
    """What each does stands in Valkey's manual."""

    def _do_xadd(self, key: bytes, *args: bytes) -> bytes:
        at = next(place for place, arg in enumerate(args) if arg == b"*" or b"-" in arg)
        here = self.make(key, StreamValue)
        if args[at] == b"*":
            here.last = max((self.now_ms(), 0), (here.last[0], here.last[1] + 1))
        else:
            here.last = _later(_id(args[at]), here.last)
        entry = b"%d-%d" % here.last
        here.entries[entry] = list(args[at + 1 :])
        self._trim(here, args[:at])
        return entry

    def _trim(self, here: StreamValue, options: tuple[bytes, ...]) -> None:
        match options:
            case ():
                return
            case (b"MAXLEN", b"~", most):
                while len(here.entries) - _NODE >= whole(most):
                    for entry in [*here.entries][:_NODE]:
                        del here.entries[entry]
            case _:
                raise UnknownCommandError(f"XADD with {options}")

    def _do_xdel(self, key: bytes, *entries: bytes) -> int:
        here = self.get(key, StreamValue)
        return sum(here.entries.pop(entry, None) is not None for entry in entries)

    def _do_xlen(self, key: bytes) -> int:
        return len(self.get(key, StreamValue).entries)

    def _do_xrange(self, key: bytes, first: bytes, last: bytes, *options: bytes) -> list[Any]:
        low, high = _first(first), _last(last)
        here = self.get(key, StreamValue)
        if first == last and not options:
            return [[first, here.entries[first]]] if first in here.entries else []
        found = [[e, fields] for e, fields in here.entries.items() if low <= _id(e) <= high]
        return found[: _count(options)]

    def _do_xrevrange(self, key: bytes, last: bytes, first: bytes, *options: bytes) -> list[Any]:
        return self._do_xrange(key, first, last)[::-1][: _count(options)]

    # ---------------------------------------------------------------------------------------- groups

    def _group(self, key: bytes, name: bytes) -> tuple[StreamValue, Group]:
        here = self.find(key, StreamValue)
        if here is None or name not in here.groups:
            shown = f"'{key.decode()}' or consumer group '{name.decode()}'"
            raise RefusedError(f"NOGROUP No such key {shown}")
        return here, here.groups[name]

    def _named(self, key: bytes, name: bytes) -> Group:
        """The same, where another complaint is made."""
        group = self.get(key, StreamValue).groups.get(name)
        if group is None:
            shown = f"'{name.decode()}' for key name '{key.decode()}'"
            raise RefusedError(f"NOGROUP No such consumer group {shown}")
        return group

    def _do_xgroup(self, op: bytes, key: bytes, name: bytes, *more: bytes) -> str | int:
        match op.upper(), more:
            case b"CREATE", (b"0", b"MKSTREAM"):
                here = self.make(key, StreamValue)
                if name in here.groups:
                    raise RefusedError("BUSYGROUP Consumer Group name already exists")
                here.groups[name] = Group()
                return "OK"
            case b"DELCONSUMER", (consumer,):
                group = self._named(key, name)
                held = [e for e, p in group.pending.items() if p.consumer == consumer]
                for entry in held:
                    del group.pending[entry]
                group.consumers.pop(consumer, None)
                return len(held)
            case _:
                raise UnknownCommandError(f"XGROUP {op!r} with {more}")

    def _do_xinfo(self, what: bytes, key: bytes, name: bytes) -> list[Any]:
        if what.upper() != b"CONSUMERS":
            raise UnknownCommandError(f"XINFO {what!r}")
        if not self.is_there(key):
            raise RefusedError("ERR no such key")
        group, now = self._named(key, name), self.now_ms()
        held = [pending.consumer for pending in group.pending.values()]
        return [
            [
                *(b"name", one, b"pending", held.count(one), b"idle", now - at.seen_ms),
                *(b"inactive", -1 if at.active_ms is None else now - at.active_ms),
            ]
            for one, at in sorted(group.consumers.items())
        ]

    def _seen(self, group: Group, consumer: bytes, *, got: bool) -> None:
        at = group.consumers.setdefault(consumer, Consumer(self.now_ms()))
        at.seen_ms = self.now_ms()
        if got:
            at.active_ms = self.now_ms()

    def _do_xreadgroup(self, *args: bytes) -> list[Any] | None:
        """`GROUP name consumer [COUNT n] [BLOCK ms] STREAMS key >`; whoever waits asks again."""
        at = args.index(b"STREAMS")
        if args[0] != b"GROUP" or args[at + 2 :] != (b">",):
            raise UnknownCommandError(f"XREADGROUP with {args}")
        (name, consumer), key = args[1:3], args[at + 1]
        if self.find(key, StreamValue) is None or name not in self.get(key, StreamValue).groups:
            shown = f"'{key.decode()}' or consumer group '{name.decode()}'"
            raise RefusedError(f"NOGROUP No such key {shown} in XREADGROUP with GROUP option")
        here, group = self._group(key, name)
        new = [e for e in here.entries if _id(e) > group.last][: _count(args[3:at])]
        self._seen(group, consumer, got=bool(new))
        for entry in new:
            group.pending[entry] = Pending(consumer, 1, self.now_ms())
        if not new:
            return None
        ms, seq = _id(new[-1])
        group.last = int(ms), int(seq)
        return [[key, [[entry, here.entries[entry]] for entry in new]]]

    def _do_xack(self, key: bytes, name: bytes, *entries: bytes) -> int:
        here = self.find(key, StreamValue)
        if here is None or name not in here.groups:
            return 0
        pending = here.groups[name].pending
        return sum(pending.pop(entry, None) is not None for entry in entries)

    def _do_xpending(self, key: bytes, name: bytes, *args: bytes) -> list[Any]:
        group, now, idle_ms = self._group(key, name)[1], self.now_ms(), 0
        if args[0].upper() == b"IDLE":
            idle_ms, args = whole(args[1]), args[2:]
        low, high, count = _first(args[0]), _last(args[1]), whole(args[2])
        if args[0] == args[1]:
            held = [(args[0], group.pending[args[0]])] if args[0] in group.pending else []
        else:
            held = _in_order(group)
        found = [
            [entry, p.consumer, max(0, now - p.since_ms), p.count]
            for entry, p in held
            if low <= _id(entry) <= high
            and args[3:] in {(), (p.consumer,)}
            and now - p.since_ms >= idle_ms
        ]
        return found[:count]

    # ---------------------------------------------------------------------------------------- claims

    def _do_xclaim(
        self, key: bytes, name: bytes, consumer: bytes, idle: bytes, entry: bytes, *options: bytes
    ) -> list[Any]:
        here, group = self._group(key, name)
        if whole(idle) or b"JUSTID" not in options:
            raise UnknownCommandError("XCLAIM that looks at the idle time, or counts up")
        given = dict(zip(options[:-1:2], options[1:-1:2], strict=True))
        if options[-1] != b"JUSTID" or not given.keys() <= {b"IDLE", b"RETRYCOUNT"}:
            raise UnknownCommandError(f"XCLAIM with {options}")
        known = group.pending.get(entry)
        gone = known is not None and entry not in here.entries
        if gone:
            del group.pending[entry]
        self._seen(group, consumer, got=known is not None and not gone)
        if known is None or gone:
            return []
        known.consumer = consumer
        known.since_ms = self.now_ms() - whole(given.get(b"IDLE", b"0"))
        known.count = whole(given.get(b"RETRYCOUNT", b"%d" % known.count))
        return [entry]

    def _do_xautoclaim(
        self, key: bytes, name: bytes, consumer: bytes, idle: bytes, start: bytes, *options: bytes
    ) -> list[Any]:
        (here, group), now, count = self._group(key, name), self.now_ms(), _count(options)
        if count is None:
            raise UnknownCommandError("XAUTOCLAIM without COUNT")
        claimed: list[Any] = []
        gone: list[bytes] = []
        cursor, looked_at = b"0-0", 0
        for entry, known in _in_order(group):
            if _id(entry) < _first(start):
                continue
            if looked_at == count * _SCANNED or len(claimed) + len(gone) == count:
                cursor = entry
                break
            looked_at += 1
            if entry not in here.entries:
                del group.pending[entry]
                gone.append(entry)
            elif now - known.since_ms >= whole(idle):
                known.consumer, known.since_ms, known.count = consumer, now, known.count + 1
                claimed.append([entry, here.entries[entry]])
        self._seen(group, consumer, got=bool(claimed))
        return [cursor, claimed, gone]


def _later(given: tuple[int, int], last: tuple[int, int]) -> tuple[int, int]:
    if given > last:
        return given
    raise RefusedError(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item"
    )


def _id(raw: bytes) -> tuple[int, int]:
    ms, _, seq = raw.partition(b"-")
    try:
        return int(ms), int(seq or 0)
    except ValueError:
        raise RefusedError("ERR Invalid stream ID specified as stream command argument") from None


def _first(raw: bytes) -> Position:
    if raw.startswith(b"("):
        ms, seq = _id(raw[1:])
        return ms, seq + 1
    return (0, 0) if raw == b"-" else _id(raw)


def _last(raw: bytes) -> Position:
    if raw.startswith(b"("):
        ms, seq = _id(raw[1:])
        return ms, seq - 1
    if raw == b"+":
        return math.inf, math.inf
    return _id(raw) if b"-" in raw else (_id(raw)[0], math.inf)


def _in_order(group: Group) -> list[tuple[bytes, Pending]]:
    return sorted(group.pending.items(), key=lambda item: _id(item[0]))


def _count(options: tuple[bytes, ...]) -> int | None:
    rest = [one.upper() for one in options]
    if b"BLOCK" in rest:
        at = rest.index(b"BLOCK")
        del rest[at : at + 2]
    match rest:
        case []:
            return None
        case [b"COUNT", most]:
            return whole(most)
        case _:
            raise UnknownCommandError(f"options {options}")
