"""The same policy as it is shipped: real scripts in a real Valkey, the real client, and the sandbox with its hidden limits.

Everything runs sixty times as fast, and in real time, so the machine's own slowness counts sixtyfold: a tenth of a second
is six. So the margin of the windows is wider here, in the simulation beside it as well.
"""

import itertools
import json
import math
import random
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import anyio
from rich.console import Console
from rich.table import Table
from valkey.asyncio import Valkey

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams, make_group
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.copy.render import Draft
from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import TargetId, TicketId
from monarch.core.outcome import Created, Found, RateLimited
from monarch.core.target.permission import (
    Credential,
    GateClosed,
    Granted,
    Taken,
    Wait,
    WasCreated,
    WasNotCreated,
    Wish,
)
from monarch.core.ticket import Repository
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.budget_machine.cases import BEGAN_S, Score, score
from scripts.budget_machine.door import UNSAID_WAIT_S, Door
from scripts.budget_machine.engine import Engine
from scripts.budget_machine.fleet import Fleet
from scripts.budget_machine.hidden import HOUR_S, Hidden, Kind, Limits, ideal

TIMES = 60.0
HOURS = 4.0
WRITERS = 8
MARGIN_S, POLL_S, SLOT_S = 0.1, 0.02, 2.0
"""In real seconds."""

AGREE_WITHIN = 0.05
LEASE_MS = 3_600_000


def _paced(times: float) -> Pace:
    """So many times as fast, but for what a machine cannot do any faster."""
    slower = 1000 * TIMES / times
    return replace(
        Pace().faster(times),
        margin_ms=round(MARGIN_S * slower),
        poll_ms=round(POLL_S * slower),
        slot_ms=round(SLOT_S * slower),
    )


@dataclass(frozen=True)
class HttpCase:
    """A hidden limit, one that follows it after an hour or none, and how it says no."""

    first: Limits
    then: Limits | None
    kind: Kind
    hints: bool

    @property
    def name(self) -> str:
        """In a few words."""
        limits = f"{self.first.per_minute}/{self.first.per_hour}"
        if self.then is not None:
            limits += f", after 1 h {self.then.per_minute}/{self.then.per_hour}"
        return f"{limits}, {self.kind}, {'Retry-After' if self.hints else 'no hint'}"

    def hidden(self) -> Hidden:
        """On the virtual clock."""
        then = [] if self.then is None else [self.then]
        return Hidden([self.first, *then], self.kind, 0.0, BEGAN_S)


CASES = [
    HttpCase(Limits(20, 150), None, "sliding", hints=True),
    HttpCase(Limits(20, 150), None, "sliding", hints=False),
    HttpCase(Limits(40, 300), None, "fixed", hints=True),
    # Not from 80/500: that is eight writes a second here, more than a busy machine can do one after another.
    HttpCase(Limits(40, 300), Limits(20, 150, BEGAN_S + HOUR_S), "sliding", hints=False),
]


# ------------------------------------------------------------------------------------- the real thing


@dataclass
class Run:
    """One case, as it goes; times are real seconds of a clock that only goes forward."""

    ends_at: float
    hints: bool
    created: int = 0
    rejected: int = 0
    early: int = 0
    closed_until: float = 0.0
    tickets: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def note(self, sent_at: float, outcome: Created | RateLimited) -> None:
        """What became of one write."""
        if isinstance(outcome, Created):
            self.created += time.monotonic() < self.ends_at
            return
        self.rejected += 1
        self.early += sent_at < self.closed_until
        asked_s = UNSAID_WAIT_S / TIMES if outcome.wait_s is None else outcome.wait_s
        self.closed_until = max(self.closed_until, time.monotonic() + asked_s)


@dataclass(frozen=True)
class Writer:
    """Holds a target, and writes into it until the time is over."""

    run: Run
    github: HttpGitHub
    ledger: ValkeyLedger
    budget: ValkeyBudget
    delivery: Delivery
    repository: Repository
    credential: Credential

    async def write_on(self) -> None:
        """Permit, POST, record, again and again."""
        target = TargetId(self.repository.id)
        taken = await self.ledger.take(self.delivery, target, self.credential)
        if not isinstance(taken, Taken):
            raise TypeError(taken)
        while time.monotonic() < self.run.ends_at:
            ticket = TicketId(next(self.run.tickets))
            answer = await self.ledger.permit(
                self.delivery, target, self.credential, Wish(taken.epoch, ticket)
            )
            match answer:
                case Granted(nonce):
                    await self._send(target, ticket, nonce)
                case Wait(wait_s) | GateClosed(wait_s):
                    left_s = self.run.ends_at - time.monotonic()
                    await anyio.sleep(min(wait_s, max(left_s, 0)))
                case _:
                    raise TypeError(answer)

    async def _send(self, target: TargetId, ticket: TicketId, nonce: str) -> None:
        sent_at = time.monotonic()
        draft = Draft(f"Ticket {ticket}", "Do it.")
        outcome = await self.github.create_issue(self.repository, draft, lambda: True)
        if not isinstance(outcome, Created | RateLimited):
            raise TypeError(outcome)
        self.run.note(sent_at, outcome)
        if isinstance(outcome, Created):
            fact: WasCreated | WasNotCreated = WasCreated(outcome.number, nonce)
        else:
            fact = WasNotCreated(nonce)
            await self.budget.close(self.credential, outcome.wait_s, outcome.reason, nonce)
        await self.ledger.record(self.delivery, target, ticket, self.credential, fact)


async def _real(case: HttpCase, valkey: Valkey, number: int, hours: float) -> Run:
    """Run one case in real time."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox())
        ids = await sandbox.seed(_seed())
        await sandbox.settings(**_settings(case))
        github = await stack.enter_async_context(HttpGitHub("ghp_bot", sandbox.github_url))
        keys = Keys(f"case-{number}")
        scripts = Scripts(valkey, keys.prefix)
        budget = ValkeyBudget(
            scripts, keys, Ceilings(interval_ms=round(1000 / TIMES)), _paced(TIMES)
        )
        ledger = ValkeyLedger(
            scripts,
            keys,
            budget,
            lambda: secrets.token_hex(4),
            NewestMemory(),
            lease_ms=LEASE_MS,
            retention_ms=LEASE_MS,
        )
        deliveries = await _deliveries(valkey, scripts, keys, list(ids))
        repositories = [await _repository(github, name) for name in ids]
        me = await github.credential(next(iter(ids)))
        if not isinstance(me, Found):
            raise TypeError(me)
        if case.kind == "fixed":
            length_s = HOUR_S / TIMES
            await anyio.sleep(length_s - time.time() % length_s)
        run = Run(time.monotonic() + hours * HOUR_S / TIMES, case.hints)
        async with anyio.create_task_group() as tasks:
            if case.then is not None:
                tasks.start_soon(_change, sandbox, case.then)
            for delivery, repository in zip(deliveries, repositories, strict=True):
                writer = Writer(run, github, ledger, budget, delivery, repository, me.value)
                tasks.start_soon(writer.write_on)
        return run


def _seed() -> Seed:
    return Seed.model_validate(
        {
            "accounts": [{"login": "bot", "member_of": ["org"]}],
            "tokens": [{"token": "ghp_bot", "login": "bot"}],
            "repositories": [{"full_name": f"org/team-{n}"} for n in range(WRITERS)],
        }
    )


def _settings(case: HttpCase) -> dict[str, object]:
    return {
        "time_scale": TIMES,
        "primary_per_hour": None,
        "content_per_minute": case.first.per_minute,
        "content_per_hour": case.first.per_hour,
        "content_window": case.kind,
        "secondary_retry_after": case.hints,
    }


async def _change(sandbox: SandboxClient, to: Limits) -> None:
    await anyio.sleep((to.since_s - BEGAN_S) / TIMES)
    await sandbox.settings(content_per_minute=to.per_minute, content_per_hour=to.per_hour)


async def _repository(github: HttpGitHub, name: str) -> Repository:
    found = await github.read_repository(name)
    if not isinstance(found, Found):
        raise TypeError(found)
    return found.value


async def _deliveries(
    valkey: Valkey, scripts: Scripts, keys: Keys, targets: list[str]
) -> tuple[Delivery, ...]:
    """A migration in hand for each target, as any producer of entries could have made it."""
    stream = keys.stream(Stream.MIGRATIONS)
    await make_group(valkey, stream)
    await scripts.call("open_epoch", [keys.epoch])
    await cast("Awaitable[int]", valkey.hset(keys.epoch, "quiet_until", "0"))
    for target in targets:
        await valkey.xadd(stream, {"v": "1", "request": "1-1", "target": target})
    streams = ValkeyStreams(
        dict.fromkeys(Stream, valkey),
        scripts,
        scripts,
        keys,
        "bench",
        NewestMemory(),
        lease_ms=LEASE_MS,
        retention_ms=LEASE_MS,
    )
    return await streams.receive(Stream.MIGRATIONS, len(targets))


# --------------------------------------------------------------------------------------- side by side


def _simulated(case: HttpCase, seed: int, hours: float) -> Score:
    """The same case on the virtual clock; a hint is a whole real second there, too."""
    dice = random.Random(seed)  # noqa: S311 - chance, not secrecy
    engine, ends_s = Engine(BEGAN_S), BEGAN_S + hours * HOUR_S
    door = Door(engine, case.hidden(), case.hints, dice, hint_unit_s=round(TIMES))
    Fleet(door, dice, pace=_paced(1)).start(WRITERS)
    engine.run(ends_s)
    return score(door, ends_s, ideal(case.hidden(), BEGAN_S, ends_s))


@asynccontextmanager
async def _valkey() -> AsyncIterator[Valkey]:
    options = {"appendonly": "no", "appendfsync": "no"}
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedValkey(Path(folder), options=options) as server,
    ):
        sockets = 2 * WRITERS * len(CASES)
        async with connected(server.url, "bench", connections=sockets) as client:
            yield client


async def compare(seed: int, *, as_json: bool, hours: float = HOURS) -> int:
    """Run the cases side by side in real time, and each in the simulation; 1 where they do not agree."""
    minutes = math.ceil(hours * HOUR_S / TIMES / 60)
    print(f"{len(CASES)} cases at the same time, {minutes} minutes or one more", file=sys.stderr)
    runs: dict[str, Run] = {}

    async def one(number: int, case: HttpCase, client: Valkey) -> None:
        runs[case.name] = await _real(case, client, number, hours)

    async with _valkey() as client, anyio.create_task_group() as tasks:
        for number, case in enumerate(CASES):
            tasks.start_soon(one, number, case, client)
    rows = [_row(case, runs[case.name], _simulated(case, seed, hours), hours) for case in CASES]
    if as_json:
        print(json.dumps({"seed": seed, "cases": rows}))
    else:
        _show(rows, hours)
    return 0 if all(row["agrees"] for row in rows) else 1


def _row(case: HttpCase, run: Run, simulated: Score, hours: float) -> dict[str, object]:
    best = ideal(case.hidden(), BEGAN_S, BEGAN_S + hours * HOUR_S)
    created = run.created / best
    rejected = run.rejected / max(run.created + run.rejected, 1)
    return {
        "case": case.name,
        "ideal": best,
        "created": created,
        "created_simulated": simulated.created,
        "rejected": rejected,
        "rejected_simulated": simulated.rejected,
        "early": run.early,
        "agrees": abs(created - simulated.created) <= AGREE_WITHIN
        and abs(rejected - simulated.rejected) <= AGREE_WITHIN
        and not run.early,
    }


def _show(rows: list[dict[str, object]], hours: float) -> None:
    table = Table(title=f"{hours:.0f} hours, {TIMES:.0f} times as fast, over HTTP and simulated")
    for name in ("hidden limit", "ideal", "created", "simulated", "rejected", "simulated", "early"):
        table.add_column(name)
    for row in rows:
        shares = ("created", "created_simulated", "rejected", "rejected_simulated")
        cells = [f"{row[name]:.1%}" for name in shares]
        style = "" if row["agrees"] else "red"
        table.add_row(str(row["case"]), str(row["ideal"]), *cells, str(row["early"]), style=style)
    Console(width=140).print(table)
