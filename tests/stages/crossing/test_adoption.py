"""Whole runs in targets that the predecessor has filled, or a person under our account: nothing is copied a second time."""

from typing import Any

import pytest

from monarch.core.copy.marker import read_marker
from monarch.core.copy.style import Style
from monarch.core.report.verification import Mark, verify
from monarch.core.target.permission import Credential
from monarch.core.target.step import CreatedAs, Intended
from monarch.core.target.survey import Survey
from monarch.core.ticket import Author, Issue, Label
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from tests.contracts.doubles.github import DROPPED, LOST
from tests.stages.faithful import marker_of
from tests.stages.house import SOURCE, TEAM_A, House
from tests.stages.rehearsal.test_dry_run import (
    carried_out,
    foretold,
    planned,
    rehearsed,
    rehearser,
    sources,
)

TITLES = [f"Ticket {n}" for n in range(1, 7)]
TEXTS = [f"## Story {n}\r\n\r\nAfter #{n - 1 or 6}: `$body` for $5.\r\n" for n in range(1, 7)]
ORDER = (4, 2, 6, 1, 3, 5)
"""In which the predecessor wrote them: any."""


@pytest.fixture
def house(house: House) -> House:
    """A template whose tickets refer to one another, with a label; and an empty team."""
    house.github.add(SOURCE)
    for title, text in zip(TITLES, TEXTS, strict=True):
        house.github.add_issue(SOURCE, title, text, labels=(Label("bug", "d73a4a", ""),))
    house.github.add(TEAM_A)
    return house


def ours(house: House, ticket: int, **changes: Any) -> int:
    """The predecessor copies a ticket; the number of its issue."""
    me = house.github.writes_as
    made = {"title": TITLES[ticket - 1], "body": f"${TEXTS[ticket - 1]}\n", **changes}
    by = {"author": me.login, "author_id": me.id, "is_by_bot": me.is_bot}
    return house.github.add_issue(TEAM_A, **{**by, **made})


def filled(house: House, *left_out: int) -> list[Issue]:
    """The predecessor has copied all tickets but these, in its order."""
    for ticket in ORDER:
        if ticket not in left_out:
            ours(house, ticket)
    return house.github.issues(TEAM_A)


async def asked_again(house: House) -> str:
    """A person presses "migrate again"; returns how it ended."""
    request = await house.migrate(TEAM_A)
    assert house.store.dead == []
    assert not house.told("stray.found")
    return house.state(request)


def ledger(house: House) -> dict[int, int]:
    """The copies on record by the ticket's number, each with the issue's own id."""
    here = house.github.at(TEAM_A)
    known = house.store.ledger(here.repository.id)
    found = {}
    for ticket in house.github.issues(SOURCE):
        record = known.get(ticket.id)  # type: ignore[call-overload]  # an id
        if isinstance(record, CreatedAs):
            assert record.issue == here.issues[record.number].id
            found[ticket.number] = record.number
    return found


def forget(house: House) -> None:
    """The store's memory of what was copied is gone."""
    house.store.forget_all("ledger")


NUMBERS = {ticket: number for number, ticket in enumerate(ORDER, start=1)}


async def test_a_team_that_the_predecessor_has_filled_is_adopted_whole(house: House) -> None:
    """Nothing is written, nothing is changed, and the ledger knows every issue from then on."""
    before = filled(house)

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert house.github.issues(TEAM_A) == before
    assert ledger(house) == NUMBERS
    told = house.told("ticket.adopted")
    assert [line["number"] for line in told] == [NUMBERS[ticket] for ticket in range(1, 7)]
    assert "6/6 (6 already there)" in house.card()


async def test_asked_again_and_again_with_and_without_memory_nothing_is_copied(
    house: House,
) -> None:
    """A second request, and a third one after everything was forgotten."""
    before = filled(house)
    await asked_again(house)
    await asked_again(house)
    forget(house)

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert house.github.issues(TEAM_A) == before
    assert ledger(house) == NUMBERS


async def test_what_is_missing_is_copied_and_refers_to_what_was_adopted(house: House) -> None:
    """References to adopted issues are right in the copies, and theirs stay as they are."""
    before = filled(house, 2, 5)

    assert await asked_again(house) == "done"

    added = house.github.issues(TEAM_A)[4:]
    assert house.github.issues(TEAM_A)[:4] == before
    assert [issue.title for issue in added] == ["Ticket 2", "Ticket 5"]
    assert [issue.body.splitlines()[2] for issue in added] == [
        "After #3: `$body` for $5.",
        "After #1: `$body` for $5.",
    ]
    notes = "\n".join(house.slack.texts("C1"))
    assert "these issues were there before" in notes
    forget(house)
    did = list(house.github.did)
    assert await asked_again(house) == "done"
    assert house.github.did == did


async def test_a_dry_run_says_before_what_is_adopted(house: House) -> None:
    """The same issues, and the same writes for the rest."""
    filled(house, 2)
    told = await rehearsed(house)

    assert told.present == told.adopted
    assert [copy.ticket for copy in told.create] == [2]
    assert await carried_out(house) == foretold(told)
    assert {copy.ticket: copy.number for copy in told.present} == {
        ticket: number for ticket, number in ledger(house).items() if ticket != 2
    }
    again = await rehearsed(house)
    assert again.adopted == ()
    assert again.writes == 0


async def test_switched_off_everything_is_copied(house: House) -> None:
    """`MONARCH_ADOPT=false`."""
    house.style = Style(adopt=False)
    filled(house)

    told = await rehearsed(house)
    assert await asked_again(house) == "done"

    assert told.adopted == ()
    assert house.github.titles(TEAM_A)[6:] == TITLES


async def test_what_a_student_makes_of_an_adopted_issue_is_theirs_and_it_stays_the_copy(
    house: House,
) -> None:
    """Edited, closed, labelled: nothing is copied and nothing put back; `verify` says what people did."""
    filled(house)
    await asked_again(house)
    house.github.edit_issue(TEAM_A, 1, body="- [x] done")
    house.github.edit_issue(TEAM_A, 2, title="Ours now", state="closed")
    house.github.edit_issue(TEAM_A, 3, labels=(Label("mine", "000000", ""),))
    edited = house.github.issues(TEAM_A)

    await asked_again(house)

    assert house.github.did == []
    assert house.github.issues(TEAM_A) == edited
    reader = rehearser(sources(house), house.style)
    plan = await planned(reader)
    survey = await reader.look(TEAM_A, RehearsalWish(plan))
    assert isinstance(survey, Survey)
    marks = {one.number: one.marks for one in verify(plan, survey, house.style).findings}
    assert marks == {
        1: (Mark.EDITED,),
        2: (Mark.EDITED, Mark.CLOSED),
        **dict.fromkeys((3, 4, 5, 6), (Mark.PRESENT,)),
    }


async def test_an_adopted_issue_that_somebody_deletes_stays_deleted(house: House) -> None:
    """Like any other copy, though another issue says the same."""
    filled(house)
    await asked_again(house)
    ours(house, 4)
    house.github.delete_issue(TEAM_A, 1)

    assert await asked_again(house) == "done"

    assert house.github.did == []


async def test_a_ticket_that_is_edited_in_the_template_after_its_copy_was_adopted(
    house: House,
) -> None:
    """The ledger knows its copy: nothing is copied, and nothing is edited."""
    before = filled(house)
    await asked_again(house)
    house.github.edit_issue(SOURCE, 4, title="Another title", body="Another text, see #1.")

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert house.github.issues(TEAM_A) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"author": "student", "author_id": 7},
        {"author": "monarch-bot", "author_id": 7},
        {"is_pull": True},
        {"title": "Ticket 4 (ours)"},
        {"body": "$Something else\n"},
    ],
)
async def test_what_is_not_the_same_or_not_ours_is_left_alone_and_the_ticket_copied(
    house: House, changes: dict[str, Any]
) -> None:
    """A student's own issue that says the same, our former login in other hands, a pull request, other words."""
    filled(house, 4)
    other = ours(house, 4, **changes)
    before = house.github.issues(TEAM_A)

    assert await asked_again(house) == "done"

    assert house.github.issues(TEAM_A)[:-1] == before
    assert house.github.titles(TEAM_A)[-1] == "Ticket 4"
    assert ledger(house)[4] == 7 != other


async def test_a_closed_issue_and_one_with_other_labels_are_adopted(house: House) -> None:
    """Work that was done is not given out again."""
    filled(house, 1, 2)
    closed = ours(house, 1, state="closed")
    labelled = ours(house, 2, labels=(Label("theirs", "000000", ""),))

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert (ledger(house)[1], ledger(house)[2]) == (closed, labelled)


async def test_a_team_that_has_worked_for_weeks_gets_nothing_twice(house: House) -> None:
    """Boxes are ticked, issues closed and labelled, before anybody asks Monarch and after it has forgotten."""
    house.github.edit_issue(SOURCE, 1, body="- [ ] one\r\n- [ ] two")
    filled(house, 1)
    mine = ours(house, 1, body="$- [ ] one\r\n- [x] two\n", state="closed")

    await asked_again(house)
    forget(house)
    house.github.edit_issue(TEAM_A, mine, body="$- [ ] one\r\n- [ ] two\n", state="open")
    await asked_again(house)

    assert house.github.did == []
    assert ledger(house)[1] == mine


@pytest.mark.parametrize("issues", [0, 1, 2, 3])
async def test_of_two_equal_tickets_each_has_one_copy(house: House, issues: int) -> None:
    """What is missing is copied; what is too many is left alone, and no stray."""
    filled(house, 1, 2)
    house.github.edit_issue(SOURCE, 2, title=TITLES[0], body=TEXTS[0])
    numbers = [ours(house, 1) for _ in range(issues)]

    await asked_again(house)
    did = list(house.github.did)
    forget(house)
    await asked_again(house)

    copied = [write for write in did if write.method == "create_issue"]
    assert len(copied) == max(0, 2 - issues)
    assert house.github.did == did
    known = ledger(house)
    assert [known[1], known[2]][:issues] == numbers[:2]
    assert len(set(known.values())) == 6


async def test_what_the_predecessor_has_doubled_is_adopted_once(house: House) -> None:
    """The predecessor copied everything again at each request; the first copies count, and Slack asks no one to close the others."""
    filled(house)
    filled(house)

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert ledger(house) == NUMBERS


async def test_a_marked_copy_beside_is_the_better_one(house: House) -> None:
    """Whatever its number."""
    filled(house, 3)
    old = ours(house, 3)
    body = f"Anything\n\n{marker_of(house.github.issues(SOURCE)[2], house.github.at(TEAM_A).repository.id)}"
    marked = ours(house, 3, body=body)

    assert await asked_again(house) == "done"

    assert house.github.did == []
    assert ledger(house)[3] == marked != old


async def test_hierarchy_is_for_copies_of_ours_alone(house: House) -> None:
    """An adopted issue is moved under none; a new copy comes under the adopted parent."""
    filled(house, 2)
    for child in (2, 3):
        house.github.edit_issue(SOURCE, child, parent=1)

    told = await rehearsed(house)
    assert await carried_out(house) == foretold(told)

    parents = {issue.title: issue.parent for issue in house.github.issues(TEAM_A)}
    assert parents["Ticket 2"] == ledger(house)[1]
    assert parents["Ticket 3"] is None


async def test_as_long_as_we_do_not_know_who_we_are_words_prove_nothing(house: House) -> None:
    """The first ticket is copied to learn it; then the target is looked at anew, and the rest is adopted."""
    house.github.me = Credential("token:fingerprint-1", "fingerprint-1")
    house.github.writes_as = Author("school[bot]", 77, is_bot=True)
    filled(house)

    assert await asked_again(house) == "done"

    assert house.github.titles(TEAM_A)[6:] == ["Ticket 1"]
    assert ledger(house) == {**NUMBERS, 1: 7}


@pytest.mark.parametrize("fault", [LOST, DROPPED])
async def test_an_issue_that_appears_while_our_own_write_is_unanswered(
    house: House, fault: Any
) -> None:
    """It is adopted if our write came to nothing, and never before that is certain; else our own copy is the copy."""
    filled(house, 3)
    house.github.faults.at("create_issue", 1, fault)
    house.publish(TEAM_A)

    async with house.running():
        here = house.github.at(TEAM_A).repository.id
        await house.until(
            lambda: any(isinstance(r, Intended) for r in house.store.ledger(here).values())
        )
        await house.until(lambda: house.github.faults.count("create_issue") == 1)
        ours(house, 3)
        await house.until_quiet()

    copies = [issue for issue in house.github.issues(TEAM_A) if issue.title == "Ticket 3"]
    marked = [issue.number for issue in copies if read_marker(issue.body)]
    assert len(marked) == (1 if fault is LOST else 0)
    assert len(copies) == 1 + len(marked)
    assert ledger(house)[3] == (marked or [copies[0].number])[0]
    assert not house.told("stray.found")


async def test_labels_are_no_reason_to_write(house: House) -> None:
    """A target whose tickets are all adopted gets no label either."""
    filled(house)

    await asked_again(house)

    assert house.github.at(TEAM_A).labels == {}
