"""Slack that does not work: migrations do not notice, and what was not said is never taken for said."""

import pytest

from monarch.sandbox.faults import Action, Answer, DropAfter, DropBefore, HangBefore, Match
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, posts

POSTS = Match(api="slack", path_regex="^/chat.postMessage$")
TEAMS = ("team/a", "team/b")
DONE = "done, 3 tickets for 2 repositories"
AGAIN = "Said again, since Slack did not confirm the first time."


@pytest.mark.parametrize(
    ("action", "marked"),
    [(Answer(status=503), True), (DropBefore(), True), (HangBefore(), False)],
    ids=["503", "drop", "hang"],
)
async def test_slack_is_down_for_a_while(fleet: Fleet, action: Action, *, marked: bool) -> None:
    """The copies are made meanwhile; the final message comes afterwards, once, marked if it may be a second one.

    A post that hung is answered at last, so that one is not.
    """
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    down = await fleet.sandbox.add_fault(action, match=POSTS, times=None)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until(lambda: [r["state"] for r in fleet.requests()] == ["done"])
    assert await fleet.sandbox.wait(fault=down, hits=2)
    [request] = fleet.requests()
    assert "final_said" not in request
    assert posts(await fleet.sandbox.state()) == []
    await fleet.sandbox.remove_faults()
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_all_copied(state, TEAMS)
    finals = [text for text in posts(state) if DONE in text]
    assert len(finals) == 1
    assert (AGAIN in finals[0]) == marked
    assert fleet.dead() == []


async def test_a_final_message_whose_answer_was_lost_is_repeated_and_says_so(fleet: Fleet) -> None:
    """Better twice and marked than not at all."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    lost = POSTS.model_copy(update={"body_regex": DONE})
    await fleet.sandbox.add_fault(DropAfter(), match=lost)
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    finals = [text for text in posts(await fleet.sandbox.state()) if DONE in text]
    assert [AGAIN in text for text in finals] == [False, True]


async def test_a_channel_may_be_named(fleet: Fleet) -> None:
    """Slack posts to a name and edits by the id alone: the message in place is edited to its end."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    fleet.start()

    fleet.publish(a_message(TEAMS, channel="#cohort"))
    fleet.until_ended()

    progress, final = posts(await fleet.sandbox.state())
    assert "copying" not in progress
    assert DONE in final
    assert fleet.dead() == []


async def test_an_unknown_channel_is_a_dead_letter_and_nothing_counts_as_said(fleet: Fleet) -> None:
    """The migrations are done; that nobody could be told is on record, with Slack's own word for it."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    fleet.start()

    fleet.publish(a_message(TEAMS, channel="C0NOWHERE"))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_all_copied(state, TEAMS)
    assert request["state"] == "done"
    assert posts(state) == []
    letters = fleet.dead()
    assert letters
    assert {letter["stream"] for letter in letters} == {"notices"}
    assert {letter["code"] for letter in letters} == {"slack_refused"}
    assert all("channel_not_found" in letter["reason"] for letter in letters)
    assert not {"final_said", "progress_ts", "said_version"} & request.keys()
    assert [event for event in fleet.events() if event["event"] == "notice.said"] == []


async def test_slack_says_when_to_come_again(fleet: Fleet) -> None:
    """429: that notice is not tried again before `Retry-After`, and then it is said."""
    await fleet.sandbox.seed(a_seed(3, TEAMS))
    limited = Answer(
        status=429, headers={"Retry-After": "4"}, body={"ok": False, "error": "ratelimited"}
    )
    await fleet.sandbox.add_fault(limited, match=POSTS.model_copy(update={"body_regex": DONE}))
    fleet.start()

    fleet.publish(a_message(TEAMS))
    fleet.until_ended()

    finals = [text for text in posts(await fleet.sandbox.state()) if DONE in text]
    # It was certainly not said, so it is not marked as repeated.
    assert [AGAIN in text for text in finals] == [False]
    log = await fleet.sandbox.log()
    tried = [c for c in log if c.path == "/chat.postMessage" and DONE in c.body["text"]]
    assert [call.status for call in tried] == [429, 200]
    assert tried[1].at - tried[0].at >= 4


async def test_a_channels_limit_delays_and_loses_nothing(fleet: Fleet) -> None:
    """One message a second in a channel: two requests for it are told whole, one after the other."""
    await fleet.sandbox.seed(a_seed(1, TEAMS))
    await fleet.sandbox.settings(slack_posts_every_seconds=1)
    fleet.start()

    for team in TEAMS:
        fleet.publish(a_message([team]))
    fleet.until_ended(2)

    finals = [text for text in posts(await fleet.sandbox.state()) if "done, 1 ticket" in text]
    assert len(finals) == 2
    assert fleet.dead() == []
