"""In portions: a part of the template now, another part on a date, and what lies between them."""

from datetime import datetime, timedelta

import pytest

from monarch.core.plan import Plan
from monarch.core.portions.message import Portion
from monarch.core.report.passage import Passage
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.ticket import Milestone
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from tests.stages.house import SOURCE, TEAM_A, House, pass_time
from tests.stages.rehearsal.test_dry_run import rehearser, sources

FIRST, SECOND = Milestone("Sprint 1", number=1), Milestone("Sprint 2", number=2)


@pytest.fixture
def house(house: House) -> House:
    """Two sprints of two tickets, which refer to one another, and one ticket in no milestone."""
    house.github.add(SOURCE)
    house.github.add(TEAM_A)
    house.github.add_issue(SOURCE, "One", "Before #2.", milestone=FIRST)
    house.github.add_issue(SOURCE, "Two", "After #1, before #4.", milestone=SECOND)
    house.github.add_issue(SOURCE, "Three", "After #2.", milestone=FIRST)
    house.github.add_issue(SOURCE, "Four", "After #3.", milestone=SECOND)
    house.github.add_issue(SOURCE, "Loose", "After #5.")
    return house


def texts(house: House) -> dict[str, str]:
    """What the copies say, above their markers."""
    return {i.title: i.body.partition("\n\n<!--")[0] for i in house.github.issues(TEAM_A)}


def link(number: int) -> str:
    """The link to a ticket that has no copy."""
    return f"[{SOURCE}#{number}](https://redirect.github.com/{SOURCE}/issues/{number})"


async def test_only_the_tickets_of_the_milestone_are_copied(house: House) -> None:
    """The others are not there, and are not told as missing."""
    request = await house.migrate(TEAM_A, milestones=["sprint 1"])

    assert house.github.titles(TEAM_A) == ["One", "Three"]
    assert (house.state(request), house.store.requests[request]["tickets"]) == ("done", "2")


async def test_a_reference_to_a_later_portion_is_a_link_and_costs_no_second_write(
    house: House,
) -> None:
    """The date of that portion is unknown, so no number is promised: #2 may become a student's own issue."""
    await house.migrate(TEAM_A, milestones=["Sprint 1"])

    assert texts(house) == {"One": f"Before {link(2)}.", "Three": f"After {link(2)}."}
    assert house.github.faults.count("edit_body") == 0


async def test_a_later_portion_puts_the_references_between_both_right(house: House) -> None:
    """In its own copies and in those that were there before it."""
    await house.migrate(TEAM_A, milestones=["Sprint 1"])
    await house.migrate(TEAM_A, milestones=["Sprint 2"])

    assert house.github.titles(TEAM_A) == ["One", "Three", "Two", "Four"]
    assert texts(house) == {
        "One": "Before #3.",
        "Three": "After #3.",
        "Two": "After #1, before #4.",
        "Four": "After #2.",
    }


async def test_a_message_for_all_completes_a_portion_and_doubles_nothing(house: House) -> None:
    """What is there stays; the rest follows, ascending among itself."""
    await house.migrate(TEAM_A, milestones=["Sprint 2"])
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["Two", "Four", "One", "Three", "Loose"]
    assert texts(house)["Two"] == "After #3, before #2."


async def test_a_dry_run_of_a_portion_says_before_what_is_then_done(house: House) -> None:
    """Its own copies, and the references of an earlier portion that are put right then; nothing is written before."""
    await house.migrate(TEAM_A, milestones=["Sprint 1"])
    house.github.add_issue(TEAM_A, "Our own", author="student", author_id=7)
    before = len(house.github.did)
    reader = rehearser(sources(house), house.style)
    plan = await reader.plan(Request(parse_ref(SOURCE), (), portion=Portion(None, ("Sprint 2",))))
    assert isinstance(plan, Plan)
    told = await reader.rehearse(TEAM_A, RehearsalWish(plan))
    assert isinstance(told, Passage)
    assert len(house.github.did) == before

    await house.migrate(TEAM_A, milestones=["Sprint 2"])

    did = house.github.did[before:]
    created = [write.what[0].title for write in did if write.method == "create_issue"]
    edited = [write.what[0] for write in did if write.method == "edit_body"]
    assert created == list(told.writes.created.values()) == ["Two", "Four"]
    assert edited == told.writes.edited
    assert [
        w.what[0].title for w in did if w.method == "create_milestone"
    ] == told.writes.milestones
    assert len(did) == 2 + len(edited) + 1


async def test_the_same_portion_again_writes_nothing(house: House) -> None:
    """The button is pressed twice."""
    await house.migrate(TEAM_A, milestones=["Sprint 1"])
    did = list(house.github.did)
    request = await house.migrate(TEAM_A, milestones=["Sprint 1"])

    assert (house.state(request), house.github.did) == ("done", did)


async def test_a_reference_to_a_copy_without_its_marker_is_kept_by_a_later_portion(
    house: House,
) -> None:
    """A student has rewritten a copy: it is on record all the same."""
    house.github.add_issue(SOURCE, "Six", "After #1.", milestone=FIRST)
    await house.migrate(TEAM_A, milestones=["Sprint 1"])
    house.github.edit_issue(TEAM_A, 1, body="Ours now.")
    await house.migrate(TEAM_A, milestones=["Sprint 2"])

    assert texts(house)["Six"] == "After #1."


async def test_what_a_student_has_rewritten_stays_theirs_in_a_later_portion(house: House) -> None:
    """Only what still says what Monarch wrote is put right."""
    await house.migrate(TEAM_A, milestones=["Sprint 1"])
    body = house.github.issues(TEAM_A)[0].body
    house.github.edit_issue(TEAM_A, 1, body=f"Mine. {body}")
    await house.migrate(TEAM_A, milestones=["Sprint 2"])

    assert texts(house)["One"] == f"Mine. Before {link(2)}."


async def test_an_unknown_milestone_is_told_with_those_that_exist(house: House) -> None:
    """Nothing is copied, not even of the milestone that exists; and nothing is lost."""
    house.github.at(SOURCE).milestones |= {1: FIRST, 2: SECOND}
    request = await house.migrate(TEAM_A, milestones=["Sprint 1", "Sprnt 2"])

    (letter,) = house.store.dead
    assert (house.state(request), letter["code"]) == ("dead", "milestone_not_found")
    assert 'no milestone "Sprnt 2": it has "Sprint 1", "Sprint 2"' in letter["reason"]
    # Fit for a person who published a message, and for one who typed a command.
    assert "ask again with the right title, or create the milestone there" in letter["reason"]
    assert house.github.titles(TEAM_A) == []
    assert "Sprnt 2" in house.slack.texts("C1")[-1]


async def test_a_milestone_without_tickets_is_no_mistake(house: House) -> None:
    """It exists, so the request is skipped, and Slack names the milestone."""
    house.github.at(SOURCE).milestones[3] = Milestone("Sprint 3", number=3)
    request = await house.migrate(TEAM_A, milestones=["Sprint 3"])

    assert house.state(request) == "skipped"
    assert 'no open tickets in milestone "Sprint 3"' in house.slack.texts("C1")[-1]


async def test_tickets_that_github_counts_and_does_not_show_are_waited_for(house: House) -> None:
    """The new tickets of the milestone are not listed yet: that is no evidence that it has none."""
    house.github.at(SOURCE).milestones[3] = third = Milestone("Sprint 3", number=3)
    house.github.listing_lag_s = 60.0
    house.github.add_issue(SOURCE, "Late", milestone=third)
    number = house.github.issues(SOURCE)[-1].number
    late = house.github.issues(SOURCE)[-1]
    house.github.hide(SOURCE, number)
    house.github.change(SOURCE, open_issues=6)
    request = house.publish(TEAM_A, milestones=["Sprint 3"])

    async with house.running():
        await pass_time(10)
        assert house.state(request) == "queued"
        house.github.at(SOURCE).issues[number] = late
        await house.until_quiet()

    assert (house.state(request), house.github.titles(TEAM_A)) == ("done", ["Late"])


# ------------------------------------------------------------------------------------------------- dates


async def test_a_request_waits_for_its_date_and_then_copies_what_the_template_has(
    house: House,
) -> None:
    """GitHub is not asked before; a ticket that is added meanwhile is copied, too."""
    request = house.publish(TEAM_A, milestones=["Sprint 2"], not_before=house.in_a_while(3600))

    async with house.running():
        await pass_time(3500)
        assert house.github.faults.calls == []
        assert house.state(request) == "queued"
        house.github.add_issue(SOURCE, "Added", milestone=SECOND)
        await house.until_quiet()

    assert house.github.titles(TEAM_A) == ["Two", "Four", "Added"]
    assert house.state(request) == "done"


async def test_the_date_and_its_zone_are_told_where_a_request_waits(house: House) -> None:
    """In what is on record of it, and in its channel."""
    request = house.publish(TEAM_A, not_before=house.in_a_while(600))

    async with house.running():
        await pass_time(60)

    known = house.store.requests[request]
    date = datetime.fromisoformat(known["not_before"])
    told = f"it waits until {date:%a %Y-%m-%d %H:%M}"
    assert date.utcoffset() == timedelta(hours=1)
    assert (known["waits"], known["reason"].startswith(told)) == ("date", True)
    assert "+01:00" in known["reason"]
    assert any(told in text for text in house.slack.texts("C1"))


async def test_a_date_that_has_passed_holds_nothing_up(house: House) -> None:
    """The message of last week is sent again for a late team."""
    request = house.publish(TEAM_A, not_before=house.in_a_while(-7 * 86400))

    await house.settle(60)

    assert house.state(request) == "done"


async def test_a_date_that_is_too_far_ahead_is_told(house: House) -> None:
    """With a wrong year the request would never be heard of again."""
    request = await house.migrate(TEAM_A, not_before=house.in_a_while(500 * 86400))

    (letter,) = house.store.dead
    assert (house.state(request), letter["code"]) == ("dead", "not_before_too_far")
    assert "500 days ahead, and may be 400" in letter["reason"]


async def test_a_clock_that_was_put_back_releases_nothing_too_early(house: House) -> None:
    """What is promoted too early asks the server's clock again, and waits again."""
    request = house.publish(TEAM_A, not_before=house.in_a_while(600))

    async with house.running():
        await pass_time(60)
        house.store.advance(-300)
        await pass_time(700)
        assert house.state(request) == "queued"
        await house.until_quiet()

    assert house.state(request) == "done"
