"""A dry run of an act says what the act then does: which copies it changes, which it leaves and why, and what it writes."""

from dataclasses import dataclass
from typing import Any, Final

import trio
from hypothesis import event, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from monarch.core.after.acts import Act
from monarch.core.ids import RequestId
from monarch.core.plan import Plan
from monarch.core.report.passage import Passage
from monarch.core.report.update import foresight_of
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.ticket import Label
from monarch.core.verdict import Acted, Done
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from tests.contracts.doubles.github import LOST
from tests.stages.after.test_updates import Known, began, updated
from tests.stages.house import SOURCE, TEAM_A, House
from tests.stages.rehearsal.test_dry_run import planned, rehearser, sources

BUG: Final = Label("bug", "d73a4a", "")
TEXTS: Final = ("Do it.", "See #1 and #3.", "After #2.", "`#1`")

PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "edits": {"body": "Ours."},
    "renames": {"title": "Ours"},
    "labels": {"labels": (BUG,)},
    "comments": {"comments": 1},
    "assigns": {"assignees": ("student",)},
    "closes": {"state": "closed", "state_reason": "completed"},
}
TEACHER: Final[dict[str, dict[str, Any]]] = {
    "edits": {"body": "Do it better, after #1."},
    "renames": {"title": "A better title"},
    "labels": {"labels": (BUG,)},
    "closes": {"state": "closed"},
}


@dataclass(frozen=True)
class World:
    """What has happened since the copies were made.

    Attributes:
        texts: of the tickets.
        people: what a student did to the copies of some, by place; or `deletes`.
        teacher: what the template says now of some, by place.
        new: so many tickets are new.
        recalled: whether they were recalled before people came.
        retired: tickets, by place, that the template closed before that, an update with them, and that are open again.
    """

    texts: tuple[str, ...]
    people: dict[int, str]
    teacher: dict[int, str]
    new: int
    recalled: bool
    retired: frozenset[int]
    act: Act


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to five copies, some of them touched."""
    texts = tuple(draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5)))
    place = st.integers(0, len(texts) - 1)
    return World(
        texts,
        draw(st.dictionaries(place, st.sampled_from((*PEOPLE, "deletes")), max_size=3)),
        draw(st.dictionaries(place, st.sampled_from(tuple(TEACHER)), max_size=3)),
        draw(st.integers(0, 2)),
        draw(st.booleans()),
        draw(st.frozensets(place, max_size=3)),
        draw(st.sampled_from([Act.RECALL, Act.UNDO, Act.UPDATE, Act.UPDATE_AND_CLOSE])),
    )


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_what_an_act_is_foretold_to_do_is_what_it_does(world: World) -> None:
    """Whatever people and the template have done since; and nothing is written by foretelling it."""
    trio.run(_compare, world, clock=MockClock(autojump_threshold=0))


async def _compare(world: World) -> None:
    house = House()
    base, earlier = await _copied(house, world)
    await _lived(house, world, base)
    before = (house.github.issues(TEAM_A), len(house.github.did))

    told = await _rehearsed(house, world.act, earlier)

    assert (house.github.issues(TEAM_A), len(house.github.did)) == before
    if world.act.is_update:
        await updated(house, base, world.act)
    else:
        await began(house, base, world.act)
    done = [(one.method, _about(one.what[0])) for one in house.github.did[before[1] :]]
    for method, _ in done:
        event(method)
    assert done == _writes(told, world.act)
    match told.verdict:
        case Done(Acted(changed=changed, left=left)):
            line = house.told("act.ended")[-1]
            assert (line["changed"], line["left"]) == (changed, len(left))
        case _:
            raise AssertionError(told.verdict)


async def _copied(house: House, world: World) -> tuple[RequestId, Plan]:
    """The copies were made, by this plan."""
    house.github.add(SOURCE)
    for number, text in enumerate(world.texts, start=1):
        house.github.add_issue(SOURCE, f"Ticket {number}", text)
    house.github.add(TEAM_A)
    house.github.at(TEAM_A).labels = {"bug": BUG}
    base = await house.migrate(TEAM_A)
    return base, await planned(rehearser(sources(house), house.style))


async def _lived(house: House, world: World, base: RequestId) -> None:
    """People and the template went on."""
    for place in world.retired:
        house.github.edit_issue(SOURCE, place + 1, state="closed")
    if world.retired:
        await updated(house, base, Act.UPDATE_AND_CLOSE)
    for place in world.retired:
        house.github.edit_issue(SOURCE, place + 1, state="open")
    if world.recalled:
        await began(house, base, Act.RECALL)
    for place, what in world.people.items():
        if what == "deletes":
            house.github.delete_issue(TEAM_A, place + 1)
        else:
            house.github.edit_issue(TEAM_A, place + 1, **PEOPLE[what])
    for place, what in world.teacher.items():
        house.github.edit_issue(SOURCE, place + 1, **TEACHER[what])
    for _ in range(world.new):
        house.github.add_issue(SOURCE, "New", "After #1.")


async def _rehearsed(house: House, act: Act, earlier: Plan) -> Passage:
    """What the act would do; an update by the plan of now, the others by that of the request."""
    reader = rehearser(sources(house), house.style, plans=Known(earlier))
    if act.is_update:
        plan = await reader.plan(Request(parse_ref(SOURCE), ()), act)
        assert isinstance(plan, Plan)
        wanted = RehearsalWish(plan, act, bases=(RequestId("1-0"),))
    else:
        wanted = RehearsalWish(earlier, act, house.github.at(TEAM_A).repository.id)
    passed = await reader.rehearse(TEAM_A, wanted)
    assert isinstance(passed, Passage)
    return passed


async def _half_undone(house: House) -> tuple[RequestId, Plan]:
    """Of four recalled copies one is open again; that of the second is, too, but the answer was lost and the worker died."""
    house.github.add(SOURCE, "One", "Two", "Three", "Four")
    house.github.add(TEAM_A)
    base = await house.migrate(TEAM_A)
    earlier = await planned(rehearser(sources(house), house.style))
    await began(house, base, Act.RECALL)
    house.github.faults.at("change_state", house.github.faults.count("change_state") + 2, LOST)
    await house.hands().begin(base, Act.UNDO, [TEAM_A], "Ann")
    worker = house.worker()
    await worker.run(lambda: house.until(lambda: bool(house.told("detail.unknown"))))
    return base, earlier


async def test_what_is_seen_of_a_lost_answer_is_not_foretold_as_a_write(house: House) -> None:
    """It said "would reopen 3, 2 reopened already" of four copies, and that an update opens a copy that is open."""
    _, earlier = await _half_undone(house)

    undo = await _rehearsed(house, Act.UNDO, earlier)
    update = await _rehearsed(house, Act.UPDATE, earlier)

    assert list(undo.changed.values()) == [3, 4]
    assert undo.verdict == Done(Acted(Act.UNDO, 2, (), already=2))
    assert foresight_of(update, [earlier], house.style).opened == ()


async def test_an_update_does_not_claim_what_the_undoing_of_a_recall_has_opened(
    house: House,
) -> None:
    """It said that the template had opened the ticket again, and that the copy was opened with it."""
    base, _ = await _half_undone(house)
    await house.hands().cancel(base, "Ann")
    await house.settle()

    assert await updated(house, base, Act.UPDATE) == []

    assert [one.state for one in house.github.issues(TEAM_A)] == [
        "open",
        "open",
        "closed",
        "closed",
    ]
    assert house.told("act.ended")[-1]["changed"] == 0
    assert not [note for note in house.notes() if "opened again in the template" in note]


def _about(what: Any) -> Any:
    return getattr(what, "title", what)


def _writes(told: Passage, act: Act) -> list[tuple[str, Any]]:
    """The writes of a rehearsal, in the order of a crossing."""
    writes = told.writes
    open_ones = {ticket.id for ticket in told.plan.tickets} if act.is_update else set()
    first = [number for ticket, number in told.changed.items() if ticket in open_ones]
    return [
        *(("create_label", name) for name in writes.labels),
        *(("create_issue", title) for title in writes.created.values()),
        *(("change_state", number) for number in first),
        *(("revise_issue", issue.number) for issue, _ in writes.revised),
        *(("change_state", number) for number in told.changed.values() if number not in first),
        *(("edit_body", number) for number in writes.edited),
    ]
