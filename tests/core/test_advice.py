"""What happened and what to do about it: apart in the program, one sentence for people."""

import pytest

from monarch.core.advice import NO_ADVICE, Advice, after_the_drop
from monarch.core.outcome import Code, Permanent, Scope
from monarch.core.verdict import Dead, Policy, Retry, Snooze, called_off, judge, judge_failure

UNARCHIVE = Advice("unarchive it")
AGAIN = Advice("send the message again", replay=False)


@pytest.mark.parametrize(
    ("advice", "sentence", "letter"),
    [
        (NO_ADVICE, "o/a is archived", "o/a is archived"),
        (
            UNARCHIVE,
            "o/a is archived; unarchive it",
            "o/a is archived; unarchive it, then replay it (`monarch dead replay`)",
        ),
        (AGAIN, *["o/a is archived; send the message again"] * 2),
        (Advice(), "o/a is archived", "o/a is archived; replay it (`monarch dead replay`)"),
    ],
)
def test_only_a_dead_letter_speaks_of_a_replay(advice: Advice, sentence: str, letter: str) -> None:
    """Where nothing has died, there is nothing to replay."""
    dead = Dead(Code.ARCHIVED, "o/a is archived", advice=advice)

    assert (dead.sentence, dead.letter) == (sentence, letter)


def test_what_github_refuses_dies_with_its_advice() -> None:
    """And a credential, which kills nothing, rests with it."""
    policy = Policy()
    refused = Permanent(Scope.REPOSITORY, Code.ARCHIVED, "o/a is archived", advice=UNARCHIVE)
    expired = Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "401", advice=Advice("set another"))

    assert judge(refused, 0, policy, 0.5) == Dead(
        Code.ARCHIVED, "o/a is archived", advice=UNARCHIVE
    )
    waits = judge(expired, 0, policy, 0.5)
    assert isinstance(waits, Snooze)
    assert waits.reason == "401; set another"


def test_a_failure_is_retried_with_its_advice_and_dies_with_it() -> None:
    """A person who reads it in time can spare the request the rest of its attempts."""
    policy = Policy(max_attempts=2)

    first = judge_failure("no such field", 0, policy, 0.5, UNARCHIVE)
    last = judge_failure("no such field", 1, policy, 0.5, UNARCHIVE)

    assert isinstance(first, Retry)
    assert first.reason == "no such field; unarchive it"
    assert last == Dead(
        Code.OUT_OF_ATTEMPTS,
        "gave up after 2 attempts; the last one: no such field",
        advice=UNARCHIVE,
    )


@pytest.mark.parametrize(
    ("dead", "dropped"),
    [
        (
            Dead(Code.ARCHIVED, "o/a is archived", advice=UNARCHIVE),
            "o/a is archived; unarchive it, then send the message again, since its dead letter was dropped",
        ),
        (
            Dead(Code.STRAYS, "o/a holds second copies", advice=Advice()),
            "o/a holds second copies; send the message again, since its dead letter was dropped",
        ),
        (
            called_off("ada"),
            "cancelled by ada; send the message again, since its dead letter was dropped",
        ),
        (
            Dead(Code.ARCHIVED, "it is archived", advice=AGAIN),
            "it is archived; send the message again",
        ),
    ],
)
def test_what_a_dropped_letter_said_of_a_replay_is_not_said_any_more(
    dead: Dead, dropped: str
) -> None:
    """`show` said to replay it, and there was no letter."""
    assert after_the_drop(dead.letter) == dropped
