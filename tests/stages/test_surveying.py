"""Surveying: what cannot be read is a reason, and nothing is ever written or hammered."""

from typing import Any

import pytest

from monarch.core.copy import notes
from monarch.core.ids import TargetId, TicketId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.report.dry_run import rehearse
from monarch.core.report.rehearsal import Rehearsal
from monarch.core.request.message import Rules
from monarch.core.target.permission import Credential, GateClosed
from monarch.core.target.step import CreatedAs, Fate, Intended, LedgerRecord
from monarch.core.target.survey import Survey
from monarch.core.ticket import Label
from monarch.stages.survey import Remembered, Sources, Surveyor, Template, Unready
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import FakeGitHub
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House

BUG = Label("bug", "d73a4a", "")
FORBIDDEN = Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "the token may not")


class Desk:
    """A surveyor over a template with one labelled ticket and two empty teams, and what it knows of them."""

    def __init__(self, github: FakeGitHub, rules: Rules | None = None) -> None:
        github.add_issue(SOURCE, "One", labels=(BUG,))
        self.github = github
        self.records: dict[TicketId, LedgerRecord] = {}
        self.is_busy = False
        self.closed: GateClosed | None = None
        self.told: list[str] = []
        house = House()
        us, style = house.world.logins.us, house.style
        sources = Sources(github, self._ledger, self._gate, us)
        self.surveyor = Surveyor(sources, rules or Rules(), style, 120, self.told.append)

    async def _ledger(self, target: TargetId) -> Remembered:
        return Remembered(self.records, 1_000_000, self.is_busy)

    async def _gate(self, credential: Credential) -> GateClosed | None:
        return self.closed

    async def template(self) -> Template:
        """The template, which can be read."""
        found = await self.surveyor.template(SOURCE)
        assert isinstance(found, Template)
        return found

    async def target(self, name: str = TEAM_A) -> Survey | Unready:
        """One of its targets."""
        return await self.surveyor.target(name, (await self.template()).plan)

    async def rehearsal(self, name: str = TEAM_A) -> Rehearsal:
        """What would be done to one that can be read."""
        template = await self.template()
        survey = await self.surveyor.target(name, template.plan)
        assert isinstance(survey, Survey)
        return rehearse(template.plan, survey, House().style)


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


def reason(found: Survey | Template | Unready) -> str:
    """Why it could not be surveyed."""
    assert isinstance(found, Unready)
    return found.reason


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

    found = await desk.target()

    assert isinstance(found, Unready)
    assert found.code is code
    assert "replay" not in found.reason
    assert desk.github.faults.count("list_issues") == 1


async def test_a_target_that_is_not_there_may_be_late(desk: Desk) -> None:
    """A generated repository: a request would wait for it."""
    assert "waits 120 s for it" in reason(await desk.target("org/gone"))


async def test_a_target_beyond_the_list_is_not_even_asked_for(github: FakeGitHub) -> None:
    """Nor is it said to be there."""
    desk = Desk(github, Rules(allowed_targets=("org/team-b",)))

    found = await desk.target()

    assert isinstance(found, Unready)
    assert found.code is Code.TARGET_NOT_ALLOWED
    assert "replay" not in found.reason
    assert github.faults.count("read_repository") == 1


async def test_a_source_beyond_the_list_is_refused(github: FakeGitHub) -> None:
    """By the name that it has."""
    desk = Desk(github, Rules(allowed_sources=("org/other",)))

    found = await desk.surveyor.template(SOURCE)

    assert isinstance(found, Unready)
    assert found.code is Code.SOURCE_NOT_ALLOWED


async def test_a_source_without_issues_is_not_an_empty_one(desk: Desk) -> None:
    """Somebody has switched them off."""
    desk.github.change(SOURCE, has_issues=False)

    assert "switch them on" in reason(await desk.surveyor.template(SOURCE))


async def test_a_source_that_shows_less_than_github_counts_is_not_an_empty_one(desk: Desk) -> None:
    """Its tickets are too new to be seen: it is said so, with what to do."""
    desk.github.add("org/young", open_issues=2)

    told = reason(await desk.surveyor.template("org/young"))

    assert "counts 2 open issues" in told
    assert told.endswith("; try again")


# ------------------------------------------------------------------------------- what ends a survey


@pytest.mark.parametrize("method", ["read_repository", "list_issues", "read_issue", "list_labels"])
async def test_a_limit_ends_all_surveys_of_its_account(desk: Desk, method: str) -> None:
    """A closed door is not hammered, whatever was asked when it closed."""
    plan = (await desk.template()).plan
    nth = desk.github.faults.count(method) + 1
    desk.github.faults.at(method, nth, Fault(RateLimited("a secondary rate limit", 60.0)))

    first = await desk.surveyor.target(TEAM_A, plan)
    asked = len(desk.github.faults.calls)
    second = await desk.surveyor.target(TEAM_B, plan)

    assert reason(first) == reason(second)
    assert "try again in 60 s" in reason(first)
    assert {name for name, _ in desk.github.faults.calls[asked:]} == {"credential"}


async def test_a_gate_that_is_closed_already_is_respected(desk: Desk) -> None:
    """Who it was that ran into a limit makes no difference."""
    desk.closed = GateClosed(42.0, "a secondary rate limit")

    assert "not to be asked for 42 s" in reason(await desk.surveyor.template(SOURCE))
    assert desk.github.faults.count("read_repository") == 0


async def test_a_refused_token_is_asked_about_once(desk: Desk) -> None:
    """For each owner."""
    plan = (await desk.template()).plan
    refused = Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "the token is refused")
    desk.github.faults.at("credential", 0, Fault(refused))
    asked = desk.github.faults.count("credential")

    found = [await desk.surveyor.target(name, plan) for name in (TEAM_A, TEAM_B)]

    assert [reason(one) for one in found] == ["the token is refused"] * 2
    assert desk.github.faults.count("credential") == asked + 1


async def test_what_fails_for_a_moment_hides_no_other_target(desk: Desk) -> None:
    """It may be tried again."""
    plan = (await desk.template()).plan
    desk.github.faults.at("list_issues", 2, Fault(Transient("GitHub answered 502")))

    first = await desk.surveyor.target(TEAM_A, plan)

    assert reason(first) == "GitHub answered 502; try again"
    assert isinstance(await desk.surveyor.target(TEAM_B, plan), Survey)


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

    template = await desk.template()
    marker = f"<!-- monarch: {SOURCE}#1 id={template.plan.tickets[0].id} -->"
    desk.github.add_issue(TEAM_B, "One", marker, author="monarch-bot")
    assert (await desk.rehearsal(TEAM_B)).writes == 0
    assert desk.github.faults.count("list_labels") == 1


async def test_the_fate_of_copies_on_record_is_asked_for(desk: Desk) -> None:
    """What a person deleted stays deleted."""
    template = await desk.template()
    number = desk.github.add_issue(TEAM_A, "One", "no marker")
    desk.github.delete_issue(TEAM_A, number)
    desk.records = {template.plan.tickets[0].id: CreatedAs(number, 0)}

    survey = await desk.target()

    assert isinstance(survey, Survey)
    assert survey.fates == {number: Fate.DELETED}
    rehearsal = await desk.rehearsal()
    assert (rehearsal.deleted, rehearsal.writes, rehearsal.problem) == ((1,), 0, "")


async def test_a_write_that_may_be_under_way_is_foretold_with_a_word_of_doubt(desk: Desk) -> None:
    """And so is what another request does right now."""
    template = await desk.template()
    desk.records = {template.plan.tickets[0].id: Intended(999_000, "nonce")}
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
    """An archived target can be verified; one that is gone cannot."""
    plan = (await desk.template()).plan
    desk.github.change(TEAM_A, archived=True)

    assert isinstance(await desk.surveyor.copies(TEAM_A, plan), Survey)
    assert isinstance(await desk.surveyor.copies("org/gone", plan), Unready)
