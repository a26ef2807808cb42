"""The two acts of the demo, and what has to be true after each."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

from monarch.app.operator import Operator
from monarch.cli.demo.example_world import (
    CHANNEL,
    FIRST_TEAMS,
    SECOND_TEAMS,
    SLACK_CHANNEL,
    SOURCE,
    TICKETS,
    message,
)
from monarch.cli.demo.fleet import DEFAULT_LEASE_S, LEASE_S, DemoError, Fleet
from monarch.cli.demo.screen import (
    Standing,
    Watch,
    say,
    show_copies,
    show_details,
    show_messages,
    watch,
)
from monarch.core.ids import RequestId
from monarch.core.report.summary import RequestView, State
from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.judge.findings import copies_in, judge

KILL_AT: Final = 5
"""Which write to the first target of act two never gets its answer."""

RECONCILE_S: Final = 20
"""How long GitHub may still act on a write without an answer, in seconds; a worker looks for it only after that."""

HEARD_WITHIN_S: Final = 10.0
ENDED_WITHIN_S: Final = 120.0
LOOK_EVERY_S: Final = 0.3


async def act_one(fleet: Fleet, person: Operator) -> None:
    """Publish a message; three teams get their copies, and Slack gets a card."""
    say(f"The template {SOURCE}: {TICKETS} open tickets, a closed one, and a pull request.")
    request = await _published(fleet, person, FIRST_TEAMS)
    with watch(FIRST_TEAMS) as shown:
        async for _ in _until_ended(fleet, person, request, FIRST_TEAMS, shown):
            pass
    await _check(fleet, person, request, FIRST_TEAMS)
    await _show_slack(fleet, endings=1)


async def act_two(fleet: Fleet, person: Operator) -> None:
    """A worker is killed between a write and its answer; the other one ends its work."""
    victim = SECOND_TEAMS[0]
    fault = await _hold_an_answer(fleet, victim)
    request = await _published(fleet, person, SECOND_TEAMS)
    killed, taken_over, killed_at = 0, False, 0.0
    with watch(SECOND_TEAMS) as shown:
        async for _ in _until_ended(fleet, person, request, SECOND_TEAMS, shown):
            if not killed and await _is_held(fleet, fault, victim):
                killed, killed_at = await _kill_holder(fleet, victim, shown), time.monotonic()
                await fleet.sandbox.remove_faults(fault)
            elif killed and not taken_over:
                taken_over = await _tell_takeover(fleet, victim, killed, killed_at, shown)
    if not killed:
        raise DemoError("the request ended before a worker could be killed in the middle of it")
    await _check(fleet, person, request, SECOND_TEAMS)
    await _show_slack(fleet, endings=2)


# ------------------------------------------------------------------------------------ a request's way


async def _published(fleet: Fleet, person: Operator, teams: tuple[str, ...]) -> RequestId:
    """Publish, and return the id of the one request that results."""
    known = {line.id for line in await person.reader.requests(10)}
    say(f"PUBLISH {CHANNEL} '{message(teams)}'")
    heard = fleet.publish_for(teams)
    new: set[RequestId] = set()

    async def is_written_down() -> bool:
        new.update({line.id for line in await person.reader.requests(10)} - known)
        return bool(new)

    await fleet.until(
        is_written_down, HEARD_WITHIN_S, f"no request came of it, which {heard} heard"
    )
    request = new.pop()
    say(f"Heard by {heard} workers, and written down once: request {request}\n")
    return request


async def _until_ended(
    fleet: Fleet, person: Operator, request: RequestId, teams: Sequence[str], shown: Watch
) -> AsyncIterator[RequestView]:
    """Show its progress, and give the request's view after each look, until it has ended."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    while time.monotonic() < deadline:
        fleet.check_workers()
        details = await person.reader.request(request)
        made = await _draw(fleet, teams, shown)
        if details is not None:
            yield details.view
            if details.view.has_ended:
                return
        await fleet.sandbox.wait(created=made + 1, timeout_seconds=LOOK_EVERY_S)
    raise DemoError(f"request {request} did not end within {ENDED_WITHIN_S:g} s")


async def _draw(fleet: Fleet, teams: Sequence[str], shown: Watch) -> int:
    """Show what GitHub holds and which worker is at it; returns how many issues were ever created."""
    state = await fleet.sandbox.state()
    made = {team: len(copies_in(state.repositories[team])) for team in teams}
    shown.show({team: Standing(count, fleet.holder(team)) for team, count in made.items()})
    return sum(len(copies_in(each)) for each in state.repositories.values())


# ------------------------------------------------------------------------------------- a worker's end


async def _hold_an_answer(fleet: Fleet, team: str) -> int:
    """Make the stand-in create the issue and withhold its answer."""
    match = Match(api="github", method="POST", path_regex=f"^/repos/{team}/issues$")
    return await fleet.sandbox.add_fault(Hold(after=True), match=match, nth=KILL_AT)


async def _is_held(fleet: Fleet, fault: int, team: str) -> bool:
    return await fleet.sandbox.wait(fault=fault, repo=team, created=KILL_AT, timeout_seconds=0)


async def _kill_holder(fleet: Fleet, team: str, shown: Watch) -> int:
    """SIGKILL the worker that writes to `team`; returns its number."""
    number = fleet.holder(team)
    if number is None:
        raise DemoError(f"a write to {team} is under way, so a worker should hold it; none does")
    fleet.kill(number)
    shown.say(
        f"\n!! SIGKILL for worker {number}: GitHub has made copy {KILL_AT} in {team},"
        f" and the answer will never arrive."
        f"\n!! Its lease runs out in {LEASE_S} s at most (the shortest there is; the default is {DEFAULT_LEASE_S:g} s); then the other"
        f" worker takes over. It waits until {RECONCILE_S} s after that write, looks what GitHub has made of it, and goes on.\n"
    )
    return number


async def _tell_takeover(
    fleet: Fleet, team: str, killed: int, killed_at: float, shown: Watch
) -> bool:
    holder = fleet.holder(team)
    if holder in {None, killed}:
        return False
    shown.say(f"!! worker {holder} took over {team} {time.monotonic() - killed_at:.1f} s later.")
    return True


# --------------------------------------------------------------------------------------- what came of it


async def _check(
    fleet: Fleet, person: Operator, request: RequestId, teams: tuple[str, ...]
) -> None:
    """Show the copies; raise if anything is not as promised."""
    details = await person.reader.request(request)
    state = await fleet.sandbox.state()
    findings = judge(state, SOURCE, teams)
    say()
    show_copies(state, teams)
    say()
    show_details(state, teams)
    say(f"\n{findings}")
    if details is None or details.view.state is not State.DONE:
        how = "unknown" if details is None else f"{details.view.state}: {details.view.reason}"
        raise DemoError(f"request {request} should have ended as done, but it is {how}")
    if not findings.is_well:
        raise DemoError(f"every ticket should be in {', '.join(teams)} once; found {findings}")
    await fleet.until_told()


async def _show_slack(fleet: Fleet, *, endings: int) -> None:
    """Show the channel: one card, and `endings` endings in its thread; raise if it is not so."""
    say(f"\nSlack, channel {SLACK_CHANNEL}:")
    card, *replies = (await fleet.sandbox.state()).slack_messages
    show_messages([card, *replies])
    in_thread = [one for one in replies if one.thread_ts == card.ts and ": done" in one.text]
    if ": done" not in card.text or len(in_thread) != endings or len(replies) != endings:
        raise DemoError(f"Slack should have one card and {endings} in its thread, all of them done")
