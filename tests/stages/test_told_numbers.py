"""The numbers that people read are true at every moment: waiting, running, failed, cancelled."""

import anyio
import pytest

from monarch.core.ids import RequestId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope
from tests.contracts.doubles.faults import Fault
from tests.stages.house import SOURCE, TEAM_A, House

TITLES = [f"Ticket {n}" for n in range(1, 14)]
REFUSED = Fault(Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no, says GitHub"))
FORBIDDEN = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "the token may not"))


@pytest.fixture
async def house(house: House) -> House:
    """A target that holds twelve of thirteen tickets; the last one was added to the template since."""
    house.github.add(SOURCE, *TITLES[:-1])
    house.github.add(TEAM_A)
    await house.migrate(TEAM_A)
    house.github.add_issue(SOURCE, TITLES[-1])
    return house


def line(house: House) -> str:
    """What was said last of the target."""
    return house.card().splitlines()[1]


def counts(house: House, request: RequestId) -> tuple[int, int, int]:
    """What commands show of it: copied, already there, deleted."""
    (fields,) = [known for one, known in house.store.migrations.items() if request in one]
    copied, present, deleted = (int(fields.get(n, "0")) for n in ("copied", "present", "deleted"))
    return copied, present, deleted


@pytest.mark.parametrize(("fault", "told"), [(REFUSED, " (1 refused)"), (FORBIDDEN, "")])
async def test_a_second_request_that_fails_tells_of_the_copies_that_are_there(
    house: House, fault: Fault, told: str
) -> None:
    """Twelve of thirteen, and not none."""
    house.github.faults.at("create_issue", 13, fault)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "failed"
    assert f"12/13{told}, *failed*." in line(house)
    assert counts(house, again) == (0, 12, 0)


async def test_one_that_waits_tells_of_the_copies_that_are_there(house: House) -> None:
    """While it is parked for a limit, before anything was made."""
    house.github.faults.at("create_issue", 13, Fault(RateLimited("a limit", 600)))
    again = house.publish(TEAM_A)

    async with house.running():
        await house.until(lambda: bool(house.store.parked))

    assert counts(house, again) == (0, 12, 0)


async def test_one_that_is_called_off_tells_of_the_copies_that_are_there(house: House) -> None:
    """Whatever made them."""
    house.github.faults.at("create_issue", 13, Fault(RateLimited("a limit", 600)))
    again = house.publish(TEAM_A)

    async def until_parked_and_called_off() -> None:
        await house.until(lambda: bool(house.store.parked))
        await house.world.hands.cancel(again, "ann")
        await house.until_quiet()

    with anyio.fail_after(3600):
        await house.worker().run(until_parked_and_called_off)

    assert house.state(again) == "cancelled"
    assert "12/13" in line(house)


async def test_deleted_copies_are_told_by_one_that_fails(house: House) -> None:
    """What is not there and not to be made is named, so that the numbers add up."""
    for number in (2, 3):
        house.github.delete_issue(TEAM_A, number)
    house.github.faults.at("create_issue", 13, REFUSED)

    again = await house.migrate(TEAM_A)

    assert "10/13 (1 refused, 2 deleted or moved away by a person), *failed*." in line(house)
    assert counts(house, again) == (0, 10, 2)


async def test_a_copy_whose_marker_was_edited_away_is_counted(house: House) -> None:
    """The ledger knows it, and it is there."""
    house.github.edit_issue(TEAM_A, 2, body="my own words")
    house.github.faults.at("create_issue", 13, REFUSED)

    await house.migrate(TEAM_A)

    assert "12/13" in line(house)


async def test_a_retry_after_some_copies_tells_what_is_copied_and_what_was_there(
    house: House,
) -> None:
    """Nothing is counted twice, however often it is looked at."""
    house.github.faults.at("list_issues", 6, Fault(RateLimited("a limit", 600)))

    again = await house.migrated(TEAM_A)

    assert counts(house, again) == (1, 12, 0)
    assert "13/13 (12 already there)" in line(house)
