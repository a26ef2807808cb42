"""All stories of all seams. Usage: python -m tests.stages.every_seam [scenario ...].

Every blow at every moment of every scenario, in both ways of going on: the whole table, which takes some minutes. The
suite takes all of it where it is cheap, and every so-many-th moment where it is not.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Final

from tests.stages.scenarios import SCENARIOS
from tests.stages.seams import Blow, Moment, Trouble
from tests.stages.story import Story, tell

SEED: Final = 1


@cache
def quiet_run(scenario: str, processes: int) -> tuple[Moment, ...]:
    """All moments of a run that nothing befalls: with the same seed, it is the same run up to the first blow."""
    story = Story(SCENARIOS[scenario], Trouble(), beside=processes)
    tell(story, SEED)
    return tuple(story.trouble.passed)


def moments(scenario: str, blow: Blow, *, taken_over: bool) -> list[int]:
    """Where this blow can fall."""
    passed = quiet_run(scenario, 1 if taken_over else 0)
    return [moment.number for moment in passed if _can_fall(blow, moment)]


def _can_fall(blow: Blow, moment: Moment) -> bool:
    if blow in {Blow.MIDWAY, Blow.POSTHUMOUS}:
        return moment.side == "in"
    if blow is Blow.TURNED_DOWN:
        return moment.side == "before" and moment.call.startswith(("github.", "slack."))
    return moment.side != "in" or blow is Blow.DEATH


def strike(scenario: str, blows: dict[int, Blow], *, taken_over: bool, seed: int = SEED) -> Story:
    """One story, told to its end; where a promise broke the error says at which moment.

    Raises:
        AssertionError: a promise did not hold.
    """
    story = Story(SCENARIOS[scenario], Trouble(blows), beside=len(blows) if taken_over else 0)
    try:
        tell(story, seed)
    except BaseException as error:
        where = "; ".join(f"{blow} {moment}" for moment, blow in story.trouble.struck)
        ways = "another takes over" if taken_over else "it is started anew"
        error.add_note(f"{scenario}, {ways}, seed {seed}: {where or blows}")
        raise
    return story


def _everything(scenario: str) -> int:
    """All blows on one scenario; how many stories broke a promise."""
    broken = 0
    for blow in Blow:
        for taken_over in (False, True):
            for number in moments(scenario, blow, taken_over=taken_over):
                try:
                    strike(scenario, {number: blow}, taken_over=taken_over)
                except Exception as error:  # noqa: BLE001 - a table of what broke, whatever it was
                    broken += 1
                    _say(" ".join(error.__notes__), repr(_innermost(error))[:200])
    return broken


def _innermost(error: BaseException) -> BaseException:
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> int:
    """The table; exit status 1 if a promise broke."""
    broken = 0
    for name in names or SCENARIOS:
        found = _everything(name)
        _say(f"{name}: {len(quiet_run(name, 0))} moments, {found} stories broke a promise")
        broken += found
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
