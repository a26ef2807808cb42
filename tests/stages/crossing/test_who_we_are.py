"""Whole runs by accounts that GitHub does not name, that change, and that are renamed; each with a lost answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from monarch.core.target.permission import Credential
from monarch.core.ticket import Author
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, LATE, LOST
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.faithful import marker_of
from tests.stages.house import SOURCE, TEAM_A, House

TITLES = [f"Ticket {n}" for n in range(1, 5)]
NAMELESS = Credential("token:fingerprint-1", "fingerprint-1")
"""An installation's token, which may not ask `/user`."""
BOT = Author("school[bot]", 77, is_bot=True)
APP = Credential("installation:7", "fingerprint-2", "school[bot]")
TOKEN, PERSON = Credential("user:5", "fingerprint-3", "teacher", 5), Author("teacher", 5)
SLOWLY = replace(NO_CEILINGS, interval_ms=10_000)
FAULTS = [LOST, LATE, BAD_GATEWAY, DROPPED]


@pytest.fixture
def house(house: House) -> House:
    """A template with four tickets, and a team."""
    house.github.add(SOURCE, *TITLES)
    house.github.add(TEAM_A)
    house.github.listing_lag_s = 300.0
    return house


def signs(house: House, credential: Credential, author: Author) -> None:
    """From now on this one signs, and GitHub names that author."""
    house.github.me, house.github.writes_as = credential, author


def assert_well(house: House) -> None:
    """Every ticket once and in order; nothing of ours is called planted, and nothing is to be closed."""
    assert house.github.titles(TEAM_A) == TITLES
    assert {request["state"] for request in house.store.requests.values()} == {"done"}
    assert not house.told("stray.found")
    assert not house.told("marker.planted")
    assert house.store.dead == []


async def interrupted(house: House, after: int, act: Callable[[], None]) -> None:
    """Run, and do something when so many creations were asked for; then another worker goes on."""
    async with house.running("worker-1"):
        await house.until(lambda: house.github.faults.count("create_issue") >= after)
        act()
    await house.settle()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("nth", [1, 2, 4])
@pytest.mark.parametrize("author", [BOT, Author("school-sync", 78)])
async def test_a_token_that_does_not_say_who_it_is_doubles_nothing(
    house: House, author: Author, nth: int, fault: Fault
) -> None:
    """Whatever it is that GitHub then names as the author."""
    signs(house, NAMELESS, author)
    house.github.faults.at("create_issue", nth, fault)
    await house.migrate(TEAM_A)

    assert_well(house)


async def test_it_writes_one_ticket_and_looks_again_before_the_next(house: House) -> None:
    """Another bot's markers were taken for its own until then; the rest follows in order."""
    other = {"author": "planter[bot]", "author_id": 99, "is_by_bot": True}
    target = house.github.at(TEAM_A).repository.id
    marker = marker_of(house.github.issues(SOURCE)[2], target)
    house.github.add_issue(TEAM_A, "planted", marker, **other)
    signs(house, NAMELESS, BOT)
    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == ["planted", *TITLES]
    assert [line["number"] for line in house.told("marker.planted")] == [1]


async def test_what_it_copied_before_all_was_forgotten_is_not_copied_again(house: House) -> None:
    """Valkey is empty, so the author of these copies is unknown: a bot wrote them, as installations do."""
    signs(house, NAMELESS, BOT)
    await house.migrate(TEAM_A)
    house.store.forget_all("ledger")
    house.store.do("DEL", house.keys.logins)
    house.github.add_issue(SOURCE, "Ticket 5")

    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == [*TITLES, "Ticket 5"]
    assert not house.told("stray.found")


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((APP, BOT), (TOKEN, PERSON)),
        ((TOKEN, PERSON), (APP, BOT)),
        ((NAMELESS, BOT), (TOKEN, PERSON)),
        ((TOKEN, PERSON), (NAMELESS, BOT)),
        ((APP, BOT), (NAMELESS, Author("other[bot]", 78, is_bot=True))),
    ],
)
async def test_another_account_goes_on_while_a_write_is_unanswered(
    house: House, nth: int, before: tuple[Credential, Author], after: tuple[Credential, Author]
) -> None:
    """An App and a token, there and back."""
    signs(house, *before)
    house.github.faults.at("create_issue", nth, LOST)
    house.publish(TEAM_A)

    await interrupted(house, nth, lambda: signs(house, *after))
    house.store.forget_all("ledger")
    signs(house, *before)
    await house.migrate(TEAM_A)

    assert_well(house)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((APP, BOT), (TOKEN, PERSON)),
        ((TOKEN, PERSON), (APP, BOT)),
        ((TOKEN, PERSON), (NAMELESS, BOT)),
    ],
)
async def test_another_account_signs_from_one_write_to_the_next(
    house: House, before: tuple[Credential, Author], after: tuple[Credential, Author]
) -> None:
    """The App was installed, or suspended, in the middle of a crossing; the first write of the other is unanswered.

    GitHub takes both, so nobody is told that it refuses a credential.
    """
    house.ceilings = SLOWLY
    signs(house, *before)
    house.github.faults.at("create_issue", 3, LOST)
    house.publish(TEAM_A)

    async with house.running():
        await house.until(lambda: house.github.faults.count("create_issue") == 2)
        signs(house, *after)
        await house.until_quiet()

    assert_well(house)
    assert not [line for line in house.told("delivery.snoozed") if line["log_level"] == "error"]


@pytest.mark.parametrize("nth", [1, 2, 4])
@pytest.mark.parametrize(("credential", "author"), [(APP, BOT), (TOKEN, PERSON), (NAMELESS, BOT)])
async def test_our_account_is_renamed_while_a_write_is_unanswered(
    house: House, credential: Credential, author: Author, nth: int
) -> None:
    """GitHub shows the new name at every issue that it has ever opened."""
    renamed = Author("renamed", author.id, author.is_bot)
    signs(house, credential, author)
    house.github.faults.at("create_issue", nth, LOST)
    house.publish(TEAM_A)

    def rename() -> None:
        signs(house, credential, renamed)
        for issue in house.github.issues(TEAM_A):
            house.github.edit_issue(TEAM_A, issue.number, author="renamed")

    await interrupted(house, nth, rename)

    assert_well(house)


async def test_a_student_who_takes_our_former_name_is_not_one_of_us(house: House) -> None:
    """An account is its number."""
    signs(house, TOKEN, PERSON)
    target = house.github.at(TEAM_A).repository.id
    marker = marker_of(house.github.issues(SOURCE)[0], target)
    house.github.add_issue(TEAM_A, "mine", marker, author="teacher", author_id=6)
    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == ["mine", *TITLES]


async def test_a_second_copy_is_found_although_nobody_knows_who_we_are(house: House) -> None:
    """Every answer was lost, so no 201 has said it; the same author wrote both."""
    signs(house, NAMELESS, BOT)
    for nth in (1, 2, 3, 4):
        house.github.faults.at("create_issue", nth, LOST)
    await house.migrate(TEAM_A)
    body = house.github.issues(TEAM_A)[0].body
    by_us = {"author": BOT.login, "author_id": BOT.id, "is_by_bot": True}
    house.github.add_issue(TEAM_A, "Ticket 1", body, **by_us)
    house.github.add_issue(TEAM_A, "a paste", body, author="student", author_id=6)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "failed"
    assert [line["number"] for line in house.told("stray.found")] == [5]
    assert [line["number"] for line in house.told("marker.planted")] == [6]
