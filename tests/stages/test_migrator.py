"""Whole runs: planner, migrator and notifier over one memory, against a GitHub that misbehaves."""

import re
from dataclasses import replace
from typing import Any

import anyio
import pytest
from valkey.exceptions import ConnectionError as CutOffError

from monarch.core.copy.marker import read_marker
from monarch.core.delivery import Stream
from monarch.core.ids import TicketId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient, Unknown
from monarch.core.target.step import CreatedAs
from monarch.core.timing import SETTLING_MS
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED, LOST
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, pass_time

TITLES = ["One", "Two", "Three"]
SLOWLY = replace(NO_CEILINGS, interval_ms=10_000)
"""Ten seconds between two writes: long enough for something to happen between them."""

REFUSED = Fault(Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no, says GitHub"))
GONE = Fault(Transient("GitHub answered 502"))


@pytest.fixture
def house(house: House) -> House:
    """A template with three tickets, and two teams."""
    house.github.add(SOURCE, *TITLES)
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    return house


async def test_every_ticket_is_copied_once_and_in_order(house: House) -> None:
    """For every target; and "done" is said of what was read back."""
    await house.migrated(TEAM_A, TEAM_B)

    assert house.github.titles(TEAM_A) == house.github.titles(TEAM_B) == TITLES
    assert house.github.faults.count("create_issue") == 6
    assert any("done" in text for text in house.slack.texts("C1"))
    assert "delivery.failed" not in house.events


async def test_a_target_that_holds_some_is_topped_up(house: House) -> None:
    """What an earlier run copied is adopted, though the ledger knows nothing of it."""
    first = await house.migrate(TEAM_A)
    house.store.forget_all("ledger")
    house.github.add_issue(SOURCE, "Four")

    second = await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == [*TITLES, "Four"]
    assert (house.state(first), house.state(second)) == ("done", "done")
    migration = house.store.migrations[next(m for m in house.store.migrations if second in m)]
    assert (migration["copied"], migration["present"]) == ("1", "3")


class IntentAtTheLastMoment:
    """The ledger shows the intent of another write only as the first permission is asked for."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.since_s: float | None = None

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        if command.name == "permit" and self.since_s is None:
            self.since_s = anyio.current_time()
            ledger, ticket = command.keys[2], command.document["ticket"]
            intent = f"intended until {self._house.store.now_ms()} another"
            self._house.store.do("HSET", ledger, ticket, intent)
        return await answer()


async def test_an_intent_that_was_not_there_before_is_waited_for(house: House) -> None:
    """Its write may still arrive: nothing is written beside it before it has settled and the target was looked at."""
    house.publish(TEAM_A)
    passage = IntentAtTheLastMoment(house)

    async with house.running(passage=passage):
        await house.until(lambda: house.github.titles(TEAM_A) != [])
        assert passage.since_s is not None
        assert anyio.current_time() - passage.since_s >= SETTLING_MS / 1000
        await house.until_quiet()

    assert house.github.titles(TEAM_A) == TITLES


async def test_closed_tickets_and_pull_requests_stay_where_they_are(house: House) -> None:
    """Only open issues are tickets."""
    house.github.add_issue(SOURCE, "closed", state="closed")
    house.github.add_issue(SOURCE, "a pull request", is_pull=True)
    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == TITLES


@pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY, DROPPED, HANG, LATE])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("lag_s", [0.0, 300.0])
async def test_a_write_without_an_answer_is_reconciled(
    house: House, fault: Fault, nth: int, lag_s: float
) -> None:
    """Done or not done, listed or not: nothing is doubled, and 20 s pass before anybody decides."""
    house.github.listing_lag_s = lag_s
    house.github.faults.at("create_issue", nth, fault)
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == TITLES
    assert anyio.current_time() >= 20


async def test_two_unanswered_writes_of_a_ticket_are_a_failure(house: House) -> None:
    """The crossing ends as a counted failure, and the next one looks again."""
    house.github.faults.at("create_issue", 1, DROPPED)
    house.github.faults.at("create_issue", 2, DROPPED)
    await house.migrated(TEAM_A)

    (retry,) = house.told("retry.scheduled")
    assert "2 writes of ticket #1" in retry["reason"]
    assert house.github.titles(TEAM_A) == TITLES


async def test_a_refused_ticket_does_not_keep_the_others(house: House) -> None:
    """The migration ends dead and names it; everything else is copied."""
    house.github.faults.at("create_issue", 2, REFUSED)
    request = await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Three"]
    assert house.state(request) == "failed"
    (letter,) = house.store.dead
    assert letter["code"] == "tickets_refused"
    assert "#2" in letter["reason"]
    assert "no, says GitHub" in letter["reason"]


async def test_each_refusal_is_told_with_its_own_reason(house: House) -> None:
    """Of several the first one's reason stood for all."""
    too_long = Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "title is too long")
    house.github.faults.at("create_issue", 1, REFUSED)
    house.github.faults.at("create_issue", 2, Fault(too_long))
    await house.migrate(TEAM_A)

    (letter,) = house.store.dead
    told = "GitHub refused #1: no, says GitHub; #2: title is too long"
    assert letter["reason"].startswith(told)


def forced_id(house: House, ahead_s: float = 1e9) -> None:
    """A producer forces an id ahead of the server's clock, and every later one follows it."""
    stream = house.store.keys.stream(Stream.REQUESTS)
    entry = house.store.do(
        "XADD", stream, f"{house.store.now_ms() + int(ahead_s * 1000)}-0", "x", "y"
    )
    assert isinstance(entry, bytes)
    house.store.do("XDEL", stream, entry)


async def test_a_refused_ticket_of_a_request_ahead_of_the_clock_is_asked_for_once(
    house: House,
) -> None:
    """Its refusal was older than the request, so to say: it was written again and again, as fast as the budget gave."""
    forced_id(house)
    house.github.refused_titles.add("Two")
    request = await house.migrate(TEAM_A)

    assert int(request.partition("-")[0]) > house.store.now_ms()
    assert house.github.faults.count("create_issue") == len(TITLES)
    assert house.codes() == ["tickets_refused"]


async def test_a_refusal_before_a_clock_was_set_back_is_no_reason_to_hammer(house: House) -> None:
    """The request was planned while the clock ran ahead, too: a ticket is asked for once in each crossing."""
    forced_id(house)
    house.github.refused_titles.add("Two")
    house.publish(TEAM_A)
    worker = house.worker()
    await worker.run(lambda: house.until(lambda: bool(house.store.migrations)))
    for key in house.store.requests:
        house.store.do(
            "HSET", house.store.keys.request(key), "planned_ms", house.store.now_ms() + 10**9
        )
    await house.settle()

    assert house.github.faults.count("create_issue") == len(TITLES)
    assert house.codes() == ["tickets_refused"]


async def test_a_refusal_before_a_clock_was_set_back_is_not_that_of_a_later_request(
    house: House,
) -> None:
    """A person has corrected the template and sent the message again; the old refusal looked newer than that."""
    house.github.refused_titles.add("Two")
    first = await house.migrate(TEAM_A)
    house.github.refused_titles.clear()
    (ledger,) = (key for key in house.store.server.values if key.startswith(b"{monarch}:ledger:"))
    for ticket, record in house.store.server.values[ledger].items():
        if record.startswith(b"refused "):
            _, run, at_ms, reason = record.split(b" ", 3)
            later = b"refused %s %d %s" % (run, int(at_ms) + 3_600_000, reason)
            house.store.do("HSET", ledger, ticket, later)
    await pass_time(1)

    again = await house.migrate(TEAM_A)

    assert (house.state(first), house.state(again)) == ("failed", "done")


async def test_a_missing_target_of_a_request_ahead_of_the_clock_is_given_up_in_time(
    house: House,
) -> None:
    """It was waited for until the clock reached the id."""
    forced_id(house)
    await house.migrate("org/team-c")

    assert house.codes() == ["repository_not_found"]
    assert 115 <= anyio.current_time() <= 140


async def test_a_ticket_that_another_request_was_refused_is_tried_again(house: House) -> None:
    """A person has changed the template and sent the message again, as Slack asked."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    house.github.refused_titles.add("Two")
    first = await house.migrate(TEAM_A)
    house.github.refused_titles.clear()
    await pass_time(1)

    again = await house.migrate(TEAM_A)

    assert (house.state(first), house.state(again)) == ("failed", "done")
    assert house.github.titles(TEAM_A) == ["One", "Two"]


async def test_a_limit_closes_the_gate_and_counts_nothing(house: House) -> None:
    """No worker calls GitHub before the time is over; the migrations wait, uncounted."""
    house.github.faults.at("create_issue", 2, LIMITED)
    await house.migrated(TEAM_A, TEAM_B)

    assert house.github.titles(TEAM_A) == house.github.titles(TEAM_B) == TITLES
    assert len(house.told("gate.closed")) == 1
    assert not house.told("retry.scheduled")
    assert anyio.current_time() >= 60


async def test_a_limit_on_the_source_is_waited_for(house: House) -> None:
    """The planner gives way like everybody."""
    house.github.faults.at("list_issues", 1, Fault(RateLimited("the hour's limit", 1800)))
    await house.migrated(TEAM_A)

    assert anyio.current_time() >= 1800


async def test_a_refused_credential_dead_letters_nothing(house: House) -> None:
    """Everything rests until a valid one is set."""
    refused = Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "the token was revoked")
    for nth in (1, 2, 3):
        house.github.faults.at("create_issue", nth, Fault(refused))
    request = await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == TITLES
    assert (house.state(request), house.codes()) == ("done", [])


@pytest.mark.parametrize("skew_s", [-600.0, 0.0, 600.0])
async def test_a_target_that_is_not_there_yet_is_waited_for(house: House, skew_s: float) -> None:
    """5, 10, 20 … s, uncounted, whatever the worker takes for the time."""
    house.clock.skew_s = skew_s
    request = house.publish("org/team-c")
    worker = house.worker()

    async def appears() -> None:
        await pass_time(50)
        house.github.add("org/team-c")
        await house.until_quiet()

    await worker.run(appears)

    delays = [line["delay_s"] for line in house.told("delivery.snoozed")]
    assert delays[0] == pytest.approx(5, abs=1)
    assert delays[1] == pytest.approx(10, abs=3)
    assert delays[2] == pytest.approx(20, abs=6)
    assert house.github.titles("org/team-c") == TITLES
    assert house.state(request) == "done"


@pytest.mark.parametrize("skew_s", [-600.0, 0.0, 600.0])
async def test_a_target_that_never_appears_is_given_up_in_time(house: House, skew_s: float) -> None:
    """After the patience a missing repository is missing, by the server's clock."""
    house.clock.skew_s = skew_s
    await house.migrate("org/team-c")

    assert house.codes() == ["repository_not_found"]
    assert 115 <= anyio.current_time() <= 140


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"archived": True}, "repository_archived"), ({"has_issues": False}, "issues_disabled")],
)
async def test_an_unwritable_target_is_dead_at_once(
    house: House, settings: dict[str, bool], code: str
) -> None:
    """And holds up no healthy one."""
    house.github.change(TEAM_A, **settings)
    request = await house.migrate(TEAM_A, TEAM_B)

    assert house.codes() == [code]
    assert house.github.titles(TEAM_B) == TITLES
    assert house.state(request) == "failed"
    assert house.github.faults.count("create_issue") == 3


async def test_a_private_source_is_not_copied_into_a_public_target(house: House) -> None:
    """The other way round, and between two private ones, it is."""
    house.github.change(SOURCE, private=True)
    house.github.change(TEAM_B, private=True)
    await house.migrate(TEAM_A, TEAM_B)

    assert house.codes() == ["private_source"]
    assert house.github.titles(TEAM_A) == []
    assert house.github.titles(TEAM_B) == TITLES


@pytest.mark.parametrize("code", [Code.NOT_FOUND, Code.ISSUES_DISABLED, Code.FORBIDDEN])
async def test_a_repository_that_refuses_a_write_ends_its_migration(
    house: House, code: Code
) -> None:
    """404, 410 and 403 to a write: it was certainly not created."""
    house.github.faults.at("create_issue", 2, Fault(Permanent(Scope.REPOSITORY, code, "no")))
    await house.migrate(TEAM_A)

    assert house.codes() == [code.value]
    assert house.github.titles(TEAM_A) == ["One"]
    (records,) = house.store.ledgers.values()
    assert len(records) == 1


async def test_a_source_that_cannot_be_read_is_never_taken_for_empty(house: House) -> None:
    """It is tried again, and then given up with a reason."""
    house.github.faults.at("list_issues", 0, GONE)
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "dead"
    assert house.codes() == ["out_of_attempts"]
    assert len(house.told("retry.scheduled")) == 7
    assert "502" in house.card()


async def test_a_second_copy_is_reported_with_the_issue_to_close(house: House) -> None:
    """The lowest number is the copy."""
    await house.migrate(TEAM_A)
    body = house.github.issues(TEAM_A)[0].body
    house.github.add_issue(TEAM_A, "One", body, author=house.github.me.login)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "failed"
    (letter,) = house.store.dead
    assert letter["code"] == "strays_found"
    assert "#4" in letter["reason"]
    assert [line["number"] for line in house.told("stray.found")] == [4]
    assert "issues/4" in "".join(house.slack.texts("C1"))


async def test_a_planted_marker_is_not_believed(house: House) -> None:
    """Targets are public: anybody could keep a ticket from being copied."""
    await house.migrate(TEAM_A)
    body = house.github.issues(TEAM_A)[0].body
    house.github.add_issue(TEAM_B, "mine", body, author="mallory")

    await house.migrated(TEAM_B)

    assert house.github.titles(TEAM_B) == ["mine", *TITLES]
    assert house.told("marker.planted")


async def test_a_copy_that_somebody_deleted_stays_deleted(house: House) -> None:
    """It was a decision of a person."""
    await house.migrate(TEAM_A)
    house.github.delete_issue(TEAM_A, 2)

    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Three"]
    assert "deleted" in house.card()


async def test_a_copy_whose_marker_was_edited_away_is_still_a_copy(house: House) -> None:
    """The ledger knows it, and it is there."""
    await house.migrate(TEAM_A)
    house.github.edit_issue(TEAM_A, 2, body="my own words")

    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == TITLES


async def test_two_requests_for_one_target_write_one_after_the_other(house: House) -> None:
    """The second waits, is woken, and finds everything there."""
    first, second = house.publish(TEAM_A), house.publish(TEAM_A)

    await house.settle()

    assert house.github.titles(TEAM_A) == TITLES
    assert (house.state(first), house.state(second)) == ("done", "done")
    assert house.github.faults.count("create_issue") == 3
    assert anyio.current_time() < 30


async def test_a_new_epoch_in_the_middle_is_looked_at_again(house: House) -> None:
    """What this memory forgot is found at GitHub."""
    house.ceilings = SLOWLY
    request = house.publish(TEAM_A)
    forgotten = False

    async def forgets() -> None:
        nonlocal forgotten
        await house.until(lambda: len(house.github.titles(TEAM_A)) == 2)
        house.store.forget()
        house.store.forget_all("ledger")
        forgotten = True
        await house.until_quiet()

    await house.worker().run(forgets)

    assert forgotten
    assert house.github.titles(TEAM_A) == TITLES
    assert house.state(request) == "done"
    assert anyio.current_time() >= 25


async def test_a_worker_that_dies_in_the_middle_is_followed_by_another(house: House) -> None:
    """Within one lease and a sweep the next one goes on where it ended."""
    house.ceilings = SLOWLY
    request = house.publish(TEAM_A)

    async with house.running("dying"):
        await house.until(lambda: len(house.github.titles(TEAM_A)) == 2)
    await house.worker("heir").run(house.until_quiet)

    assert house.github.titles(TEAM_A) == TITLES
    assert house.state(request) == "done"


async def test_a_zombies_copy_between_two_of_ours_is_seen_at_once(house: House) -> None:
    """Skipped numbers are read: a copy by another worker is not made again."""
    await house.migrate(TEAM_A)
    before, after = (f" target={house.github.at(each).repository.id} " for each in (TEAM_A, TEAM_B))
    bodies = {i.title: i.body.replace(before, after) for i in house.github.issues(TEAM_A)}
    house.ceilings = SLOWLY
    request = house.publish(TEAM_B)

    async with house.running():
        await house.until(lambda: house.github.titles(TEAM_B) == ["One"])
        author = house.github.me.login
        house.github.add_issue(TEAM_B, "Three", bodies["Three"], author=author)
        await house.until_quiet()

    assert sorted(house.github.titles(TEAM_B)) == sorted(TITLES)
    assert house.state(request) == "done"


async def test_the_source_under_a_former_name_is_no_target(house: House) -> None:
    """A renamed repository answers under both names."""
    house.github.change(TEAM_A, full_name=SOURCE)
    await house.migrate(TEAM_A)

    assert house.codes() == ["target_is_source"]
    assert house.github.titles(SOURCE) == TITLES


async def test_every_copy_names_its_ticket(house: House) -> None:
    """By the id of the ticket, which never changes."""
    await house.migrate(TEAM_A)

    (records,) = house.store.ledgers.values()
    for issue in house.github.issues(TEAM_A):
        marker = read_marker(issue.body)
        assert marker is not None
        record = records[TicketId(marker.ticket)]
        assert isinstance(record, CreatedAs)
        assert record.number == issue.number
        assert re.fullmatch(r"org/template#\d+", f"{marker.source}#{marker.number}")


@pytest.mark.parametrize("cut_off_after", [0, 1, 2])
async def test_a_worker_that_is_cut_off_leaves_its_migration_to_another(
    house: House, cut_off_after: int
) -> None:
    """It begins no write that its lease might not outlive, and ends when it learns that it lost."""
    request = house.publish(TEAM_A)

    def begun() -> bool:
        return len(house.github.titles(TEAM_A)) > cut_off_after

    async def cut_off(command: Command, answer: Answer) -> Any:
        if command.name in {"renew", "sweep"} and begun() and house.clock.now() < 100:
            raise CutOffError
        return await answer()

    house.ceilings = SLOWLY

    async def long_after() -> None:
        await house.until_quiet()
        await pass_time(100)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.worker("cut-off", passage=cut_off).run, long_after)
        await house.until(begun)
        tasks.start_soon(house.worker("heir").run, house.until_quiet)

    assert house.github.titles(TEAM_A) == TITLES
    assert house.state(request) == "done"
    # Beyond the second ticket nothing takes long enough to lose a lease.
    assert ("lease.lost" in house.events) is (cut_off_after < 2)


@pytest.mark.parametrize("late_s", [0.0, 15.0], ids=["at once", "late"])
async def test_what_a_zombie_left_behind_is_looked_for(house: House, late_s: float) -> None:
    """Its write took effect when its target was done by another: it alone knows of it, so it looks and reports."""
    unknown = Unknown("frozen right before the bytes")
    frozen = Fault(unknown, takes_effect=True, after_s=90.0, late_s=late_s)
    house.github.faults.at("create_issue", 1, frozen)
    request = house.publish(TEAM_A)

    async def deaf(command: Command, answer: Answer) -> Any:
        is_frozen = house.github.faults.count("create_issue") > 0 and house.clock.now() < 80
        if command.name in {"xreadgroup", "renew", "settle", "sweep", "audit"} and is_frozen:
            raise CutOffError
        return await answer()

    async def reported() -> None:
        await house.until(lambda: house.state(request) == "failed")
        await house.until_quiet()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.worker("zombie", passage=deaf).run, reported)
        # Not `house.until`: that looks when the store changes, and a write that is frozen changes nothing.
        await pass_time(1)
        assert house.github.faults.count("create_issue") == 1
        tasks.start_soon(house.worker("heir").run, house.until_quiet)
        await house.until(lambda: house.state(request) == "done")
        assert house.github.titles(TEAM_A) == TITLES

    assert [line["number"] for line in house.told("stray.found")] == [4]
    assert "issues/4" in "".join(house.slack.texts("C1"))
