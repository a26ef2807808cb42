"""Rehearsing: what cannot be read is a reason, and nothing is ever written or hammered."""

from typing import Any

import pytest

from monarch.core.copy import notes
from monarch.core.ids import TargetId, TicketId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.plan import Plan
from monarch.core.report.dry_run import rehearsal_of
from monarch.core.report.passage import BadEnd, Passage, obstacle
from monarch.core.report.rehearsal import Rehearsal
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.request.rules import Rules
from monarch.core.target.permission import Credential, GateClosed
from monarch.core.target.step import CreatedAs, Fate, Intended, LedgerRecord
from monarch.core.target.survey import Survey
from monarch.core.ticket import Label
from monarch.core.verdict import Dead, Verdict
from monarch.ports.holdings import LedgerReading
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from monarch.stages.rehearsal.store import Sources
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import FakeGitHub
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House
from tests.stages.rehearsal.test_dry_run import planned, rehearser

BUG = Label("bug", "d73a4a", "")
FORBIDDEN = Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "the token may not")


class Desk:
    """A rehearser over a template with one labelled ticket and two empty teams, and what it knows of them."""

    def __init__(self, github: FakeGitHub, rules: Rules | None = None) -> None:
        github.add_issue(SOURCE, "One", labels=(BUG,))
        self.github = github
        self.records: dict[TicketId, LedgerRecord] = {}
        self.is_busy = False
        self.closed: GateClosed | None = None
        self.told: list[str] = []
        house = House()
        us, style = house.world.logins.us, house.style
        sources, rules = Sources(github, self._ledger, self._gate, us), rules or Rules()
        self.rehearser = rehearser(sources, style, rules, self.told)

    async def _ledger(self, target: TargetId) -> LedgerReading:
        return LedgerReading(self.records, 1_000_000, self.is_busy)

    async def _gate(self, credential: Credential) -> GateClosed | None:
        return self.closed

    async def source(self, name: str = SOURCE) -> Plan | Verdict:
        """What came of reading a template."""
        return await self.rehearser.plan(Request(parse_ref(name), ()))

    async def target(self, name: str = TEAM_A, plan: Plan | None = None) -> Passage | Verdict:
        """What came of rehearsing one of its targets."""
        known = plan or await planned(self.rehearser)
        return await self.rehearser.rehearse(name, RehearsalWish(known))

    async def rehearsal(self, name: str = TEAM_A) -> Rehearsal:
        """What would be done to one that can be reached."""
        passed = await self.target(name)
        assert isinstance(passed, Passage)
        return rehearsal_of(passed, obstacle(passed, 120))


@pytest.fixture
def github() -> FakeGitHub:
    """All of GitHub."""
    github = FakeGitHub()
    github.add(SOURCE)
    github.add(TEAM_A)
    github.add(TEAM_B)
    return github


@pytest.fixture
def desk(github: FakeGitHub) -> Desk:
    """A surveyor."""
    return Desk(github)


def in_the_way(found: Passage | Plan | Verdict) -> BadEnd:
    """Why it would not end well."""
    assert not isinstance(found, Plan)
    way = obstacle(found, 120)
    assert way is not None
    return way


# ------------------------------------------------------------------------------------------- targets


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"archived": True}, Code.ARCHIVED), ({"has_issues": False}, Code.ISSUES_DISABLED)],
)
async def test_a_target_that_cannot_be_written_to_is_not_looked_at(
    desk: Desk, settings: dict[str, Any], code: Code
) -> None:
    """The reason is the migrator's, without the replay of something that has not died."""
    desk.github.change(TEAM_A, **settings)

    found = in_the_way(await desk.target())

    assert found.code is code
    assert "replay" not in found.reason
    assert desk.github.faults.count("list_issues") == 1


async def test_a_target_that_is_not_there_may_be_late(desk: Desk) -> None:
    """A generated repository: a request would wait for it."""
    assert "waits 120 s for it" in in_the_way(await desk.target("org/gone")).reason


async def test_a_target_beyond_the_list_is_not_even_asked_for(github: FakeGitHub) -> None:
    """Nor is it said to be there."""
    desk = Desk(github, Rules(allowed_targets=("org/team-b",)))

    found = in_the_way(await desk.target())

    assert found.code is Code.TARGET_NOT_ALLOWED
    assert "replay" not in found.reason
    assert github.faults.count("read_repository") == 1


async def test_a_source_beyond_the_list_is_refused(github: FakeGitHub) -> None:
    """By the name that it has."""
    desk = Desk(github, Rules(allowed_sources=("org/other",)))

    found = in_the_way(await desk.source())

    assert found.code is Code.SOURCE_NOT_ALLOWED


async def test_a_source_without_issues_is_not_an_empty_one(desk: Desk) -> None:
    """A person has switched them off."""
    desk.github.change(SOURCE, has_issues=False)

    assert "switch them on" in in_the_way(await desk.source()).reason


async def test_a_source_that_shows_less_than_github_counts_is_not_an_empty_one(desk: Desk) -> None:
    """Its tickets are too new to be seen: it is said so, with what to do."""
    desk.github.add("org/young", open_issues=2)

    told = in_the_way(await desk.source("org/young")).reason

    assert "counts 2 open issues" in told
    assert told.endswith("; a request would try again")


# ------------------------------------------------------------------------------- what ends a rehearsal


@pytest.mark.parametrize("method", ["read_repository", "list_issues", "read_issue", "list_labels"])
async def test_a_limit_ends_all_surveys_of_its_account(desk: Desk, method: str) -> None:
    """A closed door is not hammered, whatever was asked when it closed."""
    plan = await planned(desk.rehearser)
    nth = desk.github.faults.count(method) + 1
    desk.github.faults.at(method, nth, Fault(RateLimited("a secondary rate limit", 60.0)))

    first = in_the_way(await desk.target(TEAM_A, plan))
    asked = len(desk.github.faults.calls)
    second = in_the_way(await desk.target(TEAM_B, plan))

    assert first == second
    assert "try again in 1 min" in first.reason
    assert {name for name, _ in desk.github.faults.calls[asked:]} == {"credential"}


async def test_a_gate_that_is_closed_already_is_respected(desk: Desk) -> None:
    """Who it was that ran into a limit makes no difference."""
    desk.closed = GateClosed(42.0, "a secondary rate limit")

    assert "try again in 42 s" in in_the_way(await desk.source()).reason
    assert desk.github.faults.count("read_repository") == 0


async def test_a_refused_token_is_asked_about_once(desk: Desk) -> None:
    """For each owner."""
    plan = await planned(desk.rehearser)
    refused = Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "the token is refused")
    desk.github.faults.at("credential", 0, Fault(refused))
    asked = desk.github.faults.count("credential")

    found = [in_the_way(await desk.target(name, plan)) for name in (TEAM_A, TEAM_B)]

    assert [one.reason for one in found] == ["the token is refused"] * 2
    assert desk.github.faults.count("credential") == asked + 1


async def test_what_fails_for_a_moment_hides_no_other_target(desk: Desk) -> None:
    """It may be tried again."""
    plan = await planned(desk.rehearser)
    desk.github.faults.at("list_issues", 2, Fault(Transient("GitHub answered 502")))

    first = in_the_way(await desk.target(TEAM_A, plan))

    assert first.reason == "GitHub answered 502; a request would try again"
    assert obstacle(await desk.target(TEAM_B, plan), 120) is None


# --------------------------------------------------------------------------------- what is surveyed


async def test_labels_that_may_not_be_read_are_not_promised(desk: Desk) -> None:
    """The copy is created without, and that is said before."""
    desk.github.faults.at("list_labels", 1, Fault(FORBIDDEN))

    rehearsal = await desk.rehearsal()

    assert (rehearsal.labels, len(rehearsal.create)) == ((), 1)
    assert rehearsal.notes == (notes.refused(notes.LABELS, ["bug"], FORBIDDEN),)


async def test_only_what_is_needed_is_asked_for(desk: Desk) -> None:
    """No ticket has a milestone or a type; and where all is there, nothing is needed."""
    await desk.rehearsal()
    assert desk.github.faults.count("list_labels") == 1
    assert desk.github.faults.count("list_milestones") == 0
    assert desk.github.faults.count("list_issue_types") == 0

    plan = await planned(desk.rehearser)
    marker = f"<!-- monarch: {SOURCE}#1 id={plan.tickets[0].id} -->"
    desk.github.add_issue(TEAM_B, "One", marker, author="monarch-bot")
    assert (await desk.rehearsal(TEAM_B)).writes == 0
    assert desk.github.faults.count("list_labels") == 1


async def test_the_fate_of_copies_on_record_is_asked_for(desk: Desk) -> None:
    """What a person deleted stays deleted."""
    plan = await planned(desk.rehearser)
    number = desk.github.add_issue(TEAM_A, "One", "no marker")
    desk.github.delete_issue(TEAM_A, number)
    desk.records = {plan.tickets[0].id: CreatedAs(number, 0)}

    passed = await desk.target()

    assert isinstance(passed, Passage)
    assert passed.survey.fates == {number: Fate.DELETED}
    rehearsal = await desk.rehearsal()
    assert (rehearsal.deleted, rehearsal.writes, rehearsal.problem) == ((1,), 0, "")


async def test_a_write_that_may_be_under_way_is_foretold_with_a_word_of_doubt(desk: Desk) -> None:
    """And so is what another request does right now."""
    plan = await planned(desk.rehearser)
    desk.records = {plan.tickets[0].id: Intended(999_000, "nonce")}
    desk.is_busy = True

    rehearsal = await desk.rehearsal()

    assert [copy.ticket for copy in rehearsal.create] == [1]
    busy, doubt = rehearsal.notes
    assert "another request writes to it right now" in busy
    assert "was not answered" in doubt


async def test_every_reading_is_told_by_the_name_that_was_asked_for(desk: Desk) -> None:
    """So that it can be seen to go on."""
    await desk.target()

    assert desk.told.count(SOURCE) > 5
    assert desk.told.count(TEAM_A) > 5
    assert set(desk.told) == {SOURCE, TEAM_A}


async def test_copies_are_looked_at_wherever_they_are(desk: Desk) -> None:
    """An archived target can be verified; a deleted one cannot."""
    plan = await planned(desk.rehearser)
    desk.github.change(TEAM_A, archived=True)

    assert isinstance(await desk.rehearser.look(TEAM_A, RehearsalWish(plan)), Survey)
    assert isinstance(await desk.rehearser.look("org/gone", RehearsalWish(plan)), Dead)
