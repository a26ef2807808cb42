"""The sweep for missed repositories, on a real Valkey and against the stand-in over real HTTP."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monarch.adapters.valkey.client.connection import connected
from monarch.app.doctor.missed_checks import missed_checks
from monarch.app.doctor.valkey_checks import Status
from monarch.core.delivery import Stream
from monarch.core.ids import TargetId
from monarch.core.missed.judging import LeftAlone
from monarch.core.outcome import Found, Permanent
from monarch.core.request.rules import Rules
from monarch.sandbox.control.seed import RepositoryChange
from monarch.sandbox.faults import Answer, Match
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings
from tests.contracts.missed.school import (
    CHANNEL,
    OWNER,
    TEMPLATE,
    WEEK_MS,
    School,
    a_school,
    made,
    names,
)


async def test_a_repository_that_no_message_named_is_found(school: School) -> None:
    """With the channel in which the others were told of."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    await school.asks_for("team-a")

    found = await school.sweeps()

    assert names(found) == ["team-b"]
    [one] = found.missed
    assert (one.origin.full_name, one.channel) == (TEMPLATE, CHANNEL)
    assert found.left == {LeftAlone.ASKED: 1}


async def test_a_record_that_something_else_has_written_ends_no_sweep(school: School) -> None:
    """A member of `sources` that is no id ended the worker that swept."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    await school.asks_for("team-a")
    await school.client.zadd(school.keys.sources, {b"\xff": 0, b"zzz": 0})
    await school.client.zadd(school.keys.named, {f"{OWNER}/team-b".lower(): float("-inf")})

    assert names(await school.sweeps()) == ["team-b"]


# ------------------------------------------------------------------------------------- left alone


@pytest.mark.parametrize(
    ("repository", "left"),
    [
        (made("old", days=9), {}),
        (made("archived", archived=True), {}),
        (made("fork", fork=True), {}),
        (made("template-too", is_template=True), {}),
        (made("of-another", generated_from=f"{OWNER}/other-template"), LeftAlone.UNKNOWN_TEMPLATE),
        (made("by-hand", generated_from=None), LeftAlone.NO_TEMPLATE),
        (made("elsewhere", full_name="other/team"), {}),
    ],
)
async def test_what_is_no_teams_repository_is_left_alone(
    school: School, repository: dict[str, Any], left: LeftAlone | dict[str, int]
) -> None:
    """And what can be seen in a list costs no read of its own."""
    await school.sandbox.seed(a_school(repository))
    await school.asks_for()

    found = await school.sweeps()

    assert names(found) == []
    assert found.left == ({left: 1} if isinstance(left, LeftAlone) else left)


async def test_a_source_of_ours_is_left_alone(school: School) -> None:
    """A template that was made from another one of ours."""
    await school.sandbox.seed(a_school(made("next-template")))
    await school.asks_for()
    await school.asks_for(source="next-template")

    assert (await school.sweeps()).left == {LeftAlone.TEMPLATE: 1}


async def test_a_repository_that_carries_copies_is_left_alone(school: School) -> None:
    """Whoever asked for them, and whenever: Valkey may have forgotten."""
    marker = "<!-- monarch: school/template#1 id=2034567890 -->"
    issues = [{"title": "One", "body": f"Do it.\n\n{marker}", "author": "monarch-bot"}]
    await school.sandbox.seed(a_school(made("team-a", issues=issues)))
    await school.asks_for()

    assert (await school.sweeps()).left == {LeftAlone.COPIES: 1}


async def test_a_marker_that_a_student_planted_hides_nothing(school: School) -> None:
    """Only copies of ours count."""
    marker = "<!-- monarch: school/template#1 id=2034567890 -->"
    issues = [{"title": "One", "body": marker, "author": "student"}]
    await school.sandbox.seed(a_school(made("team-a", issues=issues)))
    await school.asks_for()

    assert names(await school.sweeps()) == ["team-a"]


async def test_a_repository_that_was_asked_for_in_another_spelling_is_left_alone(
    school: School,
) -> None:
    """Names are compared without case."""
    await school.sandbox.seed(a_school(made("Team-A")))
    await school.asks_for("tEAM-a")

    assert (await school.sweeps()).left == {LeftAlone.ASKED: 1}


async def test_a_repository_that_was_filled_and_renamed_is_left_alone(school: School) -> None:
    """It is known by its id."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for("team-a")
    await school.client.set(school.keys.latest(TargetId(await school.id_of("team-a"))), "1-0:x")
    change = RepositoryChange(repo=f"{OWNER}/team-a", rename_to=f"{OWNER}/better-name")
    await school.sandbox.update_repository(change)

    assert (await school.sweeps()).left == {LeftAlone.ASKED: 1}


async def test_a_repository_that_was_seen_under_the_name_that_was_asked_for_is_left_alone(
    school: School,
) -> None:
    """Before any migration has reached it, its former name says so."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    assert names(await school.sweeps()) == ["team-a"]
    change = RepositoryChange(repo=f"{OWNER}/team-a", rename_to=f"{OWNER}/better-name")
    await school.sandbox.update_repository(change)
    await school.asks_for("team-a")

    assert (await school.sweeps()).left == {LeftAlone.ASKED: 1}


async def test_a_repository_that_was_deleted_and_made_again_is_found(school: School) -> None:
    """What was asked for under its name was another one."""
    await school.sandbox.seed(a_school(made("team-a", days=1)))
    await school.asks_for("team-a", days=2)

    assert names(await school.sweeps()) == ["team-a"]


async def test_a_message_that_no_planner_has_read_yet_counts(school: School) -> None:
    """The fleet is paused, say."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    await school.asks_for()
    message = b'{"source_repo": "school/template", "all_target_repositories": ["School/TEAM-A"]}'
    for payload in (message, b"no message"):
        await school.client.xadd(school.keys.stream(Stream.REQUESTS), {"payload": payload})

    assert names(await school.sweeps()) == ["team-b"]


async def test_with_too_many_messages_unread_nothing_is_called_missed(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may name everything."""
    monkeypatch.setattr("monarch.adapters.valkey.missed.UNPLANNED_MOST", 1)
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    for _ in range(2):
        await school.client.xadd(school.keys.stream(Stream.REQUESTS), {"payload": b"{}"})

    found = await school.sweeps()

    assert found.missed == ()
    assert "wait for a planner" in found.problem


async def test_a_young_repository_may_still_be_asked_for(school: School) -> None:
    """It says when it is old enough."""
    await school.sandbox.seed(a_school(made("team-a", days=0)))
    await school.asks_for()

    found = await school.sweeps(young_ms=60_000)

    assert found.left == {LeftAlone.YOUNG: 1}
    assert found.ripe_ms is not None
    assert 0 < found.ripe_ms - await school.missing.now_ms() <= 60_000


async def test_the_allow_list_makes_a_template_known_that_nobody_asked_for(school: School) -> None:
    """And keeps others away, whoever asked for them."""
    await school.sandbox.seed(
        a_school(made("team-a"), made("team-b", generated_from=f"{OWNER}/other-template"))
    )
    await school.asks_for()

    school.rules = Rules(allowed_sources=("school/other-*",))
    found = await school.sweeps()

    assert names(found) == ["team-b"]
    assert found.missed[0].channel is None
    assert found.left == {LeftAlone.NOT_ALLOWED: 1}


async def test_a_target_that_is_not_allowed_is_left_alone(school: School) -> None:
    """Its request would be refused."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()

    school.rules = Rules(allowed_targets=("school/cohort-*",))

    assert (await school.sweeps()).left == {LeftAlone.NOT_ALLOWED: 1}


async def test_a_repository_that_is_gone_by_now_is_left_alone(school: School) -> None:
    """A sweep later the list may be the same, as far as GitHub says."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    await school.asks_for()
    assert len(names(await school.sweeps())) == 2
    await school.sandbox.delete_repository(f"{OWNER}/team-a")

    assert names(await school.sweeps(is_fresh=True)) == ["team-b"]


async def test_a_persons_repositories_are_listed_at_another_address(school: School) -> None:
    """An owner need not be an organisation."""
    mine = made("x") | {"full_name": "monarch-bot/mine"}
    await school.sandbox.seed(a_school(mine))
    await school.asks_for()
    until_ms = await school.missing.now_ms() - WEEK_MS

    found = await school.github.newest("monarch-bot", until_ms)

    assert isinstance(found, Found)
    assert [one.full_name for one in found.value.repositories] == ["monarch-bot/mine"]
    nobody = await school.github.newest("nobody-at-all", until_ms)
    assert isinstance(nobody, Permanent)
    assert "knows no organisation and no user nobody-at-all" in nobody.reason


# --------------------------------------------------------------------------------- what it costs


async def test_a_sweep_that_finds_nothing_new_costs_one_read_that_github_does_not_count(
    school: School,
) -> None:
    """The newest page is unchanged (304), and all that it shows is remembered."""
    await school.sandbox.seed(a_school(*(made(f"team-{n}") for n in range(5))))
    await school.asks_for()
    assert len(names(await school.sweeps())) == 5
    before = await school.reads()

    assert len(names(await school.sweeps())) == 5

    [call] = (await school.calls())[before:]
    assert (call.path, call.status) == (f"/orgs/{OWNER}/repos", 304)


async def test_an_hour_of_sweeps_over_5000_repositories_costs_60_reads_at_most(
    school: School,
) -> None:
    """Once warm: while twenty repositories are made, and something else changes all the time."""
    old = [made(f"old-{n}", days=30 + n / 100) for n in range(4800)]
    await school.sandbox.seed(a_school(*old, *(made(f"team-{n}", days=2) for n in range(200))))
    await school.asks_for(*(f"team-{n}" for n in range(200)))
    assert names(await school.sweeps()) == []
    before = await school.reads()

    for round_ in range(6):
        await school.sandbox.seed(
            a_school(*(made(f"new-{round_}-{n}", days=0.01) for n in range(3)))
        )
        assert len(names(await school.sweeps())) == 3 * (round_ + 1)

    assert await school.reads() - before <= 60


async def test_a_sweep_reads_so_many_and_the_next_one_goes_on(school: School) -> None:
    """Then it lists the window again, so that none is left out."""
    await school.sandbox.seed(a_school(*(made(f"team-{n}", days=1 + n / 100) for n in range(5))))
    await school.asks_for()

    first = await school.sweeps(most=2)
    second = await school.sweeps(most=2)
    third = await school.sweeps(most=2)

    assert [one.unread for one in (first, second, third)] == [3, 1, 0]
    assert names(first) == ["team-0", "team-1"]
    assert len(names(third)) == 5


async def test_a_failure_in_the_middle_loses_nothing_that_was_read(school: School) -> None:
    """And says why; the next sweep goes on behind it."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b", days=2)))
    await school.asks_for()
    path = f"^/(repos/{OWNER}/team-b|repositories/{await school.id_of('team-b')})$"
    answer = Answer(status=500)
    fault = await school.sandbox.add_fault(answer, match=Match(path_regex=path), times=None)

    found = await school.sweeps()

    assert found.missed == ()
    assert "500" in found.problem
    await school.sandbox.remove_faults(fault)
    before = await school.reads()
    assert names(await school.sweeps()) == ["team-a", "team-b"]
    paths = [call.path for call in (await school.calls())[before:]]
    assert paths.count(f"/repos/{OWNER}/team-a") == 1
    assert len(paths) == 5


async def test_a_limit_closes_the_gate_and_the_next_sweep_asks_nothing(school: School) -> None:
    """As for everything else that calls."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    answer = Answer(status=429, headers={"Retry-After": "30"})
    await school.sandbox.add_fault(answer, match=Match(path_regex=f"^/orgs/{OWNER}/repos$"))
    assert "limit" in (await school.sweeps()).problem
    before = await school.reads()

    found = await school.sweeps()

    assert found.problem.startswith("the gate is closed for ")
    assert await school.reads() == before


async def test_a_longer_window_reads_what_lies_before_it(school: School) -> None:
    """And a shorter one afterwards forgets nothing."""
    await school.sandbox.seed(a_school(made("team-a", days=2), made("team-b", days=20)))
    await school.asks_for()

    assert names(await school.sweeps(days=7)) == ["team-a"]
    assert names(await school.sweeps(days=25)) == ["team-a", "team-b"]
    assert names(await school.sweeps(days=7)) == ["team-a"]
    before = await school.reads()
    assert names(await school.sweeps(days=25)) == ["team-a", "team-b"]
    assert await school.reads() == before + 1


# ------------------------------------------------------------------------------ what is on record


async def test_each_repository_is_told_once_and_leaves_the_record_once_it_was_asked_for(
    school: School,
) -> None:
    """Whoever finds it again."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    await school.asks_for()
    found = await school.sweeps()

    first = await school.missing.found(OWNER, found.missed)
    again = await school.missing.found(OWNER, found.missed)

    assert first == {one.repository.id for one in found.missed}
    assert again == frozenset()
    assert await school.client.hlen(school.keys.missed) == 2
    await school.asks_for("team-a")
    await school.missing.found(OWNER, (await school.sweeps()).missed)
    assert await school.client.hlen(school.keys.missed) == 1
    events = await school.client.xrange(school.keys.events)
    told = [fields[b"target"] for _, fields in events if fields[b"event"] == b"repository.missed"]
    assert sorted(told) == [b"school/team-a", b"school/team-b"]


async def test_another_owners_record_is_left_as_it_is(school: School) -> None:
    """Each sweep is of one owner."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    found = await school.sweeps()
    await school.missing.found(OWNER, found.missed)

    await school.missing.found("another", ())

    assert await school.client.hlen(school.keys.missed) == 1


async def test_what_was_missed_is_asked_for_once_whoever_asks(
    school: School, tmp_path: Path
) -> None:
    """By the platform's own message, in the channel of the others; and it is on disk then."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    [one] = (await school.sweeps()).missed
    with EmbeddedValkey(tmp_path) as kept:
        async with connected(kept.url, "tests") as school.client:
            first = await school.missing.submit(one, "ada")
            again = await school.missing.submit(replace(one, channel=None), "bob")

            assert again == first
            await _assert_asked_for_once(school)


async def _assert_asked_for_once(school: School) -> None:
    [(_, fields)] = await school.client.xrange(school.keys.stream(Stream.REQUESTS))
    assert json.loads(fields[b"payload"]) == {
        "source_repo": TEMPLATE,
        "all_target_repositories": ["school/team-a"],
        "notification_channel": CHANNEL,
    }
    events = await school.client.xrange(school.keys.events)
    assert {fields[b"by"] for _, fields in events if b"by" in fields} == {b"ada"}
    await school.asks_for()
    assert (await school.sweeps()).left == {LeftAlone.ASKED: 1}


async def test_one_worker_of_the_fleet_has_the_turn(school: School) -> None:
    """And a worker before which nobody heard the channel has it soon."""
    assert await school.missing.turn(600_000, heard_nothing=False)
    assert not await school.missing.turn(600_000, heard_nothing=False)
    assert not await school.missing.turn(600_000, heard_nothing=True)
    now_ms = await school.missing.now_ms()
    await school.client.hset(school.keys.swept, "at", now_ms - 20_000)
    assert not await school.missing.turn(600_000, heard_nothing=False)
    assert await school.missing.turn(600_000, heard_nothing=True)
    await school.client.hset(school.keys.swept, "at", now_ms + 3_600_000)
    assert await school.missing.turn(600_000, heard_nothing=False)


async def test_a_memory_that_cannot_be_read_costs_reads_and_no_more(school: School) -> None:
    """Nothing of it is believed."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    await school.sweeps()
    await school.client.set(school.keys.owner(OWNER), b"spoiled")

    assert names(await school.sweeps()) == ["team-a"]


async def test_the_doctor_says_which_owners_can_be_listed(school: School) -> None:
    """A wrong name is no failure, but worth a look; without owners nothing is asked."""
    await school.sandbox.seed(a_school())
    nobody = Settings(missed_owners=(OWNER,))
    address = {"gh_pat": SecretStr("ghp_monarch"), "github_api_url": school.sandbox.github_url}
    signed = nobody.model_copy(update=address)
    checks = await missed_checks(signed.model_copy(update={"missed_owners": (OWNER, "scholl")}))
    before = await school.reads()

    assert [(one.status, one.detail.partition(":")[0]) for one in checks] == [
        (Status.OK, OWNER),
        (Status.WARN, "scholl"),
    ]
    assert await missed_checks(signed.model_copy(update={"missed_owners": ()})) == ()
    assert await missed_checks(nobody) == ()
    assert await school.reads() == before
