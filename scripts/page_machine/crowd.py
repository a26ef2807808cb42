"""A Valkey that has been used for years, as far as the page looks at it: kept requests, a cohort at work, events, letters."""

from typing import Any, Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.codec import encode_plan
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import CohortId, RequestId, TargetId, TicketId, migration_id
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket

BEGAN_MS: Final = 1_700_000_000_000
TEAMS, TICKETS = 40, 12
REQUEST: Final = f"{BEGAN_MS + 10**9}-0"
COHORT: Final = REQUEST
SOURCE: Final = "org/template"
EVENTS, LETTERS = 5_000, 300
_AT_ONCE: Final = 5_000


async def fill(client: Valkey, keys: Keys, requests: int) -> None:
    """Put all of it there."""
    for start in range(0, requests, _AT_ONCE):
        pipe = client.pipeline(transaction=False)
        for n in range(start, min(requests, start + _AT_ONCE)):
            _ended(pipe, keys, n)
        await pipe.execute()
    pipe = client.pipeline(transaction=False)
    _at_work(pipe, keys)
    for n in range(EVENTS):
        which = RequestId(REQUEST) if n % 20 == 0 else _name(n)
        fields = {"event": "request.done", "request": which, "took_ms": "1000"}
        pipe.xadd(keys.events, fields)
    for n in range(LETTERS):
        pipe.xadd(keys.dead, _letter(n))
    await pipe.execute()


def _name(n: int) -> RequestId:
    return RequestId(f"{BEGAN_MS + n}-0")


def _ended(pipe: Any, keys: Keys, n: int) -> None:
    name, at = _name(n), BEGAN_MS + n
    fields = {
        "state": "done",
        "source": SOURCE,
        "channel": "C1",
        "via": "pubsub",
        "tickets": "12",
        "targets": "org/team-a",
        "appended_ms": str(at),
        "ended_ms": str(at + 60_000),
        "entry": name,
    }
    pipe.hset(keys.request(name), mapping=fields)
    pipe.zadd(keys.known, {name: at})


def _letter(n: int) -> dict[str, str]:
    request = _name(n)
    return {
        "stream": "migrations",
        "entry": request,
        "request": request,
        "migration": f"{request}:org/team-{n}",
        "code": "issues_disabled" if n % 2 else "repository_not_found",
        "reason": f"the reason number {n % 7}",
        "attempts": "1",
        "deliveries": "1",
        "payload": "{}",
        "at": str(BEGAN_MS + n),
    }


def _at_work(pipe: Any, keys: Keys) -> None:
    """A cohort of one large request, half of which is copied."""
    name, at = RequestId(REQUEST), int(REQUEST.partition("-")[0])
    teams = [f"org/team-{n:03}" for n in range(TEAMS)]
    fields = {
        "state": "running",
        "source": SOURCE,
        "channel": "C1",
        "tickets": str(TICKETS),
        "targets": "\n".join(teams),
        "appended_ms": str(at),
        "planned_ms": str(at),
        "card": COHORT,
        "version": "1",
    }
    pipe.hset(keys.request(name), mapping=fields)
    pipe.zadd(keys.known, {name: at})
    pipe.zadd(keys.open, {name: at})
    tickets = tuple(_ticket(n) for n in range(1, TICKETS + 1))
    pipe.set(keys.plan(name), encode_plan(Plan(SOURCE, tickets)))
    card = {"source": SOURCE, "channel": "C1", "opened_ms": str(at), "joined_ms": str(at)}
    pipe.hset(keys.card(CohortId(COHORT)), mapping=card | {"targets": str(TEAMS)})
    pipe.zadd(keys.cohort(CohortId(COHORT)), {name: at})
    pipe.zadd(keys.cohorts, {COHORT: at})
    for n, team in enumerate(teams):
        migration = migration_id(name, team)
        known = {"target": team, "state": "running", "copied": "6", "target_id": str(1000 + n)}
        pipe.hset(keys.migration(migration), mapping=known)
        pipe.sadd(keys.unsettled(name), migration)
        copied = {str(100 + t): f"created #{t} {at}" for t in range(1, TICKETS // 2 + 1)}
        pipe.hset(keys.ledger(TargetId(1000 + n)), mapping=copied)


def _ticket(n: int) -> Ticket:
    text, address = "Some text.\n" * 40, f"https://github.com/{SOURCE}/issues/{n}"
    return Ticket(
        TicketId(100 + n), n, f"Ticket number {n}", text, address, "ada", "2026-01-01T00:00:00Z"
    )


async def move(client: Valkey, keys: Keys, n: int) -> None:
    """Copy one more ticket, or begin anew."""
    team = n % TEAMS
    pipe = client.pipeline(transaction=False)
    ticket = str(100 + TICKETS // 2 + 1 + n % (TICKETS // 2))
    pipe.hset(keys.ledger(TargetId(1000 + team)), ticket, f"created #{n + 1} {BEGAN_MS}")
    name = migration_id(RequestId(REQUEST), f"org/team-{team:03}")
    pipe.hset(keys.migration(name), "copied", str(6 + n % 6))
    await pipe.execute()
