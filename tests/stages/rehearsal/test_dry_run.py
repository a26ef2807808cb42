"""A dry run says before what a migration then does: the same writes, in the same order, with the same numbers."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog
import trio
from hypothesis import event, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger
from trio.testing import MockClock

from monarch.core.budget.beside import beside
from monarch.core.copy.marker import Marker
from monarch.core.copy.style import Style
from monarch.core.ids import TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.report.dry_run import rehearsal_of, warned
from monarch.core.report.passage import Passage, obstacle
from monarch.core.report.rehearsal import Rehearsal
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.request.rules import Rules
from monarch.core.target.permission import Credential, GateClosed
from monarch.core.target.step import CreatedAs, Intended, Refused, UnreadableRecord
from monarch.core.ticket import Label, Milestone
from monarch.ports import Plans
from monarch.ports.holdings import LedgerReading
from monarch.stages.rehearsal.rehearsal import RehearsalWish, Rehearser
from monarch.stages.rehearsal.store import Sources
from monarch.telemetry import Telemetry
from tests.stages.house import SOURCE, TEAM_A, House

LABELS = (Label("bug", "d73a4a", "broken"), Label("Help", "008672", ""), Label("api", "123456", ""))
MILESTONES = (Milestone("Sprint 1", "open", "first", ""), Milestone("Sprint 2", "closed", "", ""))
TYPES = ("Task", "Bug")


def rehearser(
    read: Sources,
    style: Style,
    rules: Rules | None = None,
    told: list[str] | None = None,
    plans: Plans | None = None,
) -> Rehearser:
    """A rehearser over these sources; its progress reports go nowhere."""
    telemetry = Telemetry(CollectorRegistry(), structlog.wrap_logger(CapturingLogger()))
    heard: list[str] = [] if told is None else told
    return Rehearser(read, rules or Rules(), style, telemetry, heard.append, plans=plans)


def sources(house: House) -> Sources:
    """What a dry run reads."""

    async def ledger(target: TargetId) -> LedgerReading:
        later = dict(house.store.later(target))
        return LedgerReading(dict(house.store.ledger(target)), house.store.now_ms(), later=later)

    budget = house.world.budget

    async def gate(credential: Credential) -> GateClosed | None:
        return await budget.gate(credential)

    return Sources(house.github, ledger, gate, house.world.logins.us)


async def planned(reader: Rehearser, source: str = SOURCE) -> Plan:
    """The template, which can be read."""
    found = await reader.plan(Request(parse_ref(source), ()))
    assert isinstance(found, Plan)
    return found


async def rehearsed(house: House) -> Rehearsal:
    """What would be done to the first team's repository."""
    reader = rehearser(sources(house), house.style)
    passed = await reader.rehearse(TEAM_A, RehearsalWish(await planned(reader)))
    assert isinstance(passed, Passage)
    return warned(rehearsal_of(passed, obstacle(passed, 120)), passed, house.style)


async def carried_out(house: House) -> list[tuple[Any, ...]]:
    """Every write of a request for it, as a rehearsal names them."""
    before = len(house.github.did)
    await house.migrate(TEAM_A)
    return [_named(write.method, write.what) for write in house.github.did[before:]]


def _named(method: str, what: tuple[Any, ...]) -> tuple[Any, ...]:
    match method:
        case "create_issue":
            return method, what[0].title
        case "create_label":
            return method, what[0].name
        case "create_milestone":
            return method, what[0].title
        case "add_sub_issue":
            return method, what[0]
        case _:
            return method, what[0]


def foretold(rehearsal: Rehearsal) -> list[tuple[Any, ...]]:
    """The writes of a rehearsal, in their order."""
    return [
        *(("create_label", name) for name in rehearsal.labels),
        *(("create_milestone", title) for title in rehearsal.milestones),
        *(("create_issue", copy.title) for copy in rehearsal.create),
        *(("edit_body", number) for number in rehearsal.rewrite),
        *(("add_sub_issue", nesting.parent) for nesting in rehearsal.nest),
        *(("add_blocker", blocking.blocked) for blocking in rehearsal.block),
    ]


# --------------------------------------------------------------------------------------- any target


@dataclass(frozen=True)
class World:
    """A template, and a target as it may be.

    Attributes:
        tickets: of each whether it is a pull request, its text, labels, milestone, type and parent.
        beside: so many issues are in the target that are nobody's copies.
        copied: which tickets (by place) another Monarch has copied there already.
        ledger: what is on record of some tickets, by place.
        style: what the installation has decided.
        deleted: which places' copies somebody has deleted since.
        predecessor: which tickets the predecessor has copied there, without a marker.
        blocked: tickets that wait for others, by number.
    """

    tickets: tuple[dict[str, Any], ...]
    beside: int
    copied: frozenset[int]
    deleted: frozenset[int]
    ledger: dict[int, str]
    labels: tuple[Label, ...]
    milestones: tuple[Milestone, ...]
    types: tuple[str, ...]
    may_push: bool | None
    style: Style
    predecessor: frozenset[int]
    blocked: dict[int, int]


_TEXT = st.lists(
    st.sampled_from(
        [
            "Do it.",
            "See #1",
            "after #3 and #4",
            "`#2`",
            f"{SOURCE}#2",
            "GH-5",
            "@ada",
            "\r\n",
            "```",
        ]
    ),
    max_size=5,
).map("\n".join)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to six tickets, and a target that has some of everything."""
    count = draw(st.integers(1, 6))
    tickets = tuple(
        {
            "body": draw(_TEXT),
            "labels": tuple(draw(st.lists(st.sampled_from(LABELS), max_size=2, unique=True))),
            "milestone": draw(st.none() | st.sampled_from(MILESTONES)),
            "type": draw(st.sampled_from(("", *TYPES))),
            "parent": draw(st.none() | st.integers(1, own - 1)) if own > 1 else None,
        }
        for own in range(1, count + 1)
    )
    places = st.sets(st.integers(0, count - 1)).map(frozenset)
    copied = draw(places)
    records = st.sampled_from(["refused 1", "refused 2", "intended", "unreadable", "created"])
    return World(
        tickets,
        draw(st.integers(0, 3)),
        copied,
        draw(places) & copied,
        draw(st.dictionaries(st.integers(0, count - 1), records, max_size=2)),
        tuple(draw(st.lists(st.sampled_from(LABELS), max_size=2, unique=True))),
        tuple(draw(st.lists(st.sampled_from(MILESTONES), max_size=1))),
        tuple(draw(st.lists(st.sampled_from(TYPES), max_size=2, unique=True))),
        draw(st.sampled_from([True, True, False, None])),
        Style(
            labels=draw(st.booleans()), milestones=draw(st.booleans()), adopt=draw(st.booleans())
        ),
        draw(places),
        draw(st.dictionaries(st.integers(1, count), st.integers(1, count), max_size=2)),
    )


async def built(world: World) -> House:
    """The house of such a world; what is copied already was copied by Monarch itself."""
    house = House()
    house.style = world.style
    github = house.github
    github.add(SOURCE)
    for nth, ticket in enumerate(world.tickets, start=1):
        github.add_issue(SOURCE, f"Ticket {nth}", **{"body": "", **ticket})
    issues = github.issues(SOURCE)
    for number, blocker in world.blocked.items():
        if number != blocker:
            github.at(SOURCE).block(number, issues[blocker - 1].id)
    target = github.add(TEAM_A)
    for number in range(world.beside):
        github.add_issue(TEAM_A, f"Beside {number}", "Somebody's own.", author="student")
    here = github.at(TEAM_A)
    here.labels = {label.name.lower(): label for label in world.labels}
    here.milestones = {
        n: replace(milestone, number=n) for n, milestone in enumerate(world.milestones, start=1)
    }
    here.types = world.types
    await _copied_before(house, world)
    for place in world.deleted:
        for issue in github.issues(TEAM_A):
            if f"id={issues[place].id} " in issue.body:
                github.delete_issue(TEAM_A, issue.number)
    for place in sorted(world.predecessor, reverse=True):
        text, me = f"${issues[place].body}\n", github.writes_as
        by = {"author": me.login, "author_id": me.id}
        github.add_issue(TEAM_A, issues[place].title, text, **by)
    github.change(TEAM_A, may_push=world.may_push)
    ledger = house.store.ledger(target)
    for place, word in world.ledger.items():
        ledger.setdefault(TicketId(issues[place].id), _record(word, house.store.now_ms()))
    return house


async def _copied_before(house: House, world: World) -> None:
    """A request of before copied those tickets that were open then."""
    closed = [n for n in range(len(world.tickets)) if n not in world.copied]
    for place in closed:
        house.github.edit_issue(SOURCE, place + 1, state="closed")
    await house.migrate(TEAM_A)
    for place in closed:
        house.github.edit_issue(SOURCE, place + 1, state="open")


def _record(word: str, now_ms: int) -> Any:
    match word:
        case "refused 1":
            return Refused(1, now_ms - 60_000, "no, says GitHub")
        case "refused 2":
            return Refused(2, now_ms - 60_000, "no, says GitHub")
        case "intended":
            return Intended(now_ms - 60_000, "nonce-of-before")
        case "created":
            return CreatedAs(99, now_ms)
        case _:
            return UnreadableRecord("created #seven")


@settings(max_examples=80, deadline=None)
@given(worlds())
def test_what_is_foretold_is_what_is_then_done(world: World) -> None:
    """Whatever the template says and the target holds; and nothing is written by foretelling it."""
    trio.run(_compare, world, clock=MockClock(autojump_threshold=0))


async def _compare(world: World) -> None:
    house = await built(world)
    before, noted_before = len(house.github.did), len(house.told("migration.noted"))

    rehearsal = await rehearsed(house)
    assert len(house.github.did) == before
    done = await carried_out(house)
    for method, *_ in done:
        event(method)
    event(f"problem: {rehearsal.problem[:20]}")

    assert done == foretold(rehearsal)
    assert rehearsal.writes == len(done)
    assert rehearsal.writes - len(rehearsal.rewrite) <= await most_writes(house)
    created = {copy.number: copy.title for copy in rehearsal.create}
    there = {issue.number: issue.title for issue in house.github.issues(TEAM_A)}
    assert created.items() <= there.items()
    request = list(house.store.requests.values())[-1]
    assert bool(rehearsal.problem) == (request["state"] == "failed")
    # A run that stops is tried again, and then notes what is left to be created.
    noted = {line["note"] for line in house.told("migration.noted")[noted_before:]}
    assert noted <= set(rehearsal.notes) or rehearsal.problem


async def most_writes(house: House) -> int:
    """What a forecast takes a target for that has nothing yet."""
    plan = await planned(rehearser(sources(house), house.style))
    return len(plan.tickets) + beside(plan, house.style).both


@pytest.mark.parametrize("style", [Style(), Style(labels=False), Style(milestones=False)], ids=str)
async def test_a_forecast_counts_the_writes_that_a_plan_counts(style: Style) -> None:
    """For an empty target: `show` counted tickets alone, and said half of what `plan` had said."""
    house = House()
    house.style = style
    house.github.add(SOURCE)
    for number, parent in enumerate((None, 1, 1, 2), 1):
        labels, milestone = LABELS[: number % 3], MILESTONES[number % 2]
        house.github.add_issue(
            SOURCE, f"{number}", parent=parent, labels=labels, milestone=milestone
        )
    house.github.add_issue(SOURCE, "last", labels=(Label("BUG", "d73a4a", ""),))
    issues = house.github.issues(SOURCE)
    for blocker in issues[:2]:
        house.github.at(SOURCE).block(3, blocker.id)
    house.github.add(TEAM_A)

    rehearsal = await rehearsed(house)

    assert rehearsal.writes == await most_writes(house) == len(await carried_out(house))


async def test_a_plan_is_not_misled_by_what_students_have_planted() -> None:
    """It says what a request would do: copy every ticket."""
    house = House()
    house.github.add(SOURCE, "One", "Two")
    target = house.github.add(TEAM_A)
    for ticket in house.github.issues(SOURCE):
        marker = str(Marker(SOURCE, ticket.number, TicketId(ticket.id), target))
        house.github.add_issue(TEAM_A, "mine", marker, author="student", association="OWNER")

    rehearsal = await rehearsed(house)

    assert [copy.title for copy in rehearsal.create] == ["One", "Two"]
    assert not rehearsal.problem
