"""Hand-made truths: a run in which all went well, to be spoilt by each test in one way."""

from typing import Any

from scripts.chaos_machine.record import (
    Ask,
    Call,
    Copy,
    Message,
    Naming,
    Request,
    Struck,
    Ticket,
    Truth,
)

SOURCE, TEAM, CHANNEL = "school/small", "teams/a", "C1"
HERE, ELSEWHERE = 800_000_001, 800_000_002
"""The repository that bears the team's name, and another one."""

TICKETS = tuple(Ticket(100 + n, n, f"Ticket {n}", (f"Do part {n}.",)) for n in (1, 2, 3))
REQUEST = Request("5-0", "done", SOURCE, (TEAM,), CHANNEL)
DONE_AT = 1_010.5
FINAL = (
    ":white_check_mark: <https://github.com/school/small|school/small>: done, 3 tickets for 1 repository.\n"
    ":white_check_mark: <https://github.com/teams/a/issues|teams/a> 3/3"
)


def a_copy(number: int, ticket: Ticket, at: float = 1_001.0, **changes: Any) -> Copy:
    """A copy as it should be."""
    text = ticket.bodies[0]
    fields = {"title": ticket.title, "first": text, "body": text, **changes}
    return Copy(number, ticket.id, created_at=at, **fields)


COPIES = tuple(a_copy(n, ticket, 1_000.0 + n) for n, ticket in enumerate(TICKETS, start=1))


def a_write(at: float, ended: float | None = None, **changes: Any) -> Call:
    """A call that creates an issue."""
    given: dict[str, Any] = {
        "api": "github",
        "method": "POST",
        "path": f"/repos/{TEAM}/issues",
        "text": "",
        "channel": "",
        "status": 201,
        "rule": None,
    }
    return Call(at=at, ended=ended or at + 0.1, **{**given, **changes})


def a_post(text: str = FINAL, at: float = DONE_AT) -> Call:
    """A call that tells the channel something."""
    return a_write(at, api="slack", path="/chat.postMessage", text=text, channel=CHANNEL)


def a_resolving(at: float = 1_000.2, name: str = TEAM) -> Call:
    """A call that asks which repository bears a name."""
    return a_write(at, method="GET", path=f"/repos/{name}", status=200)


def a_fault(kind: str, began: float, ended: float, **more: Any) -> Struck:
    """A fault that was done."""
    return Struck(kind, began, ended, "worker-1.1", **more)


def a_truth(**changes: Any) -> Truth:
    """One request, one team, three tickets, all well; `changes` replace what they name."""
    well: dict[str, Any] = {
        "tickets": {SOURCE: TICKETS},
        "copies": {HERE: COPIES},
        "namings": (Naming(TEAM, HERE, 900.0),),
        "asks": (Ask(1_000.0, SOURCE, (TEAM,)),),
        "healthy": frozenset({TEAM}),
        "requests": (REQUEST,),
        "acknowledged": frozenset({REQUEST.id}),
        "dead": (),
        "events": (),
        "calls": (a_post(),),
        "messages": (Message(CHANNEL, DONE_AT, (FINAL,)),),
        "faults": (),
    }
    made = {**well, **changes}
    return Truth(**{**made, "calls": (a_resolving(), *made["calls"])})
