"""A terminal of any width for a command, and a bad night to look at on it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any, Final

import pytest

from monarch.adapters.valkey.views.dead_letters import Letters
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.app import plan, verify
from monarch.app.doctor import examination
from monarch.app.doctor.valkey_checks import Check, Status
from monarch.app.operator import Operator
from monarch.app.verify import TargetReport, Verified
from monarch.cli.commands import app
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TicketId
from monarch.core.outcome import Code
from monarch.core.report.rehearsal import Copy, Rehearsal, Warned
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.core.report.target_plan import DryRun, TargetPlan
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.ports.readings import (
    DeadLetter,
    Event,
    MigrationTimes,
    Named,
    RequestDetails,
    RequestLine,
    WorkerLine,
)
from monarch.telemetry import AccountSnapshot, RefusalSnapshot, Snapshot, StreamSnapshot
from tests.core.builders import a_plan

REQUEST: Final = RequestId("1795748187797-0")
OTHER: Final = RequestId("1795748190001-12")
BEGAN_MS: Final = 1_795_748_187_797
SOURCE: Final = "nss-group-projects/cider-falls"
TEAMS: Final = tuple(f"nss-group-projects/cider-falls-team-{n}" for n in (1, 2, 10))
GONE: Final = (
    "GitHub answered 404: the repository does not exist, or the token may not see it."
    " Create it, then `monarch dead replay --request 1795748187797-0`."
)
CLOSED: Final = "GitHub refuses the token (401): Bad credentials. Set GH_PAT to a valid token."

Screen = Callable[..., str]


class Terminal(StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def screen_for(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Give a command on a terminal of so many columns (`None`: into a pipe); returns what stands on it."""

    def shown(width: int | None, *arguments: str) -> str:
        out = StringIO() if width is None else Terminal()
        monkeypatch.setenv("COLUMNS", str(width or 80))
        monkeypatch.setattr(sys, "stdout", out)
        app(arguments, standalone_mode=False)
        return out.getvalue()

    return shown


def night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands find failures of every kind, with names and numbers as long as they get."""
    answers: dict[tuple[Any, str], Any] = {
        (RequestReader, "requests"): LINES,
        (RequestReader, "with_failed"): COUNTED,
        (RequestReader, "request"): DETAILS,
        (EventLog, "page"): EVENTS,
        (Letters, "newest"): LETTERS,
        (Letters, "named"): {LETTERS[0].id: Named(LETTERS[0])},
        (FleetReader, "snapshot"): FLEET,
        (Operator, "workers"): WORKERS,
        (examination, "examine"): CHECKS,
        (plan, "dry_run"): PLANNED,
        (verify, "verified"): FOUND,
    }
    for (owner, name), answer in answers.items():
        monkeypatch.setattr(owner, name, _answering(answer))
    monkeypatch.setattr("monarch.cli.show.time.time", lambda: BEGAN_MS / 1000 + 720)
    monkeypatch.setenv("GH_PAT", "ghp_x")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def _answering(answer: Any) -> Callable[..., Any]:
    async def answering(*_: Any, **__: Any) -> Any:
        return answer

    return answering


LINES: Final = (
    RequestLine(
        OTHER,
        State.QUEUED,
        SOURCE,
        "C06GHMZB3M3",
        "pubsub",
        0,
        8,
        8,
        BEGAN_MS,
        None,
        CLOSED,
        BEGAN_MS + 763_000,
    ),
    RequestLine(
        REQUEST, State.FAILED, SOURCE, "C06GHMZB3M3", "pubsub", 12, 3, 1, BEGAN_MS, None, ""
    ),
    RequestLine(
        RequestId("1795748180000-0"),
        State.DEAD,
        f"{SOURCE}-2026",
        None,
        "submit",
        0,
        1,
        0,
        BEGAN_MS,
        BEGAN_MS,
        GONE,
    ),
    RequestLine(
        RequestId("1795748180000-1"),
        State.DEAD,
        f"{SOURCE}-2027",
        None,
        "submit",
        0,
        1,
        0,
        BEGAN_MS,
        BEGAN_MS,
        GONE,
    ),
)
COUNTED: Final = tuple(
    replace(line, failed=count) for line, count in zip(LINES, (0, 2, 0, 0), strict=True)
)

MIGRATIONS: Final = (
    MigrationView(
        TEAMS[0],
        State.DONE,
        10,
        2,
        0,
        (13, 1024),
        "",
        ("labels: not copied, the token may not push",),
    ),
    MigrationView(TEAMS[1], State.DEAD, 0, 0, 0, (), GONE),
    MigrationView(TEAMS[2], State.DEAD, 0, 0, 12, (), GONE),
)
DETAILS: Final = RequestDetails(
    RequestView(
        REQUEST,
        State.FAILED,
        9,
        1,
        SOURCE,
        "C06GHMZB3M3",
        12,
        "",
        BEGAN_MS,
        BEGAN_MS + 90_000,
        MIGRATIONS,
    ),
    "pubsub",
    "",
    BEGAN_MS + 500,
    tuple(
        MigrationTimes(
            team, 1, 7, "", "", None, None, None, None, None, next_ms=BEGAN_MS + 120_000_000
        )
        for team in TEAMS
    ),
    notice_error="Slack refused it for good (channel_not_found): name a channel that exists",
)
EVENTS: Final = (
    Event("1795748187797-0", BEGAN_MS, "request.appended", {"request": REQUEST}),
    Event(
        "1795748188797-0",
        BEGAN_MS + 1_000,
        "migration.dead",
        {"request": REQUEST, "target": TEAMS[1], "code": "repository_not_found", "reason": GONE},
    ),
)
LETTERS: Final = tuple(
    DeadLetter(
        id=f"17957481990{n:02}-0",
        stream="migrations",
        entry=f"17957481890{n:02}-0",
        request=REQUEST,
        migration=f"{REQUEST}:{team}",
        payload='{"request": "1795748187797-0",  "target": "nss-group-projects/cider-falls-team-2"}',
        code="repository_not_found",
        reason=GONE,
        attempts=7,
        deliveries=12,
        at_ms=BEGAN_MS + 2_000,
    )
    for n, team in enumerate(TEAMS)
)
FLEET: Final = Snapshot(
    at_ms=BEGAN_MS,
    streams=(
        StreamSnapshot(Stream.REQUESTS, 1, 0, 1, 0.0, 960.0),
        StreamSnapshot(Stream.MIGRATIONS, 1_024, 16, 1_008, 4_000.0, 960.0, 2),
        StreamSnapshot(Stream.NOTICES),
    ),
    parked=1_234,
    next_due_s=42.0,
    dead=3,
    accounts=(
        AccountSnapshot("user:monarch-bot", 20, 480, 60, 20, 0, 57.0, CLOSED, 20, 150),
        AccountSnapshot("installation:87654321", 0, 0, None, None, 0, 0.0, ""),
    ),
    workers=2,
    replicas=2,
    epoch="f0c1d2e3",
    requests=4_711,
    refused=(RefusalSnapshot("nss-group-projects", BEGAN_MS, CLOSED),),
    refuses_writes="it is out of memory (OOM); raise `maxmemory`",
)
WORKERS: Final = (
    WorkerLine(
        "monarch-worker-7d9c5b6f4-x2x8k.1.a1b2c3", 0.4, {"migrations": 2}, TEAMS[:2], "0.1.0"
    ),
    WorkerLine("monarch-worker-7d9c5b6f4-zzz9q.1.d4e5f6", 47.0, {"migrations": 1}, TEAMS[2:]),
)
CHECKS: Final = (
    Check("valkey", Status.OK, "valkey://monarch:***@valkey.internal.example.org:6379/0 answers"),
    Check("memory", Status.WARN, "3 MiB left", "Raise `maxmemory`: soon no new work is taken in."),
    Check(
        "github",
        Status.FAIL,
        "the token is refused (401)",
        "Set GH_PAT to a token that is neither expired nor revoked.",
    ),
    Check(
        "slack",
        Status.OK,
        "monarch in a workspace with a name that is rather long, as some of them are",
    ),
)
COPIES: Final = tuple(Copy(n, n + 3, f"Part {n}") for n in range(1, 13))
PLANNED: Final = DryRun(
    SOURCE,
    12,
    (
        TargetPlan(
            TEAMS[0],
            Rehearsal(
                TEAMS[0], create=COPIES, labels=("bug", "help wanted"), milestones=("Sprint 1",)
            ),
        ),
        TargetPlan(TEAMS[1], Rehearsal(TEAMS[1], problem=GONE), Code.NOT_FOUND),
        TargetPlan(
            TEAMS[2],
            Rehearsal(TEAMS[2], present=COPIES, warnings=(Warned(2, "it mentions `@ada`"),)),
        ),
    ),
)


def _finding(ticket: int, mark: Mark) -> Finding:
    number = None if mark is Mark.MISSING else ticket + 1_000
    return Finding(ticket, TicketId(ticket), f"Part {ticket}", number, (mark,))


FOUND: Final = Verified(
    REQUEST,
    State.FAILED,
    a_plan(*range(1, 13)),
    (
        TargetReport(
            TEAMS[0],
            State.DONE,
            Verification(TEAMS[0], tuple(_finding(n, Mark.PRESENT) for n in range(1, 13))),
        ),
        TargetReport(TEAMS[1], State.DEAD, None, GONE),
        TargetReport(
            TEAMS[2],
            State.DEAD,
            Verification(TEAMS[2], tuple(_finding(n, Mark.MISSING) for n in range(1, 13))),
        ),
    ),
)
