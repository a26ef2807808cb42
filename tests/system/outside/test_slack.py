"""Slack that does not work: migrations do not notice, and what was not said is never taken for said."""

import re
import subprocess

import pytest

from monarch.sandbox.faults import Action, Answer, DropAfter, DropBefore, HangBefore, Match
from monarch.sandbox.fleet import pid_of
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, card, endings, final, posts

POSTS = Match(api="slack", path_regex="^/chat.postMessage$")
REPLIES = POSTS.model_copy(update={"body_regex": "thread_ts"})
TEAMS = ("team/a", "team/b")
EIGHT = tuple(f"team/{letter}" for letter in "abcdefgh")
ARCHIVED = Answer(status=200, body={"ok": False, "error": "is_archived"})
DONE = "done, 3 tickets for 2 repositories"
AGAIN = "Posted again: Slack did not confirm the first attempt."


async def test_eight_messages_are_one_card_and_one_ending(fleet: Fleet) -> None:
    """By two workers: whichever posts, none posts twice."""
    await fleet.sandbox.seed(a_seed(3, EIGHT))
    fleet.start(2, MONARCH_SLACK_ENDING_SECONDS="3", MONARCH_PAGE_URL="https://m.example")

    for team in EIGHT:
        fleet.publish(a_message([team]))
    requests = fleet.until_ended(8)

    state = await fleet.sandbox.state()
    there, ending = state.slack_messages
    [cohort] = {request["card"] for request in requests}
    assert all(f"|{team}> 3/3" in there.text for team in EIGHT)
    assert f"<https://m.example/cohorts/{cohort}|" in there.text
    assert len(there.edits) <= 20
    assert "done, 3 tickets for 8 repositories" in ending.text
    assert (ending.thread_ts, ending.is_broadcast, ending.edits) == (there.ts, True, ())


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(DropAfter(), id="lost-answers"),
        pytest.param(HangBefore(), id="killed-while-it-tells"),
        pytest.param(ARCHIVED, id="archived"),
    ],
)
async def test_eight_messages_are_one_card_whatever_befalls_its_edits(
    fleet: Fleet, trouble: Action
) -> None:
    """The card is there once and reads as it is in the end; an archived channel is one dead letter for all eight."""
    is_archived = trouble is ARCHIVED
    await fleet.sandbox.seed(a_seed(3, EIGHT))
    edits = Match(
        api="slack", path_regex="^/chat.update$" if not is_archived else "update|thread_ts"
    )
    struck = await fleet.sandbox.add_fault(trouble, match=edits, times=None if is_archived else 1)
    fleet.start(2, MONARCH_SLACK_ENDING_SECONDS="3")

    for team in EIGHT:
        fleet.publish(a_message([team]))
    assert await fleet.sandbox.wait(fault=struck, hits=1)
    if isinstance(trouble, HangBefore):
        _teller(fleet).kill()
    fleet.until_ended(8, within_s=90)

    state = await fleet.sandbox.state()
    assert_all_copied(state, EIGHT)
    [there] = [one for one in state.slack_messages if one.blocks]
    assert len(there.edits) <= 20
    if is_archived:
        assert [letter["code"] for letter in fleet.dead()] == ["slack_refused"]
        return
    assert all(f"|{team}> 3/3" in there.text for team in EIGHT)
    assert len([text for text in endings(state) if "3 tickets for 8 repositories" in text]) == 1
    assert fleet.dead() == []


def _teller(fleet: Fleet) -> "subprocess.Popen[bytes]":
    """The worker that has a notice in hand."""
    held = fleet.client.xpending_range("{monarch}:notices", "workers", "-", "+", 10)
    pids = {pid_of(one["consumer"]) for one in held}
    return next(worker for worker in fleet.workers if worker.pid in pids)


async def test_two_teams_that_fail_are_a_reply_for_each_cause(fleet: Fleet) -> None:
    """In the thread; the ending names both."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    settings = {"MONARCH_TARGET_PATIENCE_SECONDS": "1", "MONARCH_SLACK_ENDING_SECONDS": "3"}
    fleet.start(2, MONARCH_ALLOWED_TARGETS="team/*", **settings)

    for team in ("team/a", "team/gone", "other/b"):
        fleet.publish(a_message([team]))
    fleet.until_ended(3)

    state = await fleet.sandbox.state()
    there, *others = state.slack_messages
    replies = [one for one in others if "failed (" in one.text.partition("\n")[0]]
    assert sum(one.text in card(state) for one in state.slack_messages) == 1
    assert len(replies) == 2
    assert {one.thread_ts for one in others} == {there.ts}
    [ending] = endings(state)
    assert all(name in ending for name in ("team/gone", "other/b"))
    assert len(there.edits) <= 20


@pytest.mark.parametrize(
    "action", [Answer(status=503), DropBefore(), HangBefore()], ids=["503", "drop", "hang"]
)
async def test_slack_is_down_for_a_while(fleet: Fleet, action: Action) -> None:
    """The copies are made meanwhile; the end comes afterwards, in a channel in which the card may be or not."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    down = await fleet.sandbox.add_fault(action, match=POSTS, times=None)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until(lambda: [r["state"] for r in fleet.requests()] == ["done"])
    assert await fleet.sandbox.wait(fault=down, hits=1)
    assert posts(await fleet.sandbox.state()) == []
    await fleet.sandbox.remove_faults()
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_all_copied(state, TEAMS)
    assert len([text for text in endings(state) if DONE in text]) == 1
    assert sum(bool(one.blocks) for one in state.slack_messages) <= 1
    assert fleet.dead() == []


async def test_an_ending_whose_answer_was_lost_is_repeated_and_says_so(fleet: Fleet) -> None:
    """Better twice and marked than not at all; the card is there once."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    await fleet.sandbox.add_fault(DropAfter(), match=REPLIES)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert [AGAIN in text for text in endings(state)] == [False, True]
    assert DONE in card(state)


async def test_a_card_whose_answer_was_lost_is_there_once(fleet: Fleet) -> None:
    """The card's place is unknown; the ending is a message of its own."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    await fleet.sandbox.add_fault(DropAfter(), match=POSTS)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert DONE in final(state)
    assert [one.thread_ts for one in state.slack_messages] == [None, None]


async def test_a_worker_that_dies_while_it_tells_leaves_no_second_card(fleet: Fleet) -> None:
    """Killed between a post and its answer; another worker goes on with the cohort."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    held = await fleet.sandbox.add_fault(HangBefore(), match=POSTS)
    first = fleet.start()

    fleet.publish(a_message(TEAMS))
    assert await fleet.sandbox.wait(fault=held, hits=1)
    first.kill()
    first.wait()
    await fleet.sandbox.remove_faults()
    fleet.start()
    fleet.until_ended(within_s=90)

    state = await fleet.sandbox.state()
    assert sum(bool(one.blocks) for one in state.slack_messages) <= 1
    assert DONE in endings(state)[-1]
    assert fleet.dead() == []


async def test_blocks_that_slack_does_not_take_are_said_in_words(fleet: Fleet) -> None:
    """The same text, without them."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    refused = Answer(status=200, body={"ok": False, "error": "invalid_blocks"})
    blocks = Match(api="slack", body_regex='"type": "section"')
    await fleet.sandbox.add_fault(refused, match=blocks, times=None)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    there, ending = (await fleet.sandbox.state()).slack_messages
    assert DONE in there.text
    assert DONE in ending.text
    assert there.blocks == []
    assert fleet.dead() == []


async def test_a_channel_may_be_named(fleet: Fleet) -> None:
    """Slack posts to a name and edits by the id alone: the card is edited to its end."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    fleet.start()

    fleet.publish(a_message(TEAMS, channel="#cohort"))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert DONE in card(state)
    assert DONE in final(state)
    assert fleet.dead() == []


async def test_an_unknown_channel_is_a_dead_letter_and_nothing_counts_as_said(fleet: Fleet) -> None:
    """The migrations are done; that Slack refused the message is on record once, with Slack's own word for it."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    fleet.start()

    for team in TEAMS:
        fleet.publish(a_message([team], channel="C0NOWHERE"))
    requests = fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert_all_copied(state, TEAMS)
    assert [request["state"] for request in requests] == ["done", "done"]
    assert posts(state) == []
    [letter] = fleet.dead()
    assert (letter["stream"], letter["code"]) == ("notices", "slack_refused")
    assert "channel_not_found" in letter["reason"]
    assert [event for event in fleet.events() if event["event"] == "notice.said"] == []


async def test_slack_says_when_to_come_again(fleet: Fleet) -> None:
    """429: that notice is not tried again before `Retry-After`, and then it is said."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    limited = Answer(
        status=429, headers={"Retry-After": "4"}, body={"ok": False, "error": "ratelimited"}
    )
    await fleet.sandbox.add_fault(limited, match=REPLIES)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    # It was certainly not said, so it is not marked as repeated.
    assert AGAIN not in final(state)
    log = await fleet.sandbox.log()
    tried = [c for c in log if c.path == "/chat.postMessage" and c.body.get("thread_ts")]
    assert [call.status for call in tried] == [429, 200]
    assert tried[1].at - tried[0].at >= 4


async def test_a_channels_limit_delays_and_loses_nothing(fleet: Fleet) -> None:
    """One message a second in a channel: both its requests are reported whole."""
    await fleet.sandbox.seed(a_seed(1, TEAMS))
    await fleet.sandbox.settings(slack_posts_every_seconds=1)
    fleet.start()

    for team in TEAMS:
        fleet.publish(a_message([team]))
    fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert all(f"|{team}> 1/1" in card(state) for team in TEAMS)
    assert "done, 1 ticket for 2 repositories" in endings(state)[-1]
    assert fleet.dead() == []


async def test_a_slack_that_fails_is_seen_at_the_request(fleet: Fleet) -> None:
    """`show` had no word of it while every try failed, and the summary said "not posted yet" without a cause."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    broken = await fleet.sandbox.add_fault(Answer(status=500), match=Match(api="slack"), times=None)
    fleet.start()
    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: any(request.get("ended_ms") for request in fleet.requests()))
    [request] = fleet.requests()

    fleet.until(
        lambda: "not posted yet: Slack answered 500" in fleet.run("show", request["id"]).stdout
    )
    await fleet.sandbox.remove_faults(broken)
    assert await fleet.sandbox.wait(slack_messages=1)

    fleet.until(lambda: "not posted yet" not in fleet.run("show", request["id"]).stdout)


async def test_a_limit_of_slack_is_seen_at_a_request_that_has_ended(fleet: Fleet) -> None:
    """Only `status` hinted at it: `show` and the list had no word, and `try` said that the request has ended."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    body = {"ok": False, "error": "ratelimited"}
    limited = Answer(status=429, headers={"Retry-After": "900"}, body=body)
    await fleet.sandbox.add_fault(limited, match=Match(api="slack"), times=None)
    fleet.start()
    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: any(request.get("ended_ms") for request in fleet.requests()))
    [request] = fleet.requests()
    fleet.until(lambda: "its limit is reached; next try" in fleet.run("show", request["id"]).stdout)
    calls = len(await fleet.sandbox.log())

    tried = fleet.run("try", request["id"], "--by", "ada")
    listed = fleet.run("requests").stdout

    assert tried.returncode == 1
    assert "what it did not get is sent no earlier than" in tried.stderr
    assert re.search(r" done .* in \d+ min .*not posted yet: ", listed)
    assert len(await fleet.sandbox.log()) == calls
