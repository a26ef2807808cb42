"""`ports.GitHub` of writes that make no issue, and of what an issue is created with: the double does as GitHub does."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.copy.render import Draft
from monarch.core.ids import TargetId
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    Created,
    Found,
    Permanent,
    Scope,
    Withheld,
)
from monarch.core.ticket import Issue, Label, Milestone, Repository
from monarch.ports import GitHub
from monarch.stages.crossing.details import NO_PUSH
from tests.adapters.github.builders import yes
from tests.contracts.githubs import FOREIGN, PLAIN, TEAM, TYPES, in_memory, over_http

BUG = Label("bug", "d73a4a", "It is broken")
SPRINT = Milestone("Sprint", "closed", "The first")


def no() -> bool:
    """It must not."""
    return False


@pytest.fixture(params=["memory", "http"])
async def github(request: pytest.FixtureRequest) -> AsyncIterator[GitHub]:
    """Once in memory, once over HTTP."""
    if request.param == "memory":
        yield in_memory()
        return
    async with over_http() as real:
        yield real


async def at(github: GitHub, name: str = TEAM) -> Repository:
    """A repository."""
    answer = await github.read_repository(name)
    assert isinstance(answer, Found)
    return answer.value


async def opened(github: GitHub, repository: Repository, draft: Draft) -> tuple[Created, Issue]:
    """An issue that we opened, and how it reads."""
    created = await github.create_issue(repository, draft, yes)
    assert isinstance(created, Created)
    return created, await read(github, repository, created.number)


async def read(github: GitHub, repository: Repository, number: int) -> Issue:
    """An issue as it is now."""
    answer = await github.read_issue(repository, number)
    assert isinstance(answer, Found)
    return answer.value


async def test_a_label_is_created_once(github: GitHub) -> None:
    """With its colour and description; and it is there already, whatever its case."""
    team = await at(github)

    assert await github.create_label(team, BUG, yes) == Accepted()
    assert await github.create_label(team, Label("BUG", "000000", ""), yes) == AlreadyThere()
    assert await github.list_labels(team) == Found((BUG,))


async def test_a_milestone_is_created_once(github: GitHub) -> None:
    """Its number comes with the answer, or by the listing, which shows closed ones, too."""
    team = await at(github)

    assert await github.create_milestone(team, SPRINT, yes) == Accepted(1)
    assert await github.create_milestone(team, SPRINT, yes) == AlreadyThere()
    listed = await github.list_milestones(team)
    assert isinstance(listed, Found)
    (milestone,) = listed.value
    assert (milestone.title, milestone.number, milestone.state, milestone.description) == (
        "Sprint",
        1,
        "closed",
        "The first",
    )


async def test_issue_types_are_the_organisations(github: GitHub) -> None:
    """A repository of a person has none, and says that it is one."""
    team = await at(github)

    assert await github.list_issue_types(team) == Found(TYPES)
    assert not team.is_personal
    assert (await at(github, PLAIN)).is_personal


async def test_an_issue_gets_what_it_is_created_with(github: GitHub) -> None:
    """A label that is not there is made, without a colour of its own: so it is to be created before."""
    team = await at(github)
    await github.create_label(team, BUG, yes)
    await github.create_milestone(team, SPRINT, yes)

    created, issue = await opened(github, team, Draft("T", "B", ("BUG", "new"), 1, "Task"))

    assert created.dropped == ()
    assert [label.name for label in issue.labels] == ["bug", "new"]
    assert issue.milestone is not None
    assert (issue.milestone.title, issue.type) == ("Sprint", "Task")
    listed = await github.list_labels(team)
    assert isinstance(listed, Found)
    assert Label("new", "ededed", "") in listed.value


@pytest.mark.parametrize(
    ("draft", "field"),
    [(Draft("T", "B", milestone=9), "milestone"), (Draft("T", "B", type="Nope"), "type")],
)
async def test_what_is_not_there_is_refused_by_its_field(
    github: GitHub, draft: Draft, field: str
) -> None:
    """So that the ticket can be created without it."""
    refused = await github.create_issue(await at(github), draft, yes)

    assert isinstance(refused, Permanent)
    assert (refused.scope, refused.fields) == (Scope.TICKET, (field,))


async def test_without_the_right_to_push_details_are_dropped(github: GitHub) -> None:
    """Silently, and the answer shows it."""
    foreign = await at(github, FOREIGN)
    assert not foreign.may_push

    created, issue = await opened(github, foreign, Draft("T", "B", ("bug",), 9, "Task"))

    assert [what.partition(" ")[0] for what in created.dropped] == ["label", "milestone", "type"]
    assert (issue.labels, issue.milestone, issue.type) == ((), None, "")


async def test_without_the_right_to_push_a_new_label_refuses_the_issue(github: GitHub) -> None:
    """It would have to be made."""
    foreign = await at(github, FOREIGN)

    refused = await github.create_issue(foreign, Draft("T", "B", ("bug", "new")), yes)

    assert isinstance(refused, Permanent)
    assert refused.code is Code.FORBIDDEN


async def test_without_the_right_to_push_nothing_can_be_made(github: GitHub) -> None:
    """What GitHub answers then is known for what it is."""
    foreign = await at(github, FOREIGN)
    _, parent = await opened(github, foreign, Draft("Parent", ""))
    _, child = await opened(github, foreign, Draft("Child", ""))

    for outcome in (
        await github.create_label(foreign, BUG, yes),
        await github.create_milestone(foreign, SPRINT, yes),
        await github.edit_body(foreign, 1, "Mine now", yes),
        await github.add_sub_issue(foreign, parent.number, child.id, yes),
    ):
        assert isinstance(outcome, Permanent)
        assert outcome.scope is Scope.REPOSITORY
        assert outcome.code in NO_PUSH


@pytest.mark.parametrize("name", [TEAM, FOREIGN])
async def test_an_own_text_can_be_replaced(github: GitHub, name: str) -> None:
    """Byte for byte, also where we may only read: it is ours."""
    repository = await at(github, name)
    created, _ = await opened(github, repository, Draft("T", "before"))
    text = "after\r\n\r\n<!-- x -->\té\n"

    assert await github.edit_body(repository, created.number, text, yes) == Accepted()

    assert (await read(github, repository, created.number)).body == text


async def test_an_issue_has_one_parent(github: GitHub) -> None:
    """The same one again is there already; another one is refused, and changes nothing."""
    team = await at(github)
    _, parent = await opened(github, team, Draft("Parent", ""))
    _, other = await opened(github, team, Draft("Other", ""))
    _, child = await opened(github, team, Draft("Child", ""))

    assert await github.add_sub_issue(team, parent.number, child.id, yes) == Accepted()
    assert await github.add_sub_issue(team, parent.number, child.id, yes) == AlreadyThere()
    refused = await github.add_sub_issue(team, other.number, child.id, yes)

    assert isinstance(refused, Permanent)
    assert refused.scope is Scope.TICKET
    assert (await read(github, team, child.number)).parent == parent.number
    assert parent.parent is None


async def test_of_an_own_issue_only_what_an_edit_names_is_replaced(github: GitHub) -> None:
    """Title, text and labels; all else stays, and an edit that is done twice is as good as once."""
    repository = await at(github)
    created, before = await opened(github, repository, Draft("One", "text", ("bug",)))
    edit = Edit(title="Two", labels=("bug", "hard"))

    for _ in range(2):
        assert await github.revise_issue(repository, created.number, edit, yes) == Accepted()
    assert await github.revise_issue(repository, created.number, Edit(body="no"), no) == Withheld()

    after = await read(github, repository, created.number)
    assert (after.title, after.body, after.state) == ("Two", before.body, "open")
    assert [label.name for label in after.labels] == ["bug", "hard"]


async def test_an_own_issue_is_closed_and_opened_again(github: GitHub) -> None:
    """Once more changes nothing; its timeline tells of both, and of the label that it was opened with."""
    repository = await at(github)
    created, _ = await opened(github, repository, Draft("One", "text", ("bug",)))
    number = created.number

    assert await github.change_state(repository, number, Change.CLOSE, yes) == Accepted()
    assert await github.change_state(repository, number, Change.CLOSE, yes) == Accepted()
    closed = await read(github, repository, number)
    assert (closed.state, closed.state_reason) == ("closed", "not_planned")
    assert closed.closed_by == created.author
    assert await github.change_state(repository, number, Change.REOPEN, yes) == Accepted()
    again = await read(github, repository, number)
    assert (again.state, again.state_reason, again.closed_by) == ("open", "reopened", None)

    told = await github.read_timeline(repository, number)
    assert isinstance(told, Found)
    kinds = [happening.kind for happening in told.value]
    assert kinds == ["labeled", "closed", "reopened"]
    assert {happening.actor for happening in told.value} == {created.author}


async def test_an_issue_is_blocked_by_another_once(github: GitHub) -> None:
    """The list of it says by which; twice is refused, and changes nothing."""
    team = await at(github)
    _, blocker = await opened(github, team, Draft("First", ""))
    _, blocked = await opened(github, team, Draft("Then", ""))

    assert await github.list_blockers(team, blocked.number) == Found(())
    assert await github.add_blocker(team, blocked.number, blocker.id, yes) == Accepted()
    again = await github.add_blocker(team, blocked.number, blocker.id, yes)

    assert isinstance(again, Permanent)
    assert again.scope is Scope.TICKET
    assert await github.list_blockers(team, blocked.number) == Found((blocker.id,))
    assert (await read(github, team, blocked.number)).blockers == 1
    assert (blocked.blockers, blocker.blockers) == (0, 0)


async def test_what_may_not_be_sent_is_not_done(github: GitHub) -> None:
    """The last question, right before the bytes leave, counts for every write."""
    team = await at(github)
    created, _ = await opened(github, team, Draft("T", "before"))
    _, child = await opened(github, team, Draft("Child", ""))

    for outcome in (
        await github.create_issue(team, Draft("No", ""), no),
        await github.create_label(team, BUG, no),
        await github.create_milestone(team, SPRINT, no),
        await github.edit_body(team, created.number, "after", no),
        await github.add_sub_issue(team, created.number, child.id, no),
        await github.add_blocker(team, created.number, child.id, no),
    ):
        assert outcome == Withheld()

    assert await github.list_labels(team) == Found(())
    assert await github.list_milestones(team) == Found(())
    assert (await read(github, team, created.number)).body == "before"
    assert (await read(github, team, child.number)).parent is None
    assert (await read(github, team, created.number)).blockers == 0
    listed = await github.list_issues(team)
    assert isinstance(listed, Found)
    assert len(listed.value) == 2


async def test_a_repository_is_found_again_by_its_id(github: GitHub) -> None:
    """Under any of its names; a missing one is not found."""
    here = await at(github)

    again = await github.find_repository(here.id, FOREIGN)
    nowhere = await github.find_repository(TargetId(here.id + 10**6), TEAM)

    assert again == Found(here)
    assert isinstance(nowhere, Permanent)
    assert nowhere.code is Code.NOT_FOUND


async def test_whatever_is_asked_of_a_repository_is_about_its_id(github: GitHub) -> None:
    """Not about its name, which another one may have by now."""
    here = await at(github)
    under_another_name = replace(here, full_name=FOREIGN)

    created, issue = await opened(github, under_another_name, Draft("Ours", ""))

    assert (await read(github, here, created.number)).id == issue.id
    assert await github.list_issues(here) == await github.list_issues(under_another_name)


async def test_nothing_is_found_in_a_repository_that_is_no_more(github: GitHub) -> None:
    """Its name leads to another one."""
    gone = replace(await at(github), id=TargetId(10**7))

    answers = [
        await github.list_issues(gone),
        await github.list_labels(gone),
        await github.list_milestones(gone),
        await github.create_issue(gone, Draft("Ours", ""), yes),
    ]

    assert [one.code for one in answers if isinstance(one, Permanent)] == [Code.NOT_FOUND] * 4
