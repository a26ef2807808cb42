"""The notifier: one card and one ending for a cohort, and the channel is never told what is not so."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from monarch.core.budget.forecast import Forecast
from monarch.core.card.messages import Places, card_words
from monarch.core.card.telling import Manner
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.ports import Gone, Unanswered
from monarch.telemetry.metrics import NOTICES
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.slack import Message
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, Worker, pass_time
from tests.stages.scenarios import SLOWLY
from tests.stages.store import Store

LOST_POST = Fault(Unanswered("the answer was lost"), takes_effect=True)
REFUSED = Fault(Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "channel_not_found"))
TEAMS = [f"org/team-{letter}" for letter in "abcdefgh"]


@pytest.fixture
def house() -> House:
    """A template with two tickets, eight teams, and a second between two writes."""
    house = House(SLOWLY)
    house.github.add(SOURCE, "One", "Two")
    for team in TEAMS:
        house.github.add(team)
    return house


def card(house: House) -> Message:
    """The one card."""
    (found,) = [message for message in house.slack.messages.values() if message.blocks]
    return found


def said(house: House) -> list[Message]:
    """What was said beside the card, oldest first."""
    return [message for message in house.slack.messages.values() if not message.blocks]


def endings(house: House) -> list[Message]:
    """The messages that say the end."""
    return [one for one in said(house) if not re.search(r"failed \(", one.text.partition("\n")[0])]


def replies(house: House) -> list[Message]:
    """Those that tell of a failure."""
    return [one for one in said(house) if one not in endings(house)]


def judge(house: House) -> None:
    """The card shows what is so, as `show` says it."""
    (cohort,) = house.store.cards
    assert card(house).text == card_words(house.cohort(cohort), Places()).text


async def cohort(
    house: House, beside: Callable[[], Awaitable[None]] | None = None, every_s: float = 2.5
) -> None:
    """Eight messages come within 20 s, and all is worked off."""

    async def publish() -> None:
        for team in TEAMS:
            house.publish(team)
            await pass_time(every_s)
        await (beside or house.until_quiet)()
        await house.until_quiet()

    with anyio.fail_after(3600):
        await house.worker().run(publish)


# ------------------------------------------------------------------------------------------- a cohort


async def test_eight_messages_are_one_card_and_one_ending(house: House) -> None:
    """At most twenty edits, and the card shows what is so."""
    await cohort(house)

    (ending,) = said(house)
    assert len(house.slack.messages) == 2
    assert card(house).edits <= 20
    assert card(house).thread is None
    assert (ending.thread, ending.is_broadcast, ending.edits) == ("1.000100", True, 0)
    assert ":white_check_mark:" in ending.text
    assert "done, 2 tickets for 8 repositories" in ending.text
    judge(house)


async def test_the_first_message_posts_the_card_at_once(house: House) -> None:
    """It says what is known so far, without waiting for the other teams."""
    began = anyio.current_time()
    house.publish(TEAM_A)

    await house.worker().run(lambda: house.until(lambda: bool(house.slack.messages)))

    assert anyio.current_time() - began < 1
    assert "into 1 repository so far" in card(house).text


async def test_two_failing_teams_are_one_reply_for_each_cause_and_one_ending(house: House) -> None:
    """The ending names both."""
    house.github.change(TEAM_A, archived=True)
    house.github.change(TEAM_B, has_issues=False)

    await cohort(house)

    (ending,) = endings(house)
    assert len(replies(house)) == 2
    assert all(reply.thread == "1.000100" and not reply.is_broadcast for reply in replies(house))
    assert "2 of 8 repositories failed, 6 done" in ending.text
    assert TEAM_A in ending.text
    assert TEAM_B in ending.text
    assert "unarchive it" in ending.text
    judge(house)


async def test_an_ending_is_counted_as_an_ending(house: House) -> None:
    """Every message counted as progress, so the board showed no end for ever."""
    house.github.change(TEAM_A, archived=True)

    await cohort(house)

    kinds = [line["kind"] for line in house.told("notice.said")]
    assert (kinds[0], kinds[-1]) == ("card", "ending")
    assert kinds.count("reply") == kinds.count("ending") == 1
    assert set(kinds) <= set(NOTICES)


async def test_a_cause_that_many_share_is_told_once(house: House) -> None:
    """At once with the first, and edited with the others."""
    for team in TEAMS[:4]:
        house.github.change(team, archived=True)

    await cohort(house)

    (reply,) = replies(house)
    assert reply.text.startswith(":x: 4 repositories failed (repository_archived).")
    assert reply.edits >= 1
    assert len(endings(house)) == 1


async def test_a_team_that_comes_five_minutes_later_is_on_the_same_card(house: House) -> None:
    """It is answered in the thread; the channel need not hear of it."""
    late = "org/team-late"
    house.github.add(late)

    async def join() -> None:
        await pass_time(300)
        house.publish(late)

    await cohort(house, join)

    first, second = endings(house)
    assert late in card(house).text
    assert (first.is_broadcast, second.is_broadcast) == (True, False)
    assert second.thread == "1.000100"
    judge(house)


async def test_a_replay_is_answered_in_the_thread_and_the_reply_is_edited(house: House) -> None:
    """The reason is gone; the thread shows that it was put right."""
    house.github.change(TEAM_A, archived=True)
    await cohort(house)
    (letter,) = house.store.dead
    house.github.change(TEAM_A, archived=False)
    await house.hands().replay([letter["id"]], "Ann")

    await house.settle()

    first, second = endings(house)
    (reply,) = replies(house)
    assert ":x:" in first.text
    assert second.text.startswith(":white_check_mark:")
    assert "(run 2)" in second.text
    assert reply.text.startswith(":white_check_mark: Done, after it had failed")
    judge(house)


async def test_a_cohort_is_told_in_the_thread_alone_where_people_want_that(house: House) -> None:
    """Unless a person is needed."""
    house.manner = Manner(Places(), ending_in_channel=False)
    await cohort(house)
    (ending,) = endings(house)
    house.github.change(TEAM_A, archived=True)
    await house.migrate(TEAM_A)

    assert not ending.is_broadcast
    assert endings(house)[-1].is_broadcast


async def test_nothing_ends_before_those_that_may_still_come(house: House) -> None:
    """The card says that it is done at once, the ending waits for 20 s after the last one joined."""
    house.ceilings = NO_CEILINGS
    began = anyio.current_time()
    house.publish(TEAM_A)
    seen: list[float] = []
    house.slack.witness = lambda _channel, text: (
        seen.append(anyio.current_time() - began) if ": done" in text else None
    )

    await house.settle()

    edited, ended = seen
    assert edited < 6
    assert 20 <= ended < 25


async def test_a_closed_channel_has_no_card(house: House) -> None:
    """And everything else goes on."""
    await house.migrate(TEAM_A, channel=None)

    assert house.slack.faults.calls == []
    assert house.github.titles(TEAM_A) == ["One", "Two"]


async def test_the_card_says_when_it_will_be_done_and_its_end_does_not(house: House) -> None:
    """What was foretold stands in no message any more that says the end."""
    house.outlook.foretold = Forecast(725.0, 1_764_072_000_000)
    shown: list[str] = []
    house.slack.witness = lambda _channel, text: shown.append(text)
    await house.migrate(TEAM_A)

    assert any("about 12 min left (until <!date^1764072780^{time}|12:13 UTC>)" in t for t in shown)
    assert not any("left" in text for text in house.slack.texts("C1"))


async def test_a_pause_stands_on_the_card(house: House) -> None:
    """By whom; and it goes when it is over."""
    shown: list[str] = []
    house.slack.witness = lambda _channel, text: shown.append(text)

    async def pause() -> None:
        await house.hands().pause("Ann")
        await pass_time(60)
        await house.hands().resume("Ann")

    await cohort(house, pause, every_s=0.5)

    assert any("Ann has paused all migrations" in text for text in shown)
    judge(house)


# ------------------------------------------------------------------------------------------- trouble


async def test_a_card_whose_answer_was_lost_is_not_posted_again(house: House) -> None:
    """A second one would be noise; the ending comes, as a message of its own."""
    house.slack.faults.at("post", 1, LOST_POST)

    await cohort(house)

    (ending,) = said(house)
    assert card(house).edits == 0
    assert ending.thread is None
    assert len(house.slack.messages) == 2


@pytest.mark.parametrize(("post", "kind"), [(1, "card"), (2, "reply")])
async def test_a_post_whose_answer_was_lost_is_logged(house: House, post: int, kind: str) -> None:
    """Whether Slack has it was not known, and no line, no command and no page said so."""
    house.github.change(TEAM_A, archived=True)
    house.slack.faults.at("post", post, LOST_POST)

    await cohort(house)

    (line,) = house.told("notice.unanswered")
    assert (line["kind"], line["reason"]) == (kind, "the answer was lost")


async def test_a_lost_ending_is_repeated_and_says_so(house: House) -> None:
    """Better twice, and marked, than never."""
    house.slack.faults.at("post", 2, LOST_POST)

    await cohort(house)

    first, second = endings(house)
    assert "Posted again" not in first.text
    assert "Posted again" in second.text
    judge(house)


async def test_a_lost_ending_says_so_though_its_repetition_was_turned_down(house: House) -> None:
    """That the second was certainly not posted says nothing of the first, which stands in the channel."""
    house.slack.faults.at("post", 2, LOST_POST)
    house.slack.faults.at("post", 3, Fault(RateLimited("slow down", 5.0)))

    await cohort(house)

    first, second = endings(house)
    assert "Posted again" not in first.text
    assert "Posted again" in second.text


async def test_an_ending_that_was_turned_down_is_said_as_the_first_it_is(house: House) -> None:
    """Slack refused the first post, so people read the ending for the first time."""
    house.slack.faults.at("post", 2, Fault(RateLimited("slow down", 5.0)))

    await cohort(house)

    (ending,) = endings(house)
    assert "Posted again" not in ending.text


async def test_a_lost_reply_is_not_repeated(house: House) -> None:
    """The ending names what failed."""
    house.github.change(TEAM_A, archived=True)
    house.slack.faults.at("post", 2, LOST_POST)

    await cohort(house)

    assert len(replies(house)) == 1
    assert TEAM_A in endings(house)[0].text


async def test_an_edit_names_the_channel_by_its_id(house: House) -> None:
    """`chat.postMessage` takes a name, `chat.update` does not: the answer to the post has the id."""
    house.slack.ids["#cohort"] = "C42"
    await house.migrate(TEAM_A, channel="#cohort")

    assert {message.channel for message in house.slack.messages.values()} == {"C42"}
    assert card(house).edits >= 1
    assert not house.store.dead


@pytest.mark.parametrize("deletions", [1, 2])
async def test_a_deleted_card_is_posted_anew_once(house: House, deletions: int) -> None:
    """A person who deletes it twice does not want it; the ending is posted all the same."""
    deleted: list[str] = []

    def delete(_channel: str, text: str) -> None:
        newest = list(house.slack.messages)[-1]
        if len(deleted) < deletions and house.slack.messages[newest].blocks:
            deleted.append(newest)
            house.slack.messages.clear()

    house.slack.witness = delete

    await cohort(house)

    cards = [message for message in house.slack.messages.values() if message.blocks]
    assert len(deleted) == deletions
    assert len(cards) == 2 - deletions
    assert len(endings(house)) == 1
    assert not house.store.dead


async def test_a_card_that_cannot_be_edited_stays_and_the_end_is_said_in_its_thread(
    house: House,
) -> None:
    """It is there, so no other one takes its place."""
    house.slack.faults.at("update", 1, Fault(Gone("edit_window_closed", is_deleted=False)))

    await cohort(house)

    assert house.slack.faults.count("update") == 1
    assert endings(house)[0].thread == "1.000100"
    assert card(house).edits == 0


async def test_the_end_is_said_however_long_an_edit_fails_and_the_edit_is_tried_until_it_succeeds(
    house: House,
) -> None:
    """After the end the card must not say "copying" for ever."""
    refusals = 12
    for nth in range(1, refusals + 1):
        house.slack.faults.at("update", nth, Fault(Transient("Slack answered request_timeout")))
    house.publish(TEAM_A)

    await house.settle(within_s=7200)

    assert len(endings(house)) == 1
    assert house.slack.faults.count("update") > refusals > house.policy.max_attempts
    assert not house.store.dead
    judge(house)


@pytest.mark.parametrize("method", ["post", "update"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("answer", [RateLimited("429", 30), Transient("503")])
async def test_a_slack_that_is_away_is_asked_again(
    house: House, method: str, nth: int, answer: object
) -> None:
    """The migrations do not notice."""
    house.slack.faults.at(method, nth, Fault(answer))

    await cohort(house)

    assert len(endings(house)) == 1
    assert {known["state"] for known in house.store.requests.values()} == {"done"}
    judge(house)


async def test_a_slack_that_hangs_holds_up_no_migration(house: House) -> None:
    """No post is ever answered; all copies are made while the first one is still waited for."""
    house.ceilings = NO_CEILINGS
    house.slack.faults.at("post", 0, Fault(Unanswered("no answer within 10 s"), after_s=10))
    request = house.publish(TEAM_A, TEAM_B)
    began = anyio.current_time()

    await house.worker().run(lambda: house.until(lambda: house.state(request) == "done"))

    assert anyio.current_time() - began < 10
    assert house.slack.faults.count("post") == 1


async def test_a_channel_that_slack_refuses_has_one_letter_for_a_cohort(house: House) -> None:
    """Archived, not invited, no scope: the migrations are done all the same, and nothing counts as said."""
    for nth in range(1, 100):
        house.slack.faults.at("post", nth, REFUSED)

    await cohort(house)

    (letter,) = house.store.dead
    assert letter["code"] == Code.SLACK_REFUSED
    assert {known["state"] for known in house.store.requests.values()} == {"done"}
    assert len(house.slack.faults.calls) <= 3
    assert "notice.said" not in house.events
    assert "notice.failed" in house.events


async def test_a_channel_that_was_archived_meanwhile_makes_one_letter(house: House) -> None:
    """The card is there, and says what it said last."""
    for nth in range(2, 100):
        house.slack.faults.at("update", nth, REFUSED)
        house.slack.faults.at("post", nth, REFUSED)

    await cohort(house)

    (letter,) = house.store.dead
    assert letter["code"] == Code.SLACK_REFUSED
    assert len(house.slack.messages) == 1


async def test_a_notice_that_comes_twice_says_nothing_twice(house: House) -> None:
    """It carries no text: what is said already is skipped."""
    request = await house.migrate(TEAM_A)
    before = house.slack.texts("C1")
    house.store.append(Stream.NOTICES, {b"v": b"2", b"card": request.encode()})
    house.store.append(Stream.NOTICES, {b"v": b"2", b"card": b"1-1"})

    await house.settle()

    assert house.slack.texts("C1") == before
    assert house.store.dead == []


class StopsItsWorker:
    """Stops a worker right after it took the lock on telling: SIGTERM comes before anything is said."""

    worker: Worker

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        reply = await answer()
        if command.name == "begin_telling":
            self.worker.drain()
        return reply


async def test_a_stopping_worker_does_not_take_the_lock_on_telling_along(house: House) -> None:
    """Stopped between lock and post: the lock is given back, or the card would come 15 s late."""
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
    assert len(endings(house)) == 1


class ForgetsAnAnswer:
    """The store's memory goes back to when the end was not told yet, right before it hears that it was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._went_back = False

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        is_told = command.name == "tell" and command.args[1:3] == (b"said", b"ending")
        if is_told and not self._went_back:
            self._went_back = True
            self._store.do("HINCRBY", command.keys[0], "version", -1)
            (cohort,) = self._store.cards
            self._store.notify(cohort)
        return await answer()


async def test_a_word_of_a_forgotten_future_is_no_endless_loop_of_notices(house: House) -> None:
    """What the channel knows is newer than what the store knows: each edit seemed to overwrite it, for ever."""
    worker = house.worker(passage=ForgetsAnAnswer(house.store))
    house.slack.faults.at("update", 50, REFUSED)
    request = house.publish(TEAM_A)

    with anyio.fail_after(120):
        await worker.run(house.until_quiet)

    assert house.state(request) == "done"
    assert len(endings(house)) == 2
    assert house.slack.faults.count("update") <= 4


async def test_a_request_of_an_older_version_is_told_on_a_card(house: House) -> None:
    """Its notice is left over from before an upgrade."""
    request: RequestId = house.publish(TEAM_A)
    house.store.append(Stream.NOTICES, {b"v": b"1", b"request": request.encode()})
    await house.settle()
    house.store.append(Stream.NOTICES, {b"v": b"1", b"request": request.encode()})

    await house.settle()

    judge(house)
    assert all(": done" in text for text in house.slack.texts("C1"))
