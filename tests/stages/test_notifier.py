"""The notifier: the channel is never told what is not so."""

from typing import Any

import anyio
import pytest

from monarch.core.budget.forecast import Forecast
from monarch.core.delivery import Stream
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.ports import Unanswered
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.faults import Fault
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, Worker
from tests.stages.store import Store

LOST_POST = Fault(Unanswered("the answer was lost"), takes_effect=True)
REFUSED = Fault(Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "channel_not_found"))


@pytest.fixture
def house(house: House) -> House:
    """A template with two tickets, and two teams."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    return house


def finals(house: House) -> list[str]:
    """The messages that say the end."""
    return [text for text in house.slack.texts("C1") if ":white_check_mark:" in text]


async def test_one_message_is_edited_and_one_is_final(house: House) -> None:
    """Nothing else stands in the channel."""
    house.publish(TEAM_A, TEAM_B)

    await house.settle()

    progress, final = house.slack.messages.values()
    assert "ended" in progress.text
    assert progress.edits >= 1
    assert "done" in final.text
    assert final.edits == 0


async def test_progress_says_when_it_will_be_done_and_the_end_does_not(house: House) -> None:
    """What was foretold stands in no message any more that says the end."""
    house.outlook.foretold = Forecast(725.0, 1_764_072_000_000)
    shown: list[str] = []
    house.slack.witness = lambda _channel, text: shown.append(text)
    house.publish(TEAM_A)

    await house.settle()

    assert any("about 12 min left (until 12:13 UTC)" in text for text in shown)
    assert not any("left" in text for text in house.slack.texts("C1"))


async def test_nobody_is_told_without_a_channel(house: House) -> None:
    """And everything else goes on."""
    house.publish(TEAM_A, channel=None)

    await house.settle()

    assert house.slack.faults.calls == []
    assert house.github.titles(TEAM_A) == ["One", "Two"]


async def test_a_lost_final_message_is_repeated_and_says_so(house: House) -> None:
    """Better twice, and marked, than never."""
    house.slack.faults.at("post", 2, LOST_POST)
    house.publish(TEAM_A)

    await house.settle()

    first, second = finals(house)
    assert "Said again" not in first
    assert "Said again" in second


async def test_a_lost_final_message_says_so_though_its_repetition_was_turned_down(
    house: House,
) -> None:
    """That the second was certainly not posted says nothing of the first, which stands in the channel."""
    house.slack.faults.at("post", 2, LOST_POST)
    house.slack.faults.at("post", 3, Fault(RateLimited("slow down", 5.0)))
    house.publish(TEAM_A)

    await house.settle()

    first, second = finals(house)
    assert "Said again" not in first
    assert "Said again" in second


async def test_a_final_message_that_was_turned_down_is_said_as_the_first_it_is(
    house: House,
) -> None:
    """Nobody has read it before."""
    house.slack.faults.at("post", 2, Fault(RateLimited("slow down", 5.0)))
    house.publish(TEAM_A)

    await house.settle()

    (final,) = finals(house)
    assert "Said again" not in final


async def test_an_edit_names_the_channel_by_its_id(house: House) -> None:
    """`chat.postMessage` takes a name, `chat.update` does not: the answer to the post has the id."""
    house.slack.ids["#cohort"] = "C42"
    house.publish(TEAM_A, channel="#cohort")

    await house.settle()

    progress, final = house.slack.messages.values()
    assert "ended" in progress.text
    assert {progress.channel, final.channel} == {"C42"}
    assert not house.store.dead


async def test_a_deleted_progress_message_is_left_alone(house: House) -> None:
    """It is neither posted anew nor edited again, needs nobody, and the end is said all the same."""
    house.publish(TEAM_A, TEAM_B)
    deleted: list[str] = []

    def delete(channel: str, _text: str) -> None:
        if not deleted:
            deleted.extend(house.slack.messages)
            house.slack.messages.clear()

    house.slack.witness = delete

    await house.settle()

    (final,) = house.slack.texts("C1")
    assert deleted
    assert "done" in final
    assert house.slack.faults.count("update") == 1
    assert not house.store.dead


async def test_the_last_edit_is_tried_until_it_succeeds(house: House) -> None:
    """After the end the message must not say "copying" for ever, however long Slack refuses to edit it."""
    refusals = 12
    for nth in range(1, refusals + 1):
        house.slack.faults.at("update", nth, Fault(Transient("Slack answered request_timeout")))
    house.publish(TEAM_A)

    await house.settle(within_s=7200)

    progress, final = house.slack.texts("C1")
    assert "ended" in progress
    assert "done" in final
    assert house.slack.faults.count("update") > refusals > house.policy.max_attempts
    assert not house.store.dead


async def test_a_lost_progress_message_is_not_repeated(house: House) -> None:
    """A second one would be noise; the final one comes."""
    house.slack.faults.at("post", 1, LOST_POST)
    house.publish(TEAM_A)

    await house.settle()

    assert len(house.slack.texts("C1")) == 2
    assert len(finals(house)) == 1
    assert house.slack.faults.count("update") == 0


@pytest.mark.parametrize("method", ["post", "update"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize(
    ("answer", "at_least_s"), [(RateLimited("429", 30), 30), (Transient("503"), 0)]
)
async def test_a_slack_that_is_away_is_asked_again(
    house: House, method: str, nth: int, answer: object, at_least_s: float
) -> None:
    """After as long as it asked for; the migrations do not notice."""
    house.slack.faults.at(method, nth, Fault(answer))
    request = house.publish(TEAM_A)

    await house.settle()

    assert len(finals(house)) == 1
    # Where the first word of progress was late, the end may have come before it: then there is none.
    assert len(house.slack.texts("C1")) in {1, 2}
    assert house.state(request) == "done"
    if house.slack.faults.count(method) > nth:
        assert anyio.current_time() >= at_least_s


async def test_a_slack_that_hangs_holds_up_no_migration(house: House) -> None:
    """No post is ever answered; all copies are made while the first one is still waited for."""
    house.slack.faults.at("post", 0, Fault(Unanswered("no answer within 10 s"), after_s=10))
    request = house.publish(TEAM_A, TEAM_B)
    began = anyio.current_time()

    await house.worker().run(lambda: house.until(lambda: house.state(request) == "done"))

    assert anyio.current_time() - began < 10
    assert house.slack.faults.count("post") == 1


async def test_a_slack_that_refuses_is_not_said_to_have_been_told(house: House) -> None:
    """The notice is dead-lettered; the migration is done all the same."""
    house.slack.faults.at("post", 0, REFUSED)
    request = house.publish(TEAM_A)

    await house.settle()

    assert house.state(request) == "done"
    assert {letter["code"] for letter in house.store.dead} == {"slack_refused"}
    assert "notice.said" not in house.events
    assert "notice.failed" in house.events


async def test_a_failure_is_told_with_what_to_do(house: House) -> None:
    """And never as done."""
    house.github.change(TEAM_A, archived=True)
    house.publish(TEAM_A, TEAM_B)

    await house.settle()

    assert finals(house) == []
    final = house.slack.texts("C1")[-1]
    assert "1 of 2 targets failed" in final
    assert "unarchive it" in final
    assert "replay it (`monarch dead replay`)" in final


async def test_a_notice_that_comes_twice_says_nothing_twice(house: House) -> None:
    """It carries no text: what is said already is skipped."""
    request = house.publish(TEAM_A)
    await house.settle()
    said = house.slack.texts("C1")
    house.store.append(Stream.NOTICES, {b"v": b"1", b"request": request.encode()})

    await house.settle()

    assert house.slack.texts("C1") == said


async def test_a_notice_of_a_request_that_has_expired_ends(house: House) -> None:
    """Nobody can say anything about it."""
    request = house.publish(TEAM_A)
    await house.settle()
    house.store.do("DEL", house.keys.request(request))
    house.store.append(Stream.NOTICES, {b"v": b"1", b"request": request.encode()})

    await house.settle()

    assert house.store.dead == []


class StopsItsWorker:
    """Stops a worker right after it took the lock on telling: SIGTERM comes before anything is said."""

    worker: Worker

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        reply = await answer()
        if command.name == "begin_saying":
            self.worker.drain()
        return reply


async def test_a_stopping_worker_does_not_take_the_lock_on_telling_along(house: House) -> None:
    """Stopped between lock and post: the lock is given back, or the final message would come 15 s late."""
    stops = StopsItsWorker()
    worker = stops.worker = house.worker(passage=stops)
    request = house.publish(TEAM_A)

    with anyio.fail_after(10):
        await worker.run(
            lambda: house.until(lambda: worker.is_stopping and not house.store.is_saying)
        )
    assert house.slack.faults.calls == []
    await house.settle()

    assert house.state(request) == "done"
    assert len(finals(house)) == 1


class ForgetsAnAnswer:
    """The store's memory goes back to when the end was not told yet, right before it hears that it was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._went_back = False

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        is_told = command.name == "say" and command.args[1:3] == (b"said", b"final")
        if is_told and not self._went_back:
            self._went_back = True
            self._store.do("HINCRBY", command.keys[0], "version", -1)
            (request,) = self._store.requests
            self._store.notify(request)
        return await answer()


async def test_a_word_of_a_forgotten_future_is_no_endless_loop_of_notices(house: House) -> None:
    """What the channel knows is newer than what the store knows: each edit seemed to overwrite it, for ever."""
    worker = house.worker(passage=ForgetsAnAnswer(house.store))
    house.slack.faults.at("update", 50, REFUSED)
    request = house.publish(TEAM_A)

    with anyio.fail_after(60):
        await worker.run(house.until_quiet)

    assert house.state(request) == "done"
    assert len(finals(house)) == 2
    assert house.slack.faults.count("update") <= 3


async def test_a_wrong_channel_and_many_targets_make_one_letter_and_few_calls(house: House) -> None:
    """Real letters must not drown, and a closed door is not knocked at for each target."""
    teams = [f"org/many-{number}" for number in range(60)]
    for team in teams:
        house.github.add(team)
    for nth in range(1, 200):
        house.slack.faults.at("post", nth, REFUSED)
    house.publish(*teams)

    await house.settle()

    (letter,) = house.store.dead
    assert letter["code"] == Code.SLACK_REFUSED
    assert len(house.slack.faults.calls) == 2
    assert all(house.github.titles(team) == ["One", "Two"] for team in teams)
