"""The sweep for missed repositories, put together: for the watch of a worker, and for `monarch missed`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.missed import ValkeyMissed
from monarch.adapters.valkey.scripts import Scripts
from monarch.app.wiring import (
    ceilings_of,
    github_of,
    meter_of,
    rules_of,
    style_of,
    valkey_of,
    web_url_of,
)
from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import Missed, SweepWindow, window_ms
from monarch.ports import Slack
from monarch.ports.missed import Missing
from monarch.settings import Settings
from monarch.stages.missed.sweeper import Options, Sweep, SweepTools, sweep
from monarch.stages.missed.tell import Teller
from monarch.stages.missed.watch import Duty, MissedWatch
from monarch.telemetry import Telemetry

READ_MOST: Final = 10_000
"""How many repositories a person's sweep reads at their own addresses: all that it lists."""

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class SweptOwners:
    """What was found, owner by owner, and which requests were made of it, by the repository's id."""

    sweeps: tuple[Sweep, ...]
    requests: Mapping[TargetId, RequestId] = field(default_factory=dict)


def missed_watch(
    settings: Settings,
    client: Valkey,
    github: HttpGitHub,
    slack: Slack,
    telemetry: Telemetry,
    gaps: Callable[[], int],
) -> MissedWatch:
    """The watch of a worker. `client` is its own, with one connection."""
    options = Options(rules_of(settings), style_of(settings).seal)
    window = window_ms(settings.retention_days * _DAY_MS)
    duty = Duty(settings.missed_owners, window, settings.missed_submit)
    reading = _reading(settings, client, github)
    teller = Teller(
        slack, reading.missing, telemetry, web_url_of(settings), submits=settings.missed_submit
    )
    return MissedWatch(reading, options, duty, telemetry, teller, gaps)


Submit = Callable[[Missing, Sequence[Missed]], Awaitable[Mapping[TargetId, RequestId]]]
"""Asks for each of these, and gives the requests by the repositories' ids."""


async def swept(
    settings: Settings,
    owners: Sequence[str],
    since_ms: int,
    tell: Callable[[str], None],
    submit: Submit | None = None,
) -> SweptOwners:
    """Sweep each of these owners once; look into everything that seems to be missed, whatever is on record.

    Args:
        since_ms: how old a repository may be.
        tell: receives the name of each reading's subject.
        submit: asks for what was missed; `None`: only list it.

    Raises:
        StoreError: Valkey cannot be asked; without it nothing is known to be missed. Repeating the sweep is safe.
    """
    keys = Keys(settings.namespace)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(valkey_of(settings), "missed"))
        meter = meter_of(settings, Scripts(client, keys.prefix), keys)
        github = await stack.enter_async_context(github_of(settings, meter))
        reading = _reading(settings, client, github)
        seal = style_of(settings).seal
        options = Options(rules_of(settings), seal, READ_MOST, is_fresh=True, tell=tell)
        sweeps = [await _sweep(reading, owner, since_ms, options) for owner in owners]
        missed = [one for found in sweeps for one in found.missed]
        requests = {} if submit is None else await submit(reading.missing, missed)
        return SweptOwners(tuple(sweeps), requests)


async def _sweep(reading: SweepTools, owner: str, since_ms: int, options: Options) -> Sweep:
    now_ms = await reading.missing.now_ms()
    return await sweep(reading, owner, SweepWindow(now_ms - since_ms, now_ms), options)


def _reading(settings: Settings, client: Valkey, github: HttpGitHub) -> SweepTools:
    keys = Keys(settings.namespace)
    scripts = Scripts(client, keys.prefix)
    retention_ms = settings.retention_days * _DAY_MS
    missing = ValkeyMissed(client, keys, settings.channel, retention_ms=retention_ms)
    budget = ValkeyBudget(scripts, keys, ceilings_of(settings))
    return SweepTools(github, github, missing, budget, ValkeyLogins(scripts, keys).us)
