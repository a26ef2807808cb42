"""Die at every seam: before and after every effect of a whole run, once each; then somebody else goes on.

All effects pass through ports, so the list of seams is complete: whatever kills a worker, it kills it between two
of these calls or within one of them, with its effect done or not.
"""

from dataclasses import dataclass, field
from itertools import count

import anyio
import pytest
import trio
from trio.testing import MockClock

from monarch.core.ids import RequestId
from monarch.core.render import read_marker
from tests.contracts.doubles.flaky import Flaky
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, Worker

TITLES = ["One", "Two", "Three"]
PORTS = {"streams", "github", "slack", "ledger", "budget", "requests", "plans"}
READS = {"streams.receive", "streams.sweep", "streams.renew"}
"""They happen as often as time passes; what they do is tried as often as they do something else."""

FIRST_READS = 6
EVERY = 8
"""The seams are shared out among so many tests."""

LEAST_SEAMS = 60


class Died(BaseException):
    """The process is gone. No `except Exception` may hide it."""


@dataclass
class Seams:
    """Counts the effects of a worker, and kills it at one of them."""

    fatal: int = 0
    side: str = "before"
    names: list[str] = field(default_factory=list)
    died_at: str = ""
    _begun: dict[tuple[str, int], int] = field(default_factory=dict)

    def wrap(self, name: str, port: object) -> object:
        """Put the question around a port."""
        return Flaky(port, name, before=self._before, after=self._after)

    def _before(self, call: str, nth: int) -> BaseException | None:
        if call not in READS or nth <= FIRST_READS:
            self.names.append(call)
            self._begun[call, nth] = len(self.names)
        return self._die("before", call, nth)

    def _after(self, call: str, nth: int) -> BaseException | None:
        return self._die("after", call, nth)

    def _die(self, side: str, call: str, nth: int) -> BaseException | None:
        if side != self.side or self._begun.get((call, nth)) != self.fatal:
            return None
        self.died_at = call
        return Died(f"{side} {call}, effect {self.fatal}")


def a_house() -> tuple[House, RequestId]:
    """Three tickets for two teams, asked for."""
    house = House()
    house.github.add(SOURCE, *TITLES)
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    house.github.listing_lag_s = 60.0
    return house, house.publish(TEAM_A, TEAM_B)


async def run_and_die(house: House, seams: Seams) -> None:
    """Let the first worker run until it dies, or is done."""
    worker = Worker(house, "first", 4, seams.wrap)
    try:
        await worker.run(house.until_quiet)
    except BaseExceptionGroup as group:
        _, others = group.split(Died)
        if others is not None:
            raise


def the_story(seams: Seams) -> None:
    """A worker runs and dies, another one finishes what is left, and all is as it should be."""

    async def story() -> None:
        house, request = a_house()
        await run_and_die(house, seams)
        with anyio.fail_after(24 * 3600):
            await house.worker("second").run(house.until_quiet)
        check(house, request)

    trio.run(story, clock=MockClock(autojump_threshold=0))


def check(house: House, request: RequestId) -> None:
    """Nothing lost, nothing doubled, order kept, and the truth in Slack."""
    for team in (TEAM_A, TEAM_B):
        assert house.github.titles(team) == TITLES
        markers = [read_marker(issue.body) for issue in house.github.issues(team)]
        assert len({marker.ticket for marker in markers if marker is not None}) == len(TITLES)
    assert house.state(request) == "done"
    assert house.store.dead == []
    assert house.store.unsettled[request] == set()
    finals = [text for text in house.slack.texts("C1") if ":white_check_mark:" in text]
    assert 1 <= len(finals) <= 2
    assert all("done" in text for text in finals)
    assert all("Said again" in text for text in finals[1:])


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("first", range(1, EVERY + 1))
def test_whoever_dies_there_is_followed_by_another(first: int, side: str) -> None:
    """Whatever was done is found, whatever was not is done: at each effect of the run, to the last."""
    for nth in count(first, EVERY):
        seams = Seams(nth, side)
        the_story(seams)
        if len(seams.names) < nth:
            break

    assert nth > LEAST_SEAMS


def test_every_port_has_its_seams() -> None:
    """A run that passes by a port would say nothing about it."""
    seams = Seams()

    the_story(seams)

    assert {call.partition(".")[0] for call in seams.names} == PORTS
