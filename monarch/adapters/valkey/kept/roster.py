"""Which workers have started: the version, the roles and the ceilings of each, since when, and how it hears.

It is for people: no decision depends on it. A worker enters itself when it starts, once more when Valkey was emptied, and leaves
when it stops. A killed worker stays until `KEPT` others have started after it; to show the roster, a reader asks the consumer
groups which of them live.
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from typing import Final, NamedTuple, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.raw import whole
from monarch.core.budget.ceilings import Ceilings
from monarch.ports.hearing import Gap

KEPT: Final = 200
"""How many workers, the newest, stay on the roster."""


_CEILINGS: Final = "writes="
"""Before a worker's ceilings, in the order of `Ceilings`: `writes=80/500/1000/1`."""


class Entered(NamedTuple):
    """A worker's line.

    `since_ms`: by the server's clock, in milliseconds since 1970. `roles`: what it does, none if an older version entered.
    `ceilings`: what it may write at most; `None` if it writes no tickets, or an older version entered.
    """

    since_ms: int
    version: str
    roles: tuple[str, ...] = ()
    ceilings: Ceilings | None = None


class Heard(NamedTuple):
    """How a worker hears the channel: when it heard the last message, in milliseconds since 1970, and its last gap."""

    at_ms: int | None = None
    gap: Gap | None = None


class Roster:
    """Every method raises `StoreError` where Valkey cannot be asked; each may be repeated."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._key = keys.workers
        self._hearing = keys.hearing

    async def enter(
        self,
        name: str,
        version: str,
        roles: Iterable[str],
        ceilings: Ceilings | None = None,
        *,
        since_ms: int | None = None,
    ) -> int:
        """Enter a worker; one whose line is there keeps it. `ceilings` and `since_ms` as in `Entered`, `None`: since now.

        Gives the time that it entered with.
        """
        # Its ceilings stand among its roles: an older reader takes them for a role that it does not know.
        terms = [*roles, *([] if ceilings is None else [_packed(ceilings)])]
        with classified("entering the roster of workers"):
            seconds, micros = await self._client.time()
            now_ms = int(seconds) * 1000 + int(micros) // 1000
            line = f"{since_ms or now_ms} {version} {','.join(terms)}"
            await cast("Awaitable[bool]", self._client.hsetnx(self._key, name, line))
        known = await self.all()
        if len(known) > KEPT:
            oldest = sorted(known, key=lambda one: known[one].since_ms)[: len(known) - KEPT]
            await self._remove("shortening the roster of workers", oldest)
        return since_ms or now_ms

    async def leave(self, name: str) -> None:
        """Remove a worker that has stopped."""
        await self._remove("leaving the roster of workers", [name])

    async def _remove(self, what: str, names: Sequence[str]) -> None:
        """Remove its line last, so that a repetition still finds it."""
        fields = [f"{kind}:{name}" for name in names for kind in ("heard", "gap")]
        with classified(what):
            await cast("Awaitable[int]", self._client.hdel(self._hearing, *fields))
            await cast("Awaitable[int]", self._client.hdel(self._key, *names))

    async def all(self) -> dict[str, Entered]:
        """Every worker on it, by name; with an unreadable line it counts as started at 0."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(self._key)
        (found,) = await answers_of(pipe, "reading the roster of workers")
        return entered(found)

    async def hearing(self, names: Sequence[str]) -> dict[str, Heard]:
        """How these workers hear, by name."""
        fields = [f"{kind}:{name}" for name in names for kind in ("heard", "gap")]
        pipe = self._client.pipeline(transaction=False)
        pipe.hmget(self._hearing, fields)
        (found,) = await answers_of(pipe, "reading how the workers hear")
        values = [(one or b"").decode("utf-8", "replace") for one in found]
        return {
            name: Heard(whole(heard), _gap(gap))
            for name, heard, gap in zip(names, values[::2], values[1::2], strict=True)
        }


def entered(lines: Mapping[bytes, bytes]) -> dict[str, Entered]:
    """The roster as Valkey holds it: each worker's line under its name."""
    return {name.decode("utf-8", "replace"): _entered(line) for name, line in lines.items()}


def _gap(line: str) -> Gap | None:
    since, _, until = line.partition(" ")
    since_ms, until_ms = whole(since), whole(until)
    return None if since_ms is None or until_ms is None else Gap(since_ms, until_ms)


def _entered(line: bytes) -> Entered:
    since, _, rest = line.decode("utf-8", "replace").partition(" ")
    version, _, terms = rest.partition(" ")
    words = [one for one in terms.split(",") if one]
    roles = tuple(one for one in words if not one.startswith(_CEILINGS))
    packed = [one.removeprefix(_CEILINGS) for one in words if one.startswith(_CEILINGS)]
    return Entered(whole(since) or 0, version, roles, _unpacked(packed[0]) if packed else None)


def _packed(ceilings: Ceilings) -> str:
    return _CEILINGS + "/".join(map(str, astuple(ceilings)))


def _unpacked(packed: str) -> Ceilings | None:
    """`None` for what this version cannot read."""
    found = [whole(one) for one in packed.split("/")]
    if len(found) != len(fields(Ceilings)) or None in found:
        return None
    return Ceilings(*(one or 0 for one in found))
