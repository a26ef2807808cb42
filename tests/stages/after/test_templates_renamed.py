"""An update goes by the template whose tickets were copied, and not by whatever has its name now."""

import pytest

from monarch.core.after.acts import Act
from monarch.core.plan import Plan
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.verdict import Dead
from tests.stages.after.test_updates import copied
from tests.stages.house import SOURCE, TEAM_A, House
from tests.stages.rehearsal.test_dry_run import rehearser, sources

RENAMED = "org/template-2"


async def test_an_update_follows_its_template_when_a_stranger_takes_the_name(house: House) -> None:
    """It read the stranger, said of every ticket that it is closed in the template, and copied the stranger's tickets."""
    base, known = await copied(house, "One", "Two"), house.github.at(SOURCE).repository.id
    house.github.rename(SOURCE, RENAMED)
    house.github.add(SOURCE, "A stranger's")
    house.github.edit_issue(RENAMED, 1, title="Uno")
    reader = rehearser(sources(house), house.style)
    told = await reader.plan(Request(parse_ref(SOURCE), ()), Act.UPDATE, known)

    request = house.update(TEAM_A, bases=base, act=Act.UPDATE_AND_CLOSE, source_id=known)
    await house.settle()

    assert isinstance(told, Plan)
    assert [one.title for one in told.tickets] == ["Uno", "Two"]
    assert house.state(request) == "done"
    assert [(one.title, one.state) for one in house.github.issues(TEAM_A)] == [
        ("Uno", "open"),
        ("Two", "open"),
    ]
    assert house.store.requests[request]["source"] == RENAMED


@pytest.mark.parametrize("by_name", [False, True])
async def test_an_update_refuses_a_stranger_that_has_the_name_of_its_template(
    house: House, *, by_name: bool
) -> None:
    """It closed the copies of all tickets, since the stranger does not have them. A replay goes by the same template.

    The template is gone, or the server has no addresses by id that would lead to it.
    """
    base, known = await copied(house, "One"), house.github.at(SOURCE).repository.id
    house.github.by_name = by_name
    if by_name:
        house.github.rename(SOURCE, RENAMED)
    else:
        house.github.delete(SOURCE)
    house.github.add(SOURCE, "A stranger's")
    reader = rehearser(sources(house), house.style)
    told = await reader.plan(Request(parse_ref(SOURCE), ()), Act.UPDATE, known)

    request = house.update(TEAM_A, bases=base, act=Act.UPDATE_AND_CLOSE, source_id=known)
    await house.settle()
    await house.hands().replay([letter["id"] for letter in house.store.dead], "ada")
    await house.settle()

    [letter] = house.store.dead
    assert isinstance(told, Dead)
    assert told.reason in letter["reason"]
    assert "is another repository now than the one whose tickets were copied" in told.reason
    assert house.state(request) == "dead"
    assert [(one.title, one.state) for one in house.github.issues(TEAM_A)] == [("One", "open")]
