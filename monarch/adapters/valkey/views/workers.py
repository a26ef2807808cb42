"""The workers: each consumer of the streams, its last sign of life, and what it has in hand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import NoPermissionError

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_and_errors_of
from monarch.adapters.valkey.kept.living import RELEASED
from monarch.adapters.valkey.kept.roster import Entered, Heard, Roster
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.views.raw import texts
from monarch.core.delivery import Stream
from monarch.ports.readings import WorkerLine

_SHOWN: Final = 50
"""How many targets in hand to name for each worker."""


class Workers:
    """Reads the consumers. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._roster = Roster(client, keys)

    async def all(self) -> tuple[WorkerLine, ...]:
        """Every worker that the groups know, by name; a dead one is among them until it is removed."""
        pipe = self._client.pipeline(transaction=False)
        for stream in Stream:
            pipe.xinfo_consumers(self._keys.stream(stream), GROUP)
        answers = await answers_and_errors_of(pipe, "reading the workers")
        with classified("reading the workers"):
            _refuse(answers)
        found: dict[str, dict[str, Any]] = {}
        for stream, answer in zip(Stream, answers, strict=True):
            for one in answer if isinstance(answer, list) else []:
                found.setdefault(one["name"].decode("utf-8", "replace"), {})[stream.value] = one
        found.pop(RELEASED, None)
        names = sorted(found)
        roster = await self._roster.all() if found else {}
        hearing = await self._roster.hearing(names) if found else {}
        return tuple(
            [await self._line(one, found[one], roster.get(one), hearing[one]) for one in names]
        )

    async def _line(
        self, name: str, consumers: Mapping[str, Any], entered: Entered | None, heard: Heard
    ) -> WorkerLine:
        held = {stream: int(one["pending"]) for stream, one in consumers.items()}
        silent_s = min(one["idle"] for one in consumers.values()) / 1000
        has_targets = held.get(Stream.MIGRATIONS, 0) > 0
        targets = await self._targets(name) if has_targets else ()
        known = entered or Entered(0, "")
        since_ms = known.since_ms or None
        return WorkerLine(
            name,
            silent_s,
            held,
            targets,
            known.version,
            since_ms,
            heard.at_ms,
            heard.gap,
            known.roles,
        )

    async def _targets(self, name: str) -> tuple[str, ...]:
        stream = self._keys.stream(Stream.MIGRATIONS)
        with classified("reading what a worker holds"):
            pending = await self._client.xpending_range(stream, GROUP, "-", "+", _SHOWN, name)
            pipe = self._client.pipeline(transaction=False)
            for one in pending:
                pipe.xrange(stream, one["message_id"], one["message_id"])
            entries = await pipe.execute()
        return tuple(texts(entry[0][1]).get("target", "") for entry in entries if entry)


def _refuse(answers: Sequence[Any]) -> None:
    """Raise what Valkey answers to a user that may not see the workers: an empty list would say that there is none."""
    for answer in answers:
        if isinstance(answer, NoPermissionError):
            raise answer
