"""What comes after an update: copies that it has edited, and copies whose tickets the template has closed, which it lists, or closes if it is asked to."""

from collections.abc import Callable
from typing import Any

import pytest

from monarch.core.after.acts import Act
from monarch.core.after.revision import LeftToPeople
from monarch.core.after.touch import Happening, Touch
from monarch.core.copy.notes import renamed
from monarch.core.ids import RequestId
from monarch.core.plan import Plan
from monarch.core.portions.sharing import share_of
from monarch.core.report.passage import Passage
from monarch.core.report.update import foresight_of
from monarch.core.report.verification import Mark, verify
from monarch.core.target.survey import Survey
from monarch.core.ticket import Author, Label, Milestone
from monarch.stages.after.changes import ROUNDS
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from scripts.memory.client import Answer, Command
from tests.stages.every_seam import quiet_run, strike
from tests.stages.house import SOURCE, TEAM_A, House, Worker
from tests.stages.rehearsal import test_dry_run
from tests.stages.rehearsal.test_dry_run import rehearser, sources
from tests.stages.seams import Blow

TITLES = ("One", "Two", "Three", "Four")


async def copied(house: House, *titles: str) -> RequestId:
    """A team has a copy of each ticket."""
    house.github.add(SOURCE, *titles)
    house.github.add(TEAM_A)
    return await house.migrated(TEAM_A)


async def updated(house: House, base: RequestId, act: Act) -> list[tuple[str, Any]]:
    """The team is updated; every write of it, and the issue that it is about."""
    before = len(house.github.did)
    request = house.update(TEAM_A, bases=base, act=act)
    await house.settle()
    assert house.state(request) == "done"
    return [(write.method, write.what[0]) for write in house.github.did[before:]]


async def planned(house: House) -> Plan:
    """The template's tickets as they are."""
    return await test_dry_run.planned(rehearser(sources(house), house.style))


class Known:
    """The plan of one request of before."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans`."""
        return self._plan


async def passage(house: House, plan: Plan, act: Act, other: Plan) -> Passage:
    """What an act would do that goes by another plan, too; and that it writes nothing."""
    before, target = len(house.github.did), house.github.at(TEAM_A).repository.id
    reader = rehearser(sources(house), house.style, plans=Known(other))
    bases = (RequestId("1-0"),)
    found = await reader.rehearse(TEAM_A, RehearsalWish(plan, act, target, bases))
    assert isinstance(found, Passage)
    assert len(house.github.did) == before
    return found


def close(house: House, *numbers: int) -> None:
    """The template closes these tickets."""
    for number in numbers:
        house.github.edit_issue(SOURCE, number, state="closed")


def states(house: House) -> dict[int, str]:
    """How the team's issues stand."""
    return {
        issue.number: issue.state_reason or issue.state for issue in house.github.issues(TEAM_A)
    }


async def test_an_update_lists_what_the_template_has_closed_and_closes_nothing(
    house: House,
) -> None:
    """On the card, too, with the copy and what would close it; one that a person has closed is no news."""
    base = await copied(house, *TITLES)
    close(house, 2, 4)
    house.github.edit_issue(TEAM_A, 4, state="closed", state_reason="completed")

    assert await updated(house, base, Act.UPDATE) == []

    assert states(house) == {1: "open", 2: "open", 3: "open", 4: "completed"}
    assert "tickets #2: closed in the template since; their copies stay open" in house.card()


async def test_an_update_that_is_asked_to_closes_what_people_have_not_touched(house: House) -> None:
    """Also after an update that did not; what it says before is what it does, and a later message makes nothing of it again."""
    base = await copied(house, *TITLES)
    earlier = await planned(house)
    close(house, 2, 3, 4)
    await updated(house, base, Act.UPDATE)
    house.github.edit_issue(TEAM_A, 3, comments=1)
    house.github.edit_issue(TEAM_A, 4, body="Ours.")
    passed = await passage(house, await planned(house), Act.UPDATE_AND_CLOSE, earlier)
    told = foresight_of(passed, [earlier], house.style).closed

    did = await updated(house, base, Act.UPDATE_AND_CLOSE)

    would = [("change_state", one.number) for one in told if not one.touches]
    assert did == would == [("change_state", 2)]
    assert [one.number for one in told if one.touches] == [3, 4]
    assert states(house) == {1: "open", 2: "not_planned", 3: "open", 4: "open"}
    assert "tickets #2: closed in the template since, and their copies with them" in house.card()
    assert await updated(house, base, Act.UPDATE_AND_CLOSE) == []
    await began(house, base, Act.UNDO)
    assert states(house)[2] == "reopened"
    await began(house, base, Act.RECALL)
    house.github.edit_issue(SOURCE, 2, state="open")
    await house.migrate(TEAM_A)
    assert house.github.titles(TEAM_A) == list(TITLES)


async def retired(house: House, *numbers: int) -> tuple[RequestId, Plan]:
    """The template has closed these tickets, an update their copies, and the template has opened them again."""
    base = await copied(house, *TITLES)
    earlier = await planned(house)
    close(house, *numbers)
    await updated(house, base, Act.UPDATE_AND_CLOSE)
    assert all(states(house)[number] == "not_planned" for number in numbers)
    for number in numbers:
        house.github.edit_issue(SOURCE, number, state="open")
    return base, earlier


@pytest.mark.parametrize("act", [Act.UPDATE, Act.UPDATE_AND_CLOSE])
async def test_a_ticket_that_the_template_opens_again_gets_its_copy_back(
    house: House, act: Act
) -> None:
    """It stayed closed for ever. What people have touched since stays as it is and is listed; a dry run says all of it before."""
    base, earlier = await retired(house, 1, 2, 3, 4)
    house.github.edit_issue(SOURCE, 1, body="After #2.")
    house.github.edit_issue(TEAM_A, 2, comments=1)
    for happening, state, reason in (("reopened", "open", ""), ("closed", "closed", "completed")):
        house.github.edit_issue(TEAM_A, 3, state=state, state_reason=reason)
        house.github.happen(TEAM_A, 3, happening)
    house.github.edit_issue(TEAM_A, 4, state="open", state_reason="reopened")
    house.github.happen(TEAM_A, 4, "reopened")
    passed = await passage(house, await planned(house), act, earlier)
    told = foresight_of(passed, [earlier], house.style)

    did = await updated(house, base, act)

    assert did == [("change_state", 1), ("revise_issue", 1)]
    assert told.opened == ((1, 1),)
    assert [(one.issue.number, one.found) for one in told.differing if one.issue.number > 1] == [
        (2, LeftToPeople(Touch.COMMENTED)),
        (3, LeftToPeople(Touch.CLOSED)),
    ]
    assert house.told("act.ended")[-1]["changed"] == 1
    assert states(house) == {1: "reopened", 2: "not_planned", 3: "completed", 4: "reopened"}
    assert "tickets #1: opened again in the template, and their copies with them" in house.card()
    assert await updated(house, base, act) == []


async def test_a_copy_goes_with_its_ticket_as_often_as_that_is_closed(house: House) -> None:
    """Our own closing and opening is no touch."""
    base, _ = await retired(house, 2)
    assert await updated(house, base, Act.UPDATE) == [("change_state", 2)]
    close(house, 2)
    assert await updated(house, base, Act.UPDATE_AND_CLOSE) == [("change_state", 2)]
    house.github.edit_issue(SOURCE, 2, state="open")

    assert await updated(house, base, Act.UPDATE) == [("change_state", 2)]

    assert states(house)[2] == "reopened"


async def test_what_a_person_recalls_stays_closed_whatever_becomes_of_its_ticket(
    house: House,
) -> None:
    """Also if an update had closed it before: the recall closes nothing then, and is what holds. Its undoing opens all."""
    base, _ = await retired(house, 2)
    await began(house, base, Act.RECALL)

    assert await updated(house, base, Act.UPDATE) == []

    assert set(states(house).values()) == {"not_planned"}
    await began(house, base, Act.UNDO)
    assert set(states(house).values()) == {"reopened"}


async def test_a_recalled_copy_whose_ticket_was_edited_is_listed(house: House) -> None:
    """An update said nothing of it, and once the recall was undone it was open with the old text."""
    base = await copied(house, "One", "Two")
    await began(house, base, Act.RECALL)
    earlier = await planned(house)
    house.github.edit_issue(SOURCE, 1, body="Do it better.")
    passed = await passage(house, await planned(house), Act.UPDATE, earlier)

    assert await updated(house, base, Act.UPDATE) == []

    assert house.told("act.ended")[-1]["left"] == 1
    told = foresight_of(passed, [earlier], house.style)
    assert [(one.issue.number, one.found) for one in told.differing] == [
        (1, LeftToPeople(Touch.RECALLED))
    ]
    await began(house, base, Act.UNDO)
    assert await updated(house, base, Act.UPDATE) == [("revise_issue", 1)]


async def test_a_closed_copy_of_which_nothing_is_on_record_is_left_and_listed(house: House) -> None:
    """Valkey forgot the ledger: it may have been a recall, which an update must not undo."""
    base, earlier = await retired(house, 2)
    house.store.forget_all("ledger")
    passed = await passage(house, await planned(house), Act.UPDATE, earlier)

    assert await updated(house, base, Act.UPDATE) == []

    assert states(house)[2] == "not_planned"
    told = foresight_of(passed, [earlier], house.style)
    assert [(one.issue.number, one.found) for one in told.differing] == [
        (2, LeftToPeople(Touch.CLOSED))
    ]


async def test_a_template_whose_tickets_are_all_closed_is_updated_like_any_other(
    house: House,
) -> None:
    """It is not skipped for having no tickets."""
    base = await copied(house, "One", "Two")
    close(house, 1, 2)

    assert await updated(house, base, Act.UPDATE_AND_CLOSE) == [
        ("change_state", 1),
        ("change_state", 2),
    ]

    assert states(house) == {1: "not_planned", 2: "not_planned"}
    assert "2 copies updated" in house.card()


async def test_what_an_update_has_edited_is_recalled_and_opened_by_the_request_of_before(
    house: House,
) -> None:
    """It is still as Monarch wrote it, though the request that is recalled says something else."""
    base = await copied(house, *TITLES)
    earlier = await planned(house)
    house.github.edit_issue(SOURCE, 1, title="Uno", body="After #5.")
    house.github.add_issue(SOURCE, "Five")
    house.github.edit_issue(TEAM_A, 2, body="Ours.")
    assert ("revise_issue", 1) in await updated(house, base, Act.UPDATE)
    now = await planned(house)
    survey = await rehearser(sources(house), house.style).look(TEAM_A, RehearsalWish(earlier))
    assert isinstance(survey, Survey)

    marks = [one.marks for one in verify(earlier, survey, house.style, [now]).findings]
    told = await passage(house, earlier, Act.RECALL, now)
    await began(house, base, Act.RECALL)
    assert list(told.changed.values()) == [1, 3, 4]
    found = states(house)
    assert found == {1: "not_planned", 2: "open", 3: "not_planned", 4: "not_planned", 5: "open"}
    house.github.edit_issue(TEAM_A, 4, comments=1)
    told = await passage(house, earlier, Act.UNDO, now)
    await began(house, base, Act.UNDO)
    assert list(told.changed.values()) == [1, 3]
    found = states(house)
    assert found == {1: "reopened", 2: "open", 3: "reopened", 4: "not_planned", 5: "open"}

    assert marks[:2] == [(Mark.PRESENT,), (Mark.EDITED,)]


async def began(house: House, request: RequestId, act: Act) -> None:
    """A person asks for an act, and it is done."""
    await house.hands().begin(request, act, [TEAM_A], "Ann")
    await house.settle()
    assert house.state(request) == "done"


async def test_a_dry_run_of_an_update_says_every_write_before(house: House) -> None:
    """New copies with what they need, edits, and the second pass; in the same order, and nothing else."""
    base = await copied(house, *TITLES)
    earlier, bug = await planned(house), Label("bug", "d73a4a", "")
    house.github.edit_issue(SOURCE, 1, body="After #5.", labels=(bug,))
    house.github.edit_issue(SOURCE, 2, title="Dos")
    house.github.edit_issue(TEAM_A, 2, title="Ours")
    house.github.add_issue(TEAM_A, "Our own", author="student", author_id=7)
    house.github.add_issue(SOURCE, "Five", "Before #6.", labels=(bug,))
    house.github.add_issue(SOURCE, "Six", parent=5)
    passed = await passage(house, await planned(house), Act.UPDATE, earlier)

    did = [(method, what) for method, what in await updated(house, base, Act.UPDATE)]

    writes, edits = passed.writes, dict.fromkeys(one.number for one, _ in passed.writes.revised)
    assert [what for method, what in did if method == "revise_issue"] == list(edits) == [1]
    assert [what.title for m, what in did if m == "create_issue"] == [*writes.created.values()]
    assert [what.name for method, what in did if method == "create_label"] == writes.labels
    assert [what for method, what in did if method == "edit_body"] == writes.edited == [6]
    nested = [what for method, what in did if method == "add_sub_issue"]
    assert nested == [one.parent for one in writes.nested] == [6]
    assert len(did) == 1 + 2 + 1 + 1 + 1
    told = foresight_of(passed, [earlier], house.style)
    assert [(one.issue.number, one.found) for one in told.differing][1] == (
        2,
        LeftToPeople(Touch.EDITED),
    )


async def test_a_label_is_added_though_the_message_was_sent_again_since(house: House) -> None:
    """The plan of that request has it, and the copy was never given it; what a student takes away stays away."""
    base = await copied(house, "One")
    house.github.edit_issue(SOURCE, 1, labels=(Label("bug", "d73a4a", ""),))
    again = await house.migrate(TEAM_A)
    bases = RequestId(f"{again} {base}")

    did = [method for method, _ in await updated(house, bases, Act.UPDATE)]
    assert did == ["create_label", "revise_issue"]
    assert [label.name for label in house.github.issues(TEAM_A)[0].labels] == ["bug"]
    house.github.edit_issue(TEAM_A, 1, labels=())
    taken = Happening("unlabeled", Author("student", 7), "bug")
    house.github.at(TEAM_A).timelines.setdefault(1, []).append(taken)

    assert await updated(house, bases, Act.UPDATE) == []


def meddled(house: House, meddle: Callable[[], None]) -> Worker:
    """A worker that has just been permitted each write when people come."""

    async def pass_by(command: Command, answer: Answer) -> Any:
        reply = await answer()
        if command.name == "permit":
            meddle()
        return reply

    return house.worker(passage=pass_by)


async def test_a_copy_that_is_edited_between_look_and_write_is_left(house: House) -> None:
    """It is read once more with the permission in hand, and what a student wrote in that moment stays."""
    base = await copied(house, "One", "Two")
    house.github.edit_issue(SOURCE, 1, body="Do it better.")
    house.update(TEAM_A, bases=base)
    before = len(house.github.did)

    def edit() -> None:
        house.github.edit_issue(TEAM_A, 1, body="Ours.")

    await meddled(house, edit).run(house.until_quiet)

    assert house.github.did[before:] == []
    assert house.github.issues(TEAM_A)[0].body == "Ours."
    [line] = house.told("act.ended")
    assert (line["changed"], line["left"]) == (0, 1)
    assert "issues/1|#1> (edited)" in house.card()


async def test_a_copy_that_people_are_at_work_on_is_left_after_some_rounds(house: House) -> None:
    """Each time it is decided anew, and each time it has changed before the write."""
    base = await copied(house, "One")
    house.github.edit_issue(SOURCE, 1, title="Uno")
    house.update(TEAM_A, bases=base)
    before, comments = len(house.github.did), iter(range(1, 100))

    def comment() -> None:
        house.github.edit_issue(TEAM_A, 1, comments=next(comments))

    await meddled(house, comment).run(house.until_quiet)

    assert house.github.did[before:] == []
    assert next(comments) == ROUNDS + 1
    assert "issues/1|#1> (changed)" in house.card()


async def test_a_copy_that_is_touched_between_look_and_close_stays_open(house: House) -> None:
    """Of a recall, too."""
    base = await copied(house, "One", "Two")
    await house.hands().begin(base, Act.RECALL, [TEAM_A], "Ann")

    def comment() -> None:
        house.github.edit_issue(TEAM_A, 1, comments=1)

    await meddled(house, comment).run(house.until_quiet)

    assert states(house) == {1: "open", 2: "not_planned"}
    assert "issues/1|#1> (commented)" in house.card()


async def test_a_ticket_that_has_moved_to_another_milestone_is_updated_with_its_portion(
    house: House,
) -> None:
    """Its copy kept the old title and the old milestone, and nothing was said of that; what is new stays in its portion."""
    first, second = Milestone("Sprint 1", "open", "", ""), Milestone("Sprint 2", "open", "", "")
    house.github.add(SOURCE)
    for title in ("One", "Two"):
        house.github.add_issue(SOURCE, title, milestone=first)
    house.github.add(TEAM_A)
    base = await house.migrated(TEAM_A, milestones=["Sprint 1"])
    earlier = share_of(await planned(house), ["Sprint 1"], [first])
    house.github.edit_issue(SOURCE, 2, title="Later", milestone=second)
    house.github.add_issue(SOURCE, "New", milestone=second)

    now = share_of(await planned(house), ["Sprint 1"], [first, second])
    passed = await passage(house, now, Act.UPDATE, earlier)
    foreseen = foresight_of(passed, [earlier], house.style)

    request = house.update(TEAM_A, bases=base, milestones=["Sprint 1"])
    await house.settle()

    assert house.state(request) == "done"
    told = [
        (issue.title, issue.milestone and issue.milestone.title)
        for issue in house.github.issues(TEAM_A)
    ]
    assert told == [("One", "Sprint 1"), ("Later", "Sprint 2")]
    assert [one.title for one in foreseen.differing] == ["Later"]
    assert foreseen.new == ()


async def test_a_recall_names_the_repository_that_it_has_reached(house: House) -> None:
    """Another one has taken the name since: "3 recalled" was said of it, and it has no issue."""
    base = await copied(house, "One")
    house.github.rename(TEAM_A, "org/elsewhere")
    house.github.add(TEAM_A)

    await began(house, base, Act.RECALL)

    assert [one.state for one in house.github.issues("org/elsewhere")] == ["closed"]
    assert house.notes() == [renamed(TEAM_A, "org/elsewhere")]


async def test_a_recall_of_a_deleted_target_does_not_say_that_it_is_to_come(house: House) -> None:
    """The target that the copies were in "does not exist yet"."""
    base = await copied(house, "One")
    house.github.delete(TEAM_A)

    await house.hands().begin(base, Act.RECALL, [TEAM_A], "Ann")
    await house.settle()

    assert not [line for line in house.lines if "does not exist yet" in line]
    assert [line for line in house.lines if "the target cannot be found any more" in line]


@pytest.mark.parametrize("blow", [Blow.DEATH, Blow.FREEZE])
@pytest.mark.parametrize("call", ["github.revise_issue", "valkey.record"])
def test_who_ends_an_update_reports_the_edits_of_those_that_died(call: str, blow: Blow) -> None:
    """The card counted those of the last worker alone, and `show` another number once a frozen one had thawed."""
    passed = quiet_run("portion-updated", 1)
    first, *_ = (one.number for one in passed if one.call == "github.revise_issue")
    after = [m for m in passed if m.call == call and m.side == "after" and m.number > first]
    assert after

    for moment in after:
        story = strike("portion-updated", {moment.number: blow}, taken_over=True)

        (updated,) = (one for one in story.house.store.migrations.values() if one.get("acted"))
        assert updated["changed"] == "2", moment


async def test_copies_that_a_recall_has_closed_are_not_silently_there(house: House) -> None:
    """The same message again said that all were there already, and nobody said that all were closed."""
    base = await copied(house, "One", "Two")
    await began(house, base, Act.RECALL)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "done"
    assert [one.state for one in house.github.issues(TEAM_A)] == ["closed", "closed"]
    assert "copies #1, #2: a recall had closed them before this message" in house.notes()[-1]
    assert len(house.notes()) == 1

    await began(house, base, Act.UNDO)
    last = await house.migrate(TEAM_A)

    assert house.state(last) == "done"
    assert len(house.notes()) == 1


async def test_a_copy_that_went_with_its_ticket_is_not_silently_there_when_the_ticket_is_back(
    house: House,
) -> None:
    """The same message counted it as there; it was closed, and nothing said so or what opens it."""
    base, _ = await retired(house, 2)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "done"
    assert states(house)[2] == "not_planned"
    assert "copies #2: an update had closed them with their tickets" in house.notes()[-1]

    told = len(house.notes())
    assert await updated(house, base, Act.UPDATE) == [("change_state", 2)]
    last = await house.migrate(TEAM_A)

    assert house.state(last) == "done"
    assert not any("had closed them" in one for one in house.notes()[told:])
