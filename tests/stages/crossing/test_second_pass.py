"""The second pass: references between tickets become those between their copies, and people's texts stay theirs."""

import re

import anyio
import pytest

from monarch.core.outcome import (
    Absent,
    Code,
    Found,
    Permanent,
    ReadFailure,
    Scope,
    Transient,
    Unknown,
)
from monarch.core.ticket import Issue, Repository
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED, LOST
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House

TEXTS = {
    "One": "Comes before #2 and #3.",
    "Two": "Comes after #1.",
    "Three": "Comes after #2; see GH-1, org/template#1.",
    "Four": "Comes before #5.",
    "Five": "Alone.",
}
FORBIDDEN = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "no"))
INVALID = Fault(Permanent(Scope.TICKET, Code.REFUSED, "body is invalid", ("body",)))


@pytest.fixture
def house(house: House) -> House:
    """Five tickets that refer to one another; one team has an issue of its own, so that its numbers are others."""
    house.github.add(SOURCE)
    for title, text in TEXTS.items():
        house.github.add_issue(SOURCE, title, text)
    house.github.add(TEAM_A, "Ours")
    house.github.add(TEAM_B)
    return house


def texts(house: House, team: str = TEAM_A) -> dict[str, str]:
    """Each copy's text, without its marker."""
    return {
        issue.title: re.sub(r"\n\n<!-- monarch: .* -->\Z", "", issue.body)
        for issue in house.github.issues(team)
        if issue.title in TEXTS
    }


SHIFTED = {
    "One": "Comes before #3 and #4.",
    "Two": "Comes after #2.",
    "Three": "Comes after #3; see #2, #2.",
    "Four": "Comes before #6.",
    "Five": "Alone.",
}


async def test_references_become_the_numbers_of_the_copies(house: House) -> None:
    """Forwards in a second pass, backwards at once; only what needs it is edited, and each once."""
    await house.migrated(TEAM_A)

    assert texts(house) == SHIFTED
    edited = [write.what[0] for write in house.github.did if write.method == "edit_body"]
    assert edited == [2, 5]
    assert not house.notes()


async def test_where_the_numbers_agree_nothing_is_edited(house: House) -> None:
    """Nor is any copy read for it."""
    await house.migrate(TEAM_B)

    assert texts(house, TEAM_B)["One"] == TEXTS["One"]
    assert house.github.faults.count("edit_body") == 0
    assert house.github.faults.count("read_issue") == 15


async def test_again_makes_no_write(house: House) -> None:
    """The same message again finds all as it should be."""
    await house.migrate(TEAM_A)
    await house.changes_nothing(TEAM_A)


async def test_what_a_person_has_edited_is_theirs(house: House) -> None:
    """It is left as it is, and noted once; the others are put right."""
    house.github.faults.at("edit_body", 1, Fault(Transient("503")))
    request = house.publish(TEAM_A)
    worker = house.worker()

    async def somebody_edits() -> None:
        await house.until(lambda: house.github.faults.count("edit_body") > 0)
        house.github.edit_issue(TEAM_A, 2, body="Our own words, and #2.")
        await house.until_quiet()

    await worker.run(somebody_edits)

    assert house.state(request) == "done"
    assert texts(house) == {**SHIFTED, "One": "Our own words, and #2."}
    (note,) = house.notes()
    assert note.startswith("references in #2: ")


async def test_who_edits_between_the_look_and_the_write_keeps_their_text(house: House) -> None:
    """What decides is the issue as it is read with the permission in hand, not the look."""
    request = house.publish(TEAM_A)
    listed = house.github.faults

    async with house.running():
        await house.until(lambda: listed.count("create_issue") == 5)
        stale = Found(tuple(house.github.issues(TEAM_A)))
        listed.at("list_issues", 3, Fault(stale))
        house.github.edit_issue(TEAM_A, 2, body="Our own words, and #2.")
        await house.until_quiet()

    assert house.state(request) == "done"
    assert texts(house) == {**SHIFTED, "One": "Our own words, and #2."}
    assert house.github.faults.count("edit_body") == 1
    assert len(house.notes()) == 1


async def test_an_edit_that_is_never_answered_costs_no_ticket(house: House) -> None:
    """A PATCH that answers 500 for ever: the references stay, which is noted."""
    house.github.faults.at("edit_body", 0, Fault(Unknown("GitHub answered 500")))
    await house.migrated(TEAM_A)

    assert ["writes had no clear answer" in note for note in house.notes()] == [True]


@pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED])
@pytest.mark.parametrize("nth", [1, 2])
async def test_an_edit_without_an_answer_is_looked_at_again(
    house: House, fault: Fault, nth: int
) -> None:
    """Done or not, at once or late: in the end every copy says what it should."""
    house.github.faults.at("edit_body", nth, fault)
    await house.migrated(TEAM_A)

    assert texts(house) == SHIFTED
    assert not house.notes()


async def test_two_unanswered_edits_of_a_copy_are_a_failure(house: House) -> None:
    """Counted; and the next crossing goes on where this one ended."""
    house.github.faults.at("edit_body", 1, DROPPED)
    house.github.faults.at("edit_body", 2, DROPPED)
    await house.migrated(TEAM_A)

    (retry,) = house.told("retry.scheduled")
    assert "edit of #2" in retry["reason"]
    assert texts(house) == SHIFTED


async def test_readings_that_outlast_every_permission_cost_no_ticket(house: House) -> None:
    """An issue is read with the permission in hand, and GitHub takes 6 s for each: the texts stay, and it is noted."""
    real = house.github.read_issue

    async def slowly(repository: Repository, number: int) -> Found[Issue] | Absent | ReadFailure:
        await anyio.sleep(6)
        return await real(repository, number)

    house.github.read_issue = slowly  # type: ignore[method-assign]  # GitHub is slow
    await house.migrated(TEAM_A)

    assert texts(house)["One"] == "Comes before #2 and #3."
    (note,) = house.notes()
    assert "#2, #5" in note


async def test_a_refused_edit_fails_nothing(house: House) -> None:
    """It is noted, and the others are edited."""
    house.github.faults.at("edit_body", 1, INVALID)
    await house.migrated(TEAM_A)

    assert texts(house)["Four"] == SHIFTED["Four"]
    assert texts(house)["One"] != SHIFTED["One"]
    (note,) = house.notes()
    assert note.startswith("references in #2: not put right")


async def test_a_repository_that_lets_nothing_be_edited_is_asked_once(house: House) -> None:
    """And one note lists everything that is left as it is."""
    house.github.faults.at("edit_body", 0, FORBIDDEN)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("edit_body") == 1
    (note,) = house.notes()
    assert note.startswith("references in #2, #5: not put right")


async def test_a_copy_that_is_deleted_meanwhile_needs_no_edit(house: House) -> None:
    """Nothing is to be done for it, and nothing to be told."""
    # Five numbers behind the highest are read of the source, and of the target at the start and at the end; then the first copy, to be edited.
    house.github.faults.at("read_issue", 16, Fault(Absent(taken=True)))
    await house.migrated(TEAM_A)

    assert house.github.faults.count("edit_body") == 1
    assert not house.notes()


async def test_a_refused_ticket_does_not_keep_the_references_of_others(house: House) -> None:
    """What is there is put right; what refers to a ticket without a copy refers to the ticket."""
    house.github.refused_titles.add("Two")
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "failed"
    assert texts(house)["Four"] == "Comes before #5."
    assert texts(house)["One"].endswith(" and #3.")
    assert "#2" not in re.sub(r"\[[^]]*\]\([^)]*\)", "", texts(house)["One"])


async def test_a_new_ticket_of_the_template_is_referred_to_by_the_copies_before(
    house: House,
) -> None:
    """A top-up goes through the second pass like any other: copies of an earlier run learn its number."""
    house.github.edit_issue(SOURCE, 5, body="Comes before #6.")
    await house.migrate(TEAM_A)
    house.github.add_issue(SOURCE, "Six", "Comes after #5.")

    await house.migrated(TEAM_A)

    assert texts(house)["Five"] == "Comes before #7."


async def test_a_worker_that_dies_in_the_second_pass_is_followed_by_another(house: House) -> None:
    """How far it came stands in the target, and nowhere else."""
    request = house.publish(TEAM_A)

    async with house.running("dying"):
        await house.until(lambda: any(write.method == "edit_body" for write in house.github.did))
    await house.worker("heir").run(house.until_quiet)

    assert house.state(request) == "done"
    assert texts(house) == SHIFTED
    assert [w.what[0] for w in house.github.did if w.method == "edit_body"] == [2, 5]
