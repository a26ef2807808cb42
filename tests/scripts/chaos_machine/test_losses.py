"""The deliveries that lost their worker: how long each waited, and how much of that was nobody's fault."""

from collections.abc import Iterable

from scripts.chaos_machine.judge.losses import (
    GIVE_UP_S,
    RELEASED,
    RELEASED_IDLE_S,
    Look,
    Losses,
    Pending,
)
from scripts.chaos_machine.record import Resume

OLD, HEIR, OTHER = "vm.1.aa", "vm.2.bb", "vm.3.cc"
HELD = Pending("1-0", OLD, 1)


def by(consumer: str, deliveries: int = 1, idle_s: float = 0.0) -> dict[str, Pending]:
    """The one delivery, in these hands."""
    return {"1-0": Pending("1-0", consumer, deliveries, idle_s)}


def back(since_s: float) -> dict[str, Pending]:
    """The one delivery, handed back so long ago."""
    return by(RELEASED, 0, RELEASED_IDLE_S + since_s)


def away(at: float, since: float) -> Look:
    """Valkey does not say."""
    return Look(at, since, None, is_well=False)


def resumes(losses: Losses, looks: Iterable[Look]) -> list[Resume]:
    """What was told in the course of these looks."""
    return [resume for look in looks for resume in losses.seen(look)]


def stopped(*looks: Look, ended: float) -> list[Resume]:
    """A worker that was asked to stop at 10 and had ended at `ended`."""
    losses = Losses()
    asked = losses.stopping([HELD])
    told = resumes(losses, [look for look in looks if look.at < ended])
    losses.ended(asked, ended)
    return told + resumes(losses, [look for look in looks if look.at >= ended])


def test_what_was_handed_back_waits_from_the_handback_on() -> None:
    """And not from the end of its worker, which may have had another write in hand for seconds."""
    told = stopped(
        Look(11, 10, by(OLD)),
        Look(12, 11, back(0.5)),
        Look(19, 18, back(7.5)),
        Look(20, 19, by(HEIR)),
        ended=18.5,
    )

    assert told == [Resume("stopped", "1-0", 8.5, 0.0)]


def test_what_was_handed_back_and_taken_between_two_looks_waited_for_one_at_most() -> None:
    """The worker it was handed to may be quicker than the eye."""
    told = stopped(Look(11, 10, by(OLD)), Look(12, 11, by(HEIR)), ended=15)

    assert told == [Resume("stopped", "1-0", 1.0, 0.0)]


def test_what_its_stopping_worker_settles_wants_no_other() -> None:
    """It is done, or parked."""
    assert stopped(Look(11, 10, by(OLD)), Look(12, 11, {}), ended=15) == []


def test_what_a_stopped_worker_keeps_although_valkey_answers_is_no_crash() -> None:
    """It had to be handed back: a lease later is too late."""
    told = stopped(
        Look(11, 10, by(OLD)), Look(16, 15, by(OLD)), Look(32, 31, by(HEIR, 2)), ended=12
    )

    assert told == [Resume("stopped", "1-0", 20, 0.0)]


def test_what_a_stopped_worker_could_not_hand_back_waits_for_its_lease() -> None:
    """Valkey was away while it stopped: then it is as if it had died."""
    told = stopped(away(11, 10), Look(16, 15, by(OLD)), Look(32, 31, by(HEIR, 2)), ended=12)

    assert told == [Resume("left", "1-0", 20, 0.0)]


def test_a_handback_that_valkey_has_forgotten_is_none() -> None:
    """A failover rolled it back: from then on its lease counts."""
    told = stopped(
        Look(11, 10, back(0)), Look(14, 13, by(OLD)), Look(30, 29, by(HEIR, 2)), ended=12
    )

    assert told == [Resume("left", "1-0", 16, 0.0)]


def test_what_another_has_handed_back_was_in_other_hands() -> None:
    """A suspect, or a worker that was stopped as well; the look saw it in no hands both times."""
    told = stopped(Look(11, 10, back(0)), Look(15, 14, back(1)), ended=12)

    assert told == [Resume("stopped", "1-0", 4, 0.0)]


def test_a_wait_is_excused_while_nobody_could_take_it() -> None:
    """No place in the whole fleet, or a Valkey that was away; before the handback nothing is excused."""
    told = stopped(
        Look(11, 10, by(OLD), has_place=False),
        Look(12, 11, back(0.5), has_place=False),
        Look(14, 12, back(2.5)),
        away(17, 14),
        Look(18, 17, by(HEIR)),
        ended=13,
    )

    assert told == [Resume("stopped", "1-0", 6.5, 3.5)]


def test_a_killed_workers_delivery_waits_from_the_kill_on() -> None:
    """Until somebody has it, at another count."""
    losses = Losses()
    losses.lost("killed", [HELD], 10)

    told = resumes(losses, [Look(11, 10, by(OLD)), Look(31, 30, by(HEIR, 2))])

    assert told == [Resume("killed", "1-0", 21, 0.0)]


def test_a_thawed_worker_may_take_its_own_orphan() -> None:
    """At another count; what it has at the same one, nobody has taken."""
    losses = Losses()
    losses.lost("frozen", [HELD], 10)

    told = resumes(losses, [Look(11, 10, by(OLD)), Look(33, 32, by(OLD, 2))])

    assert told == [Resume("frozen", "1-0", 23, 0.0)]


def test_a_thawed_worker_that_renews_its_lease_works_on() -> None:
    """Nobody had a place to take it meanwhile; what it had asked for before the frost is no sign of life."""
    losses = Losses()
    frozen = losses.lost("frozen", [HELD], 10)
    told = resumes(losses, [Look(15, 14, by(OLD, 1, 3), has_place=False)])
    losses.thawed(frozen, 20)
    told += resumes(losses, [Look(21, 20, by(OLD, 1, 9)), Look(23, 22, by(OLD, 1, 1))])

    assert told == [Resume("frozen", "1-0", 13, 1.0)]


def test_a_killed_workers_delivery_that_is_handed_back_was_in_other_hands() -> None:
    """The dead hand nothing back."""
    losses = Losses()
    losses.lost("killed", [HELD], 10)

    assert resumes(losses, [Look(31, 30, back(0.2))]) == [Resume("killed", "1-0", 21, 0.0)]


def test_what_its_dying_worker_has_just_settled_wants_no_other() -> None:
    """It was gone before anybody could have taken it."""
    losses = Losses()
    losses.lost("killed", [HELD], 10)

    assert resumes(losses, [Look(10.2, 10, {})]) == []


def test_what_nobody_takes_is_given_up_and_told() -> None:
    """By then the judge has its reason."""
    losses = Losses()
    losses.lost("killed", [HELD], 10)

    told = resumes(losses, [Look(11, 10, by(OLD)), Look(10 + GIVE_UP_S, 11, by(OLD))])

    assert told == [Resume("killed", "1-0", None, 0.0)]


def test_while_valkey_does_not_say_nothing_is_over() -> None:
    """What cannot be seen is not gone."""
    losses = Losses()
    losses.lost("killed", [HELD], 10)

    assert losses.seen(away(30, 10)) == []
    assert losses.seen(Look(31, 30, by(OTHER, 2))) == [Resume("killed", "1-0", 21, 20.0)]
