"""An act that is asked for again, and one that another worker ends: what it counts is what it did itself."""

import pytest

from monarch.core.after.acts import Act
from monarch.core.ids import RequestId, TicketId
from monarch.core.outcome import Absent, Code, Created, Permanent, Scope
from monarch.core.target.step import CreatedAs
from monarch.core.ticket import Label
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import LOST
from tests.stages.after.test_updates import began, copied
from tests.stages.house import SOURCE, TEAM_A, House


async def acted(house: House, base: RequestId, act: Act) -> tuple[int, int]:
    """The act in the one target: how many copies it says that it has changed, and how many writes it took."""
    before = len(house.github.did)
    await began(house, base, act)
    return house.told("act.ended")[-1]["changed"], len(house.github.did) - before


async def test_a_recall_that_is_given_again_does_not_say_that_it_closed_what_was_closed(
    house: House,
) -> None:
    """It said "2 copies recalled" each time, in Slack and events, too; the same of its undoing."""
    base = await copied(house, "One", "Two")

    recalls = [await acted(house, base, Act.RECALL) for _ in range(2)]
    undone = [await acted(house, base, Act.UNDO) for _ in range(2)]
    house.github.edit_issue(TEAM_A, 1, comments=1)
    last = await acted(house, base, Act.RECALL)

    assert recalls == undone == [(2, 2), (0, 0)]
    assert last == (1, 1)


async def test_a_recall_counts_what_it_closed_before_an_answer_was_lost(house: House) -> None:
    """The write was done, its try ended, and the next one found the copy closed: it was this recall that closed it."""
    base = await copied(house, "One", "Two", "Three")
    house.github.faults.at("change_state", 2, LOST)

    assert await acted(house, base, Act.RECALL) == (3, 3)


async def test_an_undoing_after_a_healing_has_opened_nothing(house: House) -> None:
    """The healing had opened all of them, and the undoing said "2 copies reopened"."""
    base = await copied(house, "One", "Two")
    await began(house, base, Act.RECALL)
    target = house.github.at(TEAM_A).repository.id
    tickets = sorted(house.store.ledger(target))
    await house.hands().heal(base, {TEAM_A: tickets}, "ada")
    await house.settle()
    assert all(issue.state == "open" for issue in house.github.issues(TEAM_A))

    assert await acted(house, base, Act.UNDO) == (0, 0)


async def test_a_healing_of_some_recalled_copies_does_not_count_the_others_as_its_own(
    house: House,
) -> None:
    """COPIED went from two to one, and "copied" in the event counted exactly the copy that is still closed."""
    base = await copied(house, "One", "Two")
    await began(house, base, Act.RECALL)
    first, _ = sorted(house.store.ledger(house.github.at(TEAM_A).repository.id))

    await house.hands().heal(base, {TEAM_A: [first]}, "ada")
    await house.settle()

    ((_, fields),) = house.store.migrations.items()
    assert [issue.state for issue in house.github.issues(TEAM_A)] == ["open", "closed"]
    assert (fields["copied"], fields["present"], fields["deleted"]) == ("2", "0", "0")


NOT_THERE = Fault(Permanent(Scope.TICKET, Code.NOT_FOUND, 'GitHub answered 404 "Not Found"'))


@pytest.mark.parametrize("act", [Act.RECALL, Act.UNDO, Act.UPDATE])
@pytest.mark.parametrize("method", ["write", "read_timeline"])
async def test_an_act_whose_writes_are_refused_as_if_the_copies_were_gone_does_not_end_as_done(
    house: House, act: Act, method: str
) -> None:
    """A token that may read and not write meets 404: "0 copies recalled", a request that is done, and open copies."""
    base = await copied(house, "One", "Two")
    if act is Act.UNDO:
        await began(house, base, Act.RECALL)
    if act is Act.UPDATE:
        house.github.edit_issue(SOURCE, 1, title="Uno", labels=(Label("bug", "d73a4a", ""),))
    writes = "revise_issue" if act is Act.UPDATE else "change_state"
    refused = writes if method == "write" else method
    for nth in range(1, 200):
        house.github.faults.at(refused, house.github.faults.count(refused) + nth, NOT_THERE)
    before = house.github.issues(TEAM_A)

    if act is Act.UPDATE:
        request = house.update(TEAM_A, bases=base, act=act)
    else:
        request = base
        await house.hands().begin(base, act, [TEAM_A], "Ann")
    await house.settle()

    reason = house.store.dead[-1]["reason"]
    assert house.github.issues(TEAM_A) == before
    assert house.state(request) == "failed"
    assert "GitHub shows #1 and" in reason
    assert reason.endswith("then replay it (`monarch dead replay`)")
    if method == "write":
        assert "refuses to change it" in reason
        assert "give Monarch's account the right to change issues there" in reason


async def test_a_copy_that_is_deleted_between_the_reading_and_the_write_is_gone(
    house: House,
) -> None:
    """GitHub says so of the write, and of the reading after it."""
    base = await copied(house, "One", "Two")
    house.github.faults.at("change_state", 1, NOT_THERE)
    taken = house.github.faults.count("read_issue")
    # The look's five beyond the highest number, the inspection and the last reading; then that after the refused write.
    house.github.faults.at("read_issue", taken + 8, Fault(Absent(taken=True)))

    assert await acted(house, base, Act.RECALL) == (1, 1)


# --------------------------------------------------------------- a copy that was confirmed and is not shown


@pytest.fixture
def confirmed(house: House) -> House:
    """A proxy answers for GitHub, once: the first copy has a number, and does not exist."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    house.github.faults.at("create_issue", 1, Fault(Created(7, 70007)))
    return house


async def test_a_copy_that_github_confirmed_and_never_shows_has_a_way_out(confirmed: House) -> None:
    """`verify --heal` sent to the replay, the replay to the same letter, and no word said what helps."""
    house = confirmed
    request = await house.migrate(TEAM_A)
    (letter,) = house.store.dead
    target = house.github.at(TEAM_A).repository.id
    ticket = TicketId(house.github.issues(SOURCE)[0].id)
    healed = await house.hands().heal(request, {TEAM_A: [ticket]}, "ada")

    assert letter["code"] == Code.COPIES_MISSING
    assert "did not show the copies of #1; see whether GitHub hides them" in letter["reason"]
    assert letter["reason"].endswith("then replay it (`monarch dead replay`)")
    assert f"see `monarch show {request}`" in healed[0].refused

    # As docs/operating.md says it.
    ledger = house.store.ledger(target)
    assert isinstance(ledger.pop(ticket), CreatedAs)
    await house.hands().replay([letter["id"]], "ada")
    await house.settle()

    assert house.state(request) == "done"
    assert sorted(issue.title for issue in house.github.issues(TEAM_A)) == ["One", "Two"]
    assert not house.store.dead
