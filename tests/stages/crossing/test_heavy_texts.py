"""Heavy texts: each is worked on beside the loop, one at a time; no worker loses a lease or waits for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import anyio
import pytest

from monarch.core.copy.render import Draft, render
from monarch.core.outcome import Code
from monarch.core.plan import MAX_TEXT
from monarch.core.report.passage import obstacle
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.ticket import Ticket
from monarch.core.verdict import Dead
from monarch.stages.crossing import copies, looks, second_pass
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House
from tests.stages.rehearsal.test_dry_run import rehearser, sources

T = TypeVar("T")

TEXT_S = 0.3
"""How long one text of 60,000 characters full of references takes."""


class Slow:
    """An `Aside` whose every piece of work takes its time, on the virtual clock."""

    def __init__(self) -> None:
        self.pieces = 0
        self.inside = False
        self.texts: list[int] = []
        self._places = anyio.Semaphore(2)

    async def __call__(self, work: Callable[[], T]) -> T:
        """See `stages.support.aside.Aside`."""
        async with self._places:
            await anyio.sleep(TEXT_S)
        self.pieces += 1
        self.texts.append(0)
        self.inside = True
        try:
            return work()
        finally:
            self.inside = False

    def watch(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        """Count the calls of a function that works on texts, and let none be made on the loop."""
        before = getattr(module, name)

        def watched(*args: Any, **named: Any) -> Any:
            assert self.inside, f"{name} works on a text on the event loop"
            self.texts[-1] += 1
            return before(*args, **named)

        monkeypatch.setattr(module, name, watched)


@pytest.fixture
def slow(house: House, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Forty tickets that refer to one another, for a team whose numbers differ; and a small template beside it."""
    house.github.add(SOURCE)
    for number in range(1, 41):
        house.github.add_issue(SOURCE, f"Ticket {number}", f"After #{number % 40 + 1}.")
    house.github.add(TEAM_A, "a student's")
    house.github.add("org/small", "One", "Two", "Three")
    house.github.add(TEAM_B)
    slow = Slow()
    house.aside = slow
    slow.watch(monkeypatch, copies, "render")
    slow.watch(monkeypatch, second_pass, "rewriting")
    slow.watch(monkeypatch, looks, "see")
    return slow


async def test_no_lease_is_lost_over_heavy_texts(house: House, slow: Slow) -> None:
    """Their crossing takes longer than a lease, which is renewed all the while."""
    await house.migrated(TEAM_A)

    assert anyio.current_time() > 30
    assert not house.told("lease.lost")
    assert not house.told("delivery.reclaimed")
    assert house.github.issues(TEAM_A)[1].body.startswith("After #3.")


async def test_texts_are_worked_on_one_at_a_time(house: House, slow: Slow) -> None:
    """So the loop has its turn, and a crossing can end, between any two of them; a look sees all at once."""
    await house.migrate(TEAM_A)

    assert slow.pieces > 2 * 40
    # A plan is packed aside, too, and no text is worked on there.
    assert set(slow.texts) - {0} == {1}


async def test_a_neighbour_is_not_held_up_by_heavy_texts(house: House, slow: Slow) -> None:
    """Three small tickets wait for at most one heavy text each time, and not for the two hundred."""
    heavy = house.publish(TEAM_A)
    ended_at: list[float] = []

    async def neighbour() -> None:
        await house.until(lambda: len(house.github.titles(TEAM_A)) > 5)
        began = anyio.current_time()
        small = house.publish(TEAM_B, source="org/small")
        await house.until(lambda: house.state(small) == "done")
        ended_at.append(anyio.current_time() - began)
        assert house.state(heavy) == "running"
        await house.until_quiet()

    with anyio.fail_after(600):
        await house.worker().run(neighbour)

    pieces = 3 + 3 + 2
    assert ended_at[0] <= 2 * pieces * TEXT_S + 1


async def test_a_draft_that_waits_for_leave_is_made_once(
    house: House, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crossing that waits for the budget asks every second, with the same text."""
    house.ceilings = replace(NO_CEILINGS, interval_ms=5_000)
    drafts: list[int] = []

    def counted(ticket: Ticket, *args: Any) -> Draft:
        drafts.append(ticket.number)
        return render(ticket, *args)

    monkeypatch.setattr(copies, "render", counted)
    await house.migrate(TEAM_B, source="org/small")

    assert anyio.current_time() > 10
    assert drafts == [1, 2, 3]


# -------------------------------------------------------------------------------------------- bound


def a_library(house: House) -> None:
    """A template with more text than a request may have."""
    house.github.add("org/library")
    for number in range(MAX_TEXT // 60_000 + 1):
        house.github.add_issue("org/library", f"Book {number}", "x" * 60_000)


async def test_a_plan_of_too_much_text_is_given_up_with_the_bound(house: House) -> None:
    """Nothing is written, and the reason says what to do."""
    a_library(house)
    house.github.add(TEAM_A)
    request = await house.migrate(TEAM_A, source="org/library")

    (letter,) = house.store.dead
    assert (house.state(request), letter["code"]) == ("dead", "plan_too_large")
    assert "16,000,000" in letter["reason"]
    assert "close some of them" in house.slack.texts("C1")[-1]


async def test_a_dry_run_of_too_much_text_says_the_same(house: House) -> None:
    """Without a replay of what has not died."""
    a_library(house)

    found = await rehearser(sources(house), house.style).plan(Request(parse_ref("org/library"), ()))

    assert isinstance(found, Dead)
    way = obstacle(found)
    assert way is not None
    assert way.code is Code.PLAN_TOO_LARGE
    assert "replay" not in way.reason
