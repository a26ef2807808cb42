"""Two targets have swapped their names: what people are shown of an act leads to the repository that it has reached."""

import pytest

from monarch.cli.after.telling import acted_lines
from monarch.core.after.acts import Act
from monarch.core.copy.notes import renamed
from monarch.core.ids import CohortId
from tests.stages.after.test_updates import began, copied
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House

WEB = "https://github.com"


@pytest.mark.parametrize("act", [Act.RECALL, Act.UNDO])
async def test_links_lead_to_the_repository_that_an_act_has_reached(house: House, act: Act) -> None:
    """Each led to the issue of that number in the other one. Once the names are as before, so are the links."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    base = await house.migrated(TEAM_A, TEAM_B)
    if act is Act.UNDO:
        await began(house, base, Act.RECALL)
    house.github.edit_issue(TEAM_A, 2, comments=1)
    house.github.swap(TEAM_A, TEAM_B)

    await began(house, base, act)

    links = f"<{WEB}/{TEAM_B}/issues|{TEAM_A}>", f"<{WEB}/{TEAM_B}/issues/2|#2> (commented)"
    assert all(link in house.card() for link in links)
    (request,) = house.cohort(CohortId(base)).requests
    first, *_ = request.migrations
    assert [line for line in acted_lines(first, WEB) if "left" in line][1:] == [
        f"  left #2 (commented): {WEB}/{TEAM_B}/issues/2"
    ]
    house.github.swap(TEAM_A, TEAM_B)
    await began(house, base, Act.RECALL if act is Act.UNDO else Act.UNDO)
    assert f"<{WEB}/{TEAM_A}/issues|{TEAM_A}>" in house.card()


async def test_an_update_follows_its_target_when_a_stranger_takes_the_name(house: House) -> None:
    """It copied the whole template into the stranger."""
    base = await copied(house, "One")
    known = house.github.at(TEAM_A).repository.id
    house.github.rename(TEAM_A, TEAM_B)
    house.github.add(TEAM_A)
    house.github.edit_issue(SOURCE, 1, title="Uno")

    request = house.update(TEAM_A, bases=base, reached={TEAM_A: known})
    await house.settle()

    assert house.state(request) == "done"
    assert house.github.titles(TEAM_A) == []
    assert house.github.titles(TEAM_B) == ["Uno"]
    assert house.notes() == [renamed(TEAM_A, TEAM_B)]
