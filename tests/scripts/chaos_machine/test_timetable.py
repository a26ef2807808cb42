"""The timetable: the same seed is the same plan, and a plan is as hard as it is said to be."""

from collections import Counter

import pytest

from scripts.chaos_machine.catalogue import (
    ACTS,
    ALONE,
    BESIDE_ALONE,
    BESIDE_WATCHED,
    BY_NAME,
    EDGES,
    EDGES_ALONE,
    EDGES_WATCHED,
    KINDS,
    WATCHED,
    Kind,
)
from scripts.chaos_machine.hands.hands import KNOWN
from scripts.chaos_machine.timetable import Timetable, timetable
from scripts.chaos_machine.wishes import LAST_WISH_S

SEEDS = (1, 2, 3, 20261124)


def test_same_seed_same_plan() -> None:
    """A breach is looked for again by its seed."""
    assert timetable(7, 5) == timetable(7, 5)


def test_another_seed_is_another_plan() -> None:
    """Otherwise three seeds would prove no more than one."""
    one, other = timetable(1, 5), timetable(2, 5)

    assert one.faults != other.faults
    assert one.wishes != other.wishes


@pytest.mark.parametrize("seed", SEEDS)
def test_half_an_hour_holds_what_is_asked_of_it(seed: int) -> None:
    """At least 300 faults of at least 12 kinds, and 2,000 tickets to copy."""
    plan = timetable(seed, 30)

    assert len(plan.faults) >= 300
    own = (*WATCHED, *BESIDE_WATCHED) if plan.is_watched else (*ALONE, *BESIDE_ALONE)
    kinds = (*KINDS, *own)
    assert {fault.kind for fault in plan.faults} == {kind.name for kind in kinds}
    assert plan.tickets >= 2_000


@pytest.mark.parametrize("seed", SEEDS)
def test_two_minutes_hold_enough_for_ci(seed: int) -> None:
    """Two minutes are short, and still no rehearsal."""
    plan = timetable(seed, 2)

    assert len(plan.faults) >= 20
    assert len({fault.kind for fault in plan.faults}) >= 12
    assert plan.tickets >= 150


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_has_its_time(seed: int) -> None:
    """Nothing is planned for after the end, and every fault lasts as long as its kind may."""
    plan = timetable(seed, 4)

    assert all(0 < fault.at_s <= 240 for fault in plan.faults)
    assert all(0 <= wish.at_s <= 240 - LAST_WISH_S + 4 for wish in plan.wishes)
    for fault in plan.faults:
        kind = BY_NAME[fault.kind]
        assert kind.shortest_s <= fault.length_s <= kind.longest_s
        assert 0 <= fault.victim < plan.workers


@pytest.mark.parametrize("seed", SEEDS)
def test_new_epochs_leave_the_fleet_room(seed: int) -> None:
    """Each costs 25 s without a write: they must not fill the time."""
    plan = timetable(seed, 30)
    names = {kind.name for kind in (WATCHED if plan.is_watched else ALONE)}
    epochs = [fault for fault in plan.faults if fault.kind in names]

    assert 10 <= len(epochs) <= 30
    assert sum(fault.kind == "valkey.flush_all" for fault in epochs) <= 6
    assert set(Counter(fault.kind for fault in epochs)) == names


def test_every_kind_has_a_hand_and_every_hand_a_kind() -> None:
    """The catalogue names what can be done, all of it."""
    assert set(BY_NAME) == KNOWN


def test_every_other_seed_has_failovers() -> None:
    """So three seeds in a row see both forms of Valkey."""
    assert [timetable(seed, 1).is_watched for seed in (1, 2, 3)] == [True, False, True]


def test_requests_are_mixed() -> None:
    """All ways in, and every story that a request can have."""
    wishes = timetable(1, 30).wishes

    assert {wish.way for wish in wishes} == {"submit", "publish", "command"}
    assert {wish.story for wish in wishes} == {
        "fresh",
        "cohort",
        "overlap",
        "missing target",
        "missing source",
        "empty source",
        "archived target",
        "bad target",
        "malformed",
    }
    payloads = Counter(wish.payload for wish in wishes if wish.source)
    assert max(payloads.values()) > 1, "no message was repeated"


def test_teams_overlap() -> None:
    """Two requests for one team is what the target's lock is for."""
    plan: Timetable = timetable(1, 5)
    wanted = Counter((target, wish.payload) for wish in plan.wishes for target in wish.targets)
    by_team = Counter(target for target, _ in wanted)

    assert by_team.most_common(1)[0][1] >= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_half_an_hour_of_edges_holds_every_kind(seed: int) -> None:
    """What happens in the other world, and what happens in this one alone."""
    plan = timetable(seed, 30, "edges")

    own: tuple[Kind, ...] = (*ALONE, *BESIDE_ALONE, *EDGES_ALONE)
    if plan.is_watched:
        own = (*WATCHED, *BESIDE_WATCHED, *EDGES_WATCHED)
    kinds = (*KINDS, *EDGES, *own)
    assert {fault.kind for fault in plan.faults} == {kind.name for kind in kinds}


@pytest.mark.parametrize("seed", SEEDS)
def test_half_an_hour_of_acts_holds_every_kind(seed: int) -> None:
    """What comes after the copy, and all that happens to Monarch meanwhile."""
    plan = timetable(seed, 30, "acts")

    own = (*WATCHED, *BESIDE_WATCHED) if plan.is_watched else (*ALONE, *BESIDE_ALONE)
    kinds: tuple[Kind, ...] = (*KINDS, *ACTS, *own)
    assert {fault.kind for fault in plan.faults} == {kind.name for kind in kinds}


def test_a_missed_repository_has_an_owner_of_its_own() -> None:
    """A sweep for it finds nothing of another scene."""
    plan = timetable(1, 30, "acts")
    scenes = [fault.stage for fault in plan.faults if fault.kind == "after.missed"]
    owners = [scene.team.partition("/")[0] for scene in scenes]

    assert len(set(owners)) == len(scenes)
    assert all(
        name.startswith(f"{owner}/")
        for scene, owner in zip(scenes, owners, strict=True)
        for name in scene.late
    )


def test_each_sprint_has_a_message_and_a_channel_of_its_own() -> None:
    """So what is said of the one is not taken for the other."""
    plan = timetable(1, 30, "acts")
    scene = next(fault.stage for fault in plan.faults if fault.kind == "after.portions")
    wishes = [plan.wishes[number] for number in (scene.wish, *scene.later) if number is not None]

    assert [wish.milestones for wish in wishes] == [("Sprint 1",), ("Sprint 2",)]
    assert len({wish.channel for wish in wishes}) == len(wishes)


def test_the_other_world_has_no_edges() -> None:
    """What CI plays stays what it was."""
    plan = timetable(1, 30)

    assert all(fault.scene is None for fault in plan.faults)
    assert (plan.templates, plan.others, plan.late) == ((), (), ())
    assert not any(wish.by_hand for wish in plan.wishes)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scene_has_repositories_of_its_own(seed: int) -> None:
    """What a hand does there hits nobody else's work, and its message names them."""
    plan = timetable(seed, 10, "edges")
    scenes = [fault.scene for fault in plan.faults if fault.scene]
    targets = [target for scene in scenes for target in scene.targets]
    others = {target for wish in plan.wishes if not wish.by_hand for target in wish.targets}

    assert len(targets) == len(set(targets))
    assert not others & set(targets)
    for scene in scenes:
        if scene.wish is not None:
            wish = plan.wishes[scene.wish]
            assert (wish.source, wish.targets) == (scene.source, scene.targets)
            assert wish.by_hand


def test_only_some_kinds() -> None:
    """For whoever looks for one thing."""
    plan = timetable(2, 2, "edges", ("repository.", "valkey.kill"))

    names = {fault.kind for fault in plan.faults}
    assert names >= {"repository.swapped", "valkey.kill"}
    assert all(name.startswith(("repository.", "valkey.kill")) for name in names)
