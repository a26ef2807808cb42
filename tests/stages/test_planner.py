"""The planner: a plan and a migration for each target, or a reason that a person can act on."""

from dataclasses import replace

import pytest

from monarch.core.delivery import Stream
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.request.rules import Rules
from monarch.core.ticket import Label, Milestone
from tests.contracts.doubles.faults import Fault
from tests.stages.house import SOURCE, TEAM_A, House, pass_time

BAD_MESSAGES = [
    (b"not json", "message_not_json"),
    (b"[]", "message_not_an_object"),
    (b"{}", "message_missing_key"),
    (b'{"source_repo": 1, "all_target_repositories": []}', "message_wrong_type"),
    (b'{"source_repo": "no", "all_target_repositories": ["a/b"]}', "bad_source"),
    (b'{"source_repo": "a/b", "all_target_repositories": []}', "no_targets"),
]


@pytest.fixture
def house(house: House) -> House:
    """A template with one ticket, and a team."""
    house.github.add(SOURCE, "One")
    house.github.add(TEAM_A)
    return house


@pytest.mark.parametrize(("payload", "code"), BAD_MESSAGES)
async def test_a_bad_message_is_dead_lettered_by_its_kind(
    house: House, payload: bytes, code: str
) -> None:
    """At once, whole, and without asking GitHub."""
    request = house.store.append_request(payload)

    await house.settle()

    assert (house.state(request), house.codes()) == ("dead", [code])
    assert house.store.dead[0]["payload"] == payload.decode()
    # The reason alone left a person with "mend it and send it back", and it was given up again.
    assert house.store.dead[0]["reason"].endswith("have its sender correct it and send it again")
    assert house.github.faults.calls == []


async def test_a_bad_message_is_told_where_its_channel_can_be_read(house: House) -> None:
    """A person waits for it."""
    house.store.append_request(b'{"source_repo": "a/b", "notification_channel": "C9"}')

    await house.settle()

    assert "lacks all_target_repositories" in house.slack.texts("C9")[-1]


async def test_one_bad_target_does_not_keep_the_others(house: House) -> None:
    """It is dead-lettered by itself."""
    request = await house.migrate(TEAM_A, "no name at all", SOURCE)

    assert house.github.titles(TEAM_A) == ["One"]
    assert house.codes() == ["bad_target", "target_is_source"]
    assert house.state(request) == "failed"


async def test_what_a_ticket_has_is_frozen_with_it(house: House) -> None:
    """Labels, milestone, type and parent come with the look: not a call more is made for them but for the order of sub-issues."""
    label, milestone = Label("bug", "d73a4a", "Broken"), Milestone("S", "closed", "D", "2026", 4)
    house.github.add_issue(
        SOURCE, "Two", labels=(label,), milestone=milestone, type="Task", parent=1
    )
    request = house.publish(TEAM_A)

    await house.worker().run(lambda: house.until(lambda: bool(house.store.plans)))
    before = list(house.github.faults.calls)
    house.github.edit_issue(SOURCE, 2, labels=(), milestone=None, type="", parent=None)
    await house.settle()

    one, two = house.store.plans[request].tickets
    assert (one.labels, one.milestone, one.type, one.parent) == ((), None, "", None)
    assert two.labels == (label,)
    assert two.milestone == replace(milestone, number=0)
    assert (two.type, two.parent) == ("Task", 1)
    beyond = [f"{SOURCE}#{number}" for number in range(3, 8)]
    asked = [about for name, about in before if SOURCE in about and name != "credential"]
    # And the parent is asked for the order of its sub-issues.
    assert asked == [SOURCE, SOURCE, *beyond, SOURCE]
    copy = house.github.issues(TEAM_A)[1]
    assert ([one.name for one in copy.labels], copy.parent) == (["bug"], 1)


async def test_a_target_outside_the_allow_list_is_refused(house: House) -> None:
    """No worker writes where it was not allowed."""
    house.rules = Rules(allowed_targets=("org/other-*",))
    await house.migrate(TEAM_A)

    assert house.codes() == ["target_not_allowed"]
    assert house.github.titles(TEAM_A) == []


async def test_a_source_that_was_renamed_to_outside_the_allow_list_is_refused(house: House) -> None:
    """GitHub answers to the old name as well; the list means the repository that it is now."""
    house.rules = Rules(allowed_sources=("org/*",))
    house.github.change(SOURCE, full_name="elsewhere/secret")
    request = await house.migrate(TEAM_A)

    assert (house.state(request), house.codes()) == ("dead", ["source_not_allowed"])
    assert "elsewhere/secret" in house.store.dead[0]["reason"]
    assert house.github.faults.count("list_issues") == 0
    assert house.github.titles(TEAM_A) == []


async def test_a_target_that_was_renamed_to_outside_the_allow_list_is_refused(house: House) -> None:
    """Nothing is read or written there, and Slack says so."""
    house.rules = Rules(allowed_targets=("org/*",))
    house.github.change(TEAM_A, full_name="elsewhere/team-a")
    request = await house.migrate(TEAM_A)

    assert (house.state(request), house.codes()) == ("failed", ["target_not_allowed"])
    assert house.github.titles(TEAM_A) == []
    assert house.github.faults.count("create_issue") == 0
    assert "elsewhere/team-a" in house.slack.texts("C1")[-1]


async def test_a_migration_that_no_planner_made_is_held_to_the_allow_list(house: House) -> None:
    """A producer that can append to the stream cannot make the token write anywhere: GitHub is not even asked."""
    house.rules = Rules(allowed_targets=("org/team-*",))
    request = await house.migrate(TEAM_A)
    house.github.add("org/private")
    fields = {b"v": b"1", b"request": request.encode(), b"target": b"org/private"}
    house.store.append(Stream.MIGRATIONS, fields)
    asked = house.github.faults.count("read_repository")

    await house.settle()

    assert house.codes() == ["target_not_allowed"]
    assert house.github.faults.count("read_repository") == asked
    assert house.github.titles("org/private") == []


async def test_a_target_that_is_named_twice_gets_one_migration(house: House) -> None:
    """In any spelling."""
    await house.migrate(TEAM_A, f"https://github.com/{TEAM_A}.git", TEAM_A.upper())

    assert house.github.titles(TEAM_A) == ["One"]
    assert len(house.store.migrations) == 1


async def test_an_empty_template_is_skipped(house: House) -> None:
    """Only a complete look without tickets is."""
    house.github.add("org/empty")
    request = await house.migrate(TEAM_A, source="org/empty")

    assert house.state(request) == "skipped"
    assert "no open tickets" in house.slack.texts("C1")[-1]


async def test_a_template_that_shows_less_than_github_counts_is_not_empty_yet(
    house: House,
) -> None:
    """Nothing shows its tickets, not even a reading by number: it is read again, and then they are there."""
    house.github.add("org/young", open_issues=2)
    request = house.publish(TEAM_A, source="org/young")

    async with house.running():
        await pass_time(1)
        house.github.add_issue("org/young", "One")
        house.github.add_issue("org/young", "Two")
        await house.until_quiet()

    assert house.state(request) == "done"
    assert house.told("retry.scheduled")
    assert house.github.titles(TEAM_A) == ["One", "Two"]


async def test_a_template_that_never_shows_what_github_counts_is_given_up_with_that(
    house: House,
) -> None:
    """And not told to have no open tickets. Open pull requests that are shown are counted, too."""
    house.github.add("org/odd", open_issues=2)
    house.github.add_issue("org/odd", "A pull", is_pull=True)
    request = await house.migrate(TEAM_A, source="org/odd")

    assert (house.state(request), house.codes()) == ("dead", ["out_of_attempts"])
    assert (
        "counts 2 open issues and pull requests in org/odd and shows 1"
        in (house.slack.texts("C1")[-1])
    )


async def test_a_source_with_its_issues_off_is_not_empty(house: House) -> None:
    """It is a mistake that a person can put right."""
    house.github.change(SOURCE, has_issues=False)
    request = await house.migrate(TEAM_A)

    assert (house.state(request), house.codes()) == ("dead", ["issues_disabled"])


async def test_a_template_made_a_second_ago_is_not_empty(house: House) -> None:
    """No listing shows its tickets yet; read by their numbers they are there."""
    house.github.listing_lag_s = 3
    house.github.add("org/young", "One", "Two", "Three")
    await house.migrated(TEAM_A, source="org/young")

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]


@pytest.mark.parametrize("hidden", [1, 2, 4])
async def test_a_ticket_that_the_listing_hides_is_planned(house: House, hidden: int) -> None:
    """Lists have been seen to show a newer issue without an older one."""
    for title in ("Two", "Three", "Four"):
        house.github.add_issue(SOURCE, title)
    house.github.at(SOURCE).listed_from[hidden] = 600.0
    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three", "Four"]


async def test_what_is_closed_or_a_pull_request_is_no_ticket(house: House) -> None:
    """Whether a list showed it or a reading by its number did."""
    house.github.add_issue(SOURCE, "Closed", state="closed")
    house.github.add_issue(SOURCE, "Pull", is_pull=True)
    house.github.add_issue(SOURCE, "Closed and not listed", state="closed")
    house.github.add_issue(SOURCE, "Pull and not listed", is_pull=True)
    house.github.add_issue(SOURCE, "Two")
    for number in (4, 5):
        house.github.at(SOURCE).listed_from[number] = 600.0
    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two"]


@pytest.mark.parametrize("method", ["read_repository", "list_issues", "read_issue"])
@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (Transient("GitHub answered 502"), "done", "retry.scheduled"),
        (RateLimited("a limit", 90), "done", "gate.closed"),
        (Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "revoked"), "done", "gate.closed"),
        (
            Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such thing"),
            "dead",
            "entry.dead_lettered",
        ),
    ],
)
async def test_a_source_that_cannot_be_read_is_judged_by_its_outcome(
    house: House, method: str, answer: object, state: str, told: str
) -> None:
    """Once; the next answer is a good one."""
    house.github.faults.at(method, 1, Fault(answer))
    request = await house.migrate(TEAM_A)

    assert house.state(request) == state
    assert told in house.events


async def test_a_plan_does_not_change(house: House) -> None:
    """What is added to the template later is in no migration of this request."""
    house.github.faults.at("create_issue", 1, Fault(RateLimited("a limit", 600)))
    house.publish(TEAM_A)

    async with house.running():
        await house.until(lambda: bool(house.store.plans))
        house.github.add_issue(SOURCE, "Two")
        await house.until_quiet()

    assert house.github.titles(TEAM_A) == ["One"]
