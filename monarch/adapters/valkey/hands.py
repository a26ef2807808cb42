"""What people do to running work: `ports.Hands`. The header of each script argues why it is safe."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.scripts.sentences import BEGIN, HEAL, NOT_RECALLED, REPLAY, refusal
from monarch.core.after.acts import Act
from monarch.core.card.view import held_by_limit
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TicketId
from monarch.core.moments import date_of
from monarch.core.portions.dates import date_words
from monarch.core.report.summary import why_unknown
from monarch.ports import Begun, Cancelling, Healing, NotDone, Paused, Replayed
from monarch.ports.hands import PutFirst


class ValkeyHands:
    """`ports.Hands`. `retention_ms` is how long a request is kept once its last dead letter was dropped."""

    def __init__(self, scripts: Scripts, keys: Keys, *, retention_ms: int) -> None:
        self._scripts = scripts
        self._keys = keys
        self._retention_ms = retention_ms

    async def pause(self, by: str) -> Paused:
        """See `ports.Hands.pause`."""
        return await self._pause("pause", by)

    async def resume(self, by: str) -> Paused:
        """See `ports.Hands.resume`."""
        return await self._pause("resume", by)

    async def _pause(self, op: str, by: str) -> Paused:
        answer = await self._scripts.call("pause", [self._keys.paused], op, by)
        changed, who = cast("tuple[int, bytes]", answer)
        return Paused(bool(changed), _text(who))

    async def cancel(self, request: RequestId, by: str) -> Cancelling | NotDone:
        """See `ports.Hands.cancel`."""
        keys = [self._keys.request(request), self._keys.stream(Stream.REQUESTS)]
        answer = await self._scripts.call("cancel", keys, request, by)
        match cast("list[object]", answer):
            case [b"cancelling", int(targets)]:
                return Cancelling(targets)
            case other:
                return _not_done(request, other, " already")

    async def first(self, request: RequestId, by: str) -> PutFirst | NotDone:
        """See `ports.Hands.first`."""
        answer = await self._scripts.call("first", [self._keys.request(request)], request, by)
        match cast("list[object]", answer):
            case [b"first", bytes(who), int(changed)]:
                return PutFirst(_text(who), bool(changed))
            case other:
                return _not_done(request, other)

    async def hurry(self, request: RequestId, by: str) -> int | NotDone:
        """See `ports.Hands.hurry`."""
        answer = await self._scripts.call("hurry", [self._keys.request(request)], request, by)
        match cast("list[object]", answer):
            case [b"tried", int(pieces)]:
                return pieces
            case [b"dated", bytes(ms)]:
                date = date_words(date_of(int(ms)))
                return NotDone(f"request {request} was asked to begin no earlier than {date}")
            case [b"limited", bytes(ms)]:
                return NotDone(held_by_limit(int(float(ms))))
            case [b"unknown"]:
                return NotDone(f"no request {request} is known", is_unknown=True)
            case other:
                return _not_done(request, other)

    async def replay(self, letters: Sequence[str], by: str) -> tuple[Replayed, ...]:
        """See `ports.Hands.replay`."""
        return await self._replay(letters, by, looks=False)

    async def foresee_replay(self, letters: Sequence[str]) -> tuple[Replayed, ...]:
        """See `ports.Hands.foresee_replay`."""
        return await self._replay(letters, "", looks=True)

    async def _replay(
        self, letters: Sequence[str], by: str, *, looks: bool
    ) -> tuple[Replayed, ...]:
        answer = await self._scripts.call("replay", [self._keys.dead], by, int(looks), *letters)
        return tuple(map(_replayed, letters, _answers(answer)))

    async def drop(self, letters: Sequence[str], by: str) -> int:
        """See `ports.Hands.drop`."""
        answer = await self._scripts.call(
            "drop", [self._keys.dead], by, self._retention_ms, *letters
        )
        return sum(cast("list[int]", answer))

    async def heal(
        self, request: RequestId, missing: Mapping[str, Collection[TicketId]], by: str
    ) -> tuple[Healing, ...]:
        """See `ports.Hands.heal`."""
        keys = [self._keys.request(request), self._keys.plan(request)]
        wishes = [
            (target, " ".join(map(str, sorted(tickets)))) for target, tickets in missing.items()
        ]
        flat = [arg for wish in wishes for arg in wish]
        answer = await self._scripts.call("heal", keys, request, by, *flat)
        return tuple(map(_healing, missing, _answers(answer)))

    async def begin(
        self, request: RequestId, act: Act, targets: Sequence[str], by: str
    ) -> tuple[Begun, ...]:
        """See `ports.Hands.begin`."""
        keys = [self._keys.request(request), self._keys.plan(request)]
        answer = await self._scripts.call("begin", keys, request, act.value, by, *targets)
        return tuple(map(_begun, targets, _answers(answer)))


def _not_done(request: RequestId, answer: list[object], before: str = "") -> NotDone:
    """Why a request was left as it is."""
    match answer:
        case [b"ended", bytes(state)]:
            return NotDone(f"request {request} has ended: it is {_text(state)}")
        case [b"strange", bytes(state)]:
            return NotDone(f"request {request} is left as it is: {why_unknown(_text(state))}")
        case [b"cancelled", bytes(who)]:
            return NotDone(f"request {request} was cancelled by {_text(who)}{before}")
        case _:
            reason = f"no request {request} is known: see `monarch requests`"
            return NotDone(reason, is_unknown=True)


def _answers(answer: object) -> list[tuple[str, list[str]]]:
    """For each thing that was asked for: a word, and its figures."""
    words = cast("list[list[bytes]]", answer)
    return [(_text(word), [*map(_text, rest)]) for word, *rest in words]


def _begun(target: str, words: tuple[str, list[str]]) -> Begun:
    word, rest = words
    if word != "begun":
        return Begun(target, "", refusal(BEGIN, rest))
    migration, remark = rest
    return Begun(target, migration, remark=NOT_RECALLED if remark else "")


def _replayed(letter: str, words: tuple[str, list[str]]) -> Replayed:
    word, rest = words
    if word == "gone":
        return Replayed(letter, "", "it is no dead letter any more: replayed or dropped")
    if word == "replayed":
        return Replayed(letter, rest[0])
    return Replayed(letter, "", refusal(REPLAY, rest))


def _healing(target: str, words: tuple[str, list[str]]) -> Healing:
    word, rest = words
    if word == "healing":
        return Healing(target, rest[0])
    return Healing(target, "", refusal(HEAL, rest))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
