"""What is posted next: one card, a reply for each cause, one ending, and nothing twice."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.card.messages import Places, card_words, reply_words
from monarch.core.card.telling import (
    CARD,
    ENDING,
    EditMessage,
    Manner,
    Message,
    Post,
    Step,
    Telling,
    ThreadReply,
    Unchanged,
    UpToDate,
    WaitLonger,
    after,
    after_gone,
    after_loss,
    next_step,
    reply_of,
)
from monarch.core.card.view import CohortView
from monarch.core.ids import CohortId
from monarch.core.report.summary import MigrationView, RequestView, State
from tests.core.builders import a_migration, a_view

NOW = 1_000_000
MANNER = Manner(Places())
THERE = Message("C1", "1.1", "before")
GIVEN_UP = a_migration(state=State.DEAD, code="forbidden", reason="give us access", copied=0)


def view(*migrations: MigrationView, state: State = State.RUNNING, version: int = 5) -> CohortView:
    """One request."""
    request = a_view(*(migrations or (a_migration(state=State.RUNNING),)), state=state)
    return CohortView(CohortId("1-0"), version, "org/template", 1, 0, NOW - 60_000, (request,))


def telling(of: CohortView | None = None, **changes: Any) -> Telling:
    """A card that was posted a while ago and shows an older version."""
    known = Telling(of or view(), "C1", NOW, said_version=3, edited_ms=NOW - 9_000, card=THERE)
    return replace(known, **changes)


def ended(**changes: Any) -> Telling:
    """All have ended, and the card shows it."""
    of = view(a_migration(), state=State.DONE)
    return replace(telling(of), said_version=5, **changes)


def step(known: Telling, *, ending_first: bool = False) -> Step:
    """What is done next."""
    return next_step(known, MANNER, None, ending_first=ending_first)


def test_the_first_request_posts_the_card_at_once() -> None:
    """In the channel, and not in a thread."""
    found = step(telling(card=None, said_version=0, edited_ms=0))

    assert isinstance(found, Post)
    assert (found.what, found.thread, found.broadcast) == (CARD, None, False)
    assert found.words.blocks


@pytest.mark.parametrize("changes", [{"card_open": True}, {"dropped": True}, {"is_refused": True}])
def test_there_is_never_a_second_card(changes: dict[str, Any]) -> None:
    """Where its answer was lost, where people do not want it, and where Slack refuses it."""
    assert step(telling(card=None, **changes)) == UpToDate()


@pytest.mark.parametrize(("age_ms", "wait_ms"), [(0, 3000), (1, 2999), (2999, 1)])
def test_an_edit_waits_until_the_last_one_is_three_seconds_old(age_ms: int, wait_ms: int) -> None:
    """A burst of changes is one trailing edit."""
    assert step(telling(edited_ms=NOW - age_ms)) == WaitLonger(wait_ms)


@pytest.mark.parametrize("edited_ms", [NOW - 3000, NOW + 1])
def test_an_edit_is_made_at_once_where_the_last_one_is_old(edited_ms: int) -> None:
    """Also where the clock went back meanwhile."""
    found = step(telling(edited_ms=edited_ms))

    assert isinstance(found, EditMessage)
    assert (found.what, found.message) == (CARD, THERE)


def test_what_says_the_same_is_not_edited() -> None:
    """Only its version is put on record."""
    there = Message("C1", "1.1", card_words(view(), Places()).digest)

    assert step(telling(card=there)) == Unchanged(CARD, there)


@pytest.mark.parametrize("changes", [{"said_version": 5}, {"frozen": True}])
def test_nothing_is_left_to_edit(changes: dict[str, Any]) -> None:
    """It shows the newest, or cannot be edited any more."""
    assert step(telling(**changes)) == UpToDate()


def test_a_failure_is_told_before_the_next_edit_is_due() -> None:
    """At once, in the thread, and once for its cause."""
    found = step(telling(view(GIVEN_UP), edited_ms=NOW))

    assert isinstance(found, Post)
    assert (found.what, found.thread) == (reply_of("forbidden"), THERE)
    assert found.names == ("org/team-a",)
    assert step(after(telling(view(GIVEN_UP), edited_ms=NOW), found, THERE)) == WaitLonger(3000)


def test_a_failure_has_no_thread_where_nobody_knows_the_card() -> None:
    """The ending names it."""
    assert step(telling(view(GIVEN_UP), card=None, card_open=True)) == UpToDate()


def test_a_reply_is_edited_when_it_is_not_so_any_more() -> None:
    """And one whose answer was lost is left alone."""
    of = view(GIVEN_UP)
    told = Message("C1", "1.2", reply_words(of, "forbidden", (), Places()).digest)
    names = ("org/team-a",)
    replayed = telling(view(a_migration(state=State.RUNNING)), said_version=5)

    assert (
        step(telling(of, said_version=5, replies={"forbidden": ThreadReply(told, names)}))
        == UpToDate()
    )
    found = step(replace(replayed, replies={"forbidden": ThreadReply(told, names)}))
    assert isinstance(found, EditMessage)
    assert (found.what, found.names) == (reply_of("forbidden"), names)
    assert step(replace(replayed, replies={"forbidden": ThreadReply(None, names)})) == UpToDate()


def test_the_end_is_said_once_in_the_thread_and_in_the_channel() -> None:
    """And not again while nothing changes."""
    found = step(ended())

    assert isinstance(found, Post)
    assert (found.what, found.thread, found.broadcast) == (ENDING, THERE, True)
    assert step(ended(ended_version=5, endings=1)) == UpToDate()


def test_the_end_waits_for_those_that_may_still_come() -> None:
    """Twenty seconds after the last one joined; the card is edited before."""
    of = replace(view(a_migration(), state=State.DONE), joined_ms=NOW - 5_000)

    assert isinstance(step(telling(of)), EditMessage)
    assert step(telling(of, said_version=5)) == WaitLonger(15_000, is_ending=True)


@pytest.mark.parametrize(
    ("in_channel", "endings", "fails", "broadcast"),
    [
        (True, 0, False, True),
        (True, 1, False, False),
        (False, 0, False, False),
        (False, 0, True, True),
        (True, 1, True, True),
    ],
)
def test_an_end_is_shown_in_the_channel_the_first_time_and_where_a_person_is_needed(
    in_channel: bool, endings: int, fails: bool, broadcast: bool
) -> None:
    """A replay and a later request are answered in the thread."""
    of = view(GIVEN_UP, state=State.FAILED) if fails else view(a_migration(), state=State.DONE)
    known = telling(of, said_version=5, endings=endings, replies={"forbidden": ThreadReply(None)})

    found = next_step(known, Manner(Places(), ending_in_channel=in_channel), None)

    assert isinstance(found, Post)
    assert found.broadcast == broadcast


def test_the_end_is_a_message_of_its_own_where_nobody_knows_the_card() -> None:
    """It is never left out."""
    found = step(ended(card=None, card_open=True))

    assert isinstance(found, Post)
    assert (found.what, found.thread, found.broadcast) == (ENDING, None, False)


def test_an_end_whose_answer_was_lost_is_said_again_and_says_so() -> None:
    """Better twice than never."""
    first = step(ended())
    assert isinstance(first, Post)
    again = step(after_loss(ended(), first))

    assert isinstance(again, Post)
    assert "Posted again" in again.words.text


def test_an_edit_that_fails_does_not_keep_the_end_back() -> None:
    """The next time the end goes first."""
    known = replace(ended(), said_version=3)

    assert isinstance(step(known), EditMessage)
    found = step(known, ending_first=True)
    assert isinstance(found, Post)
    assert found.what == ENDING


def test_nothing_is_told_without_a_channel() -> None:
    """The page shows it."""
    assert step(telling(channel=None, card=None)) == UpToDate()


def test_a_card_that_was_deleted_is_posted_anew_once() -> None:
    """A person who deletes it again does not want it."""
    once = after_gone(telling(), CARD, deleted=True)
    found = step(once)
    assert isinstance(found, Post)
    assert found.what == CARD

    twice = after_gone(after(once, found, THERE), CARD, deleted=True)
    assert step(twice) == UpToDate()


def test_a_card_that_cannot_be_edited_is_not_posted_anew() -> None:
    """It is there, and its thread takes replies."""
    frozen = after_gone(replace(ended(), said_version=3), CARD, deleted=False)
    found = step(frozen)

    assert isinstance(found, Post)
    assert (found.what, found.thread) == (ENDING, THERE)


# ------------------------------------------------------------------------------------------- properties

STATES = st.sampled_from([State.RUNNING, State.DONE, State.FAILED, State.CANCELLED])


@given(
    st.lists(STATES, min_size=1, max_size=4),
    st.sampled_from(["answered", "lost", "deleted", "frozen"]),
    st.booleans(),
)
def test_whatever_slack_does_a_round_ends_and_posts_each_message_once(
    states: list[State], slack: str, first: bool
) -> None:
    """Each step is about what the one before it has left; an answer that is lost is never answered by noise."""
    requests: list[RequestView] = [
        a_view(a_migration(f"org/team-{number}", state=_of(state), code="forbidden"), state=state)
        for number, state in enumerate(states)
    ]
    known = Telling(
        CohortView(CohortId("1-0"), 5, "org/template", 1, 0, 0, tuple(requests)), "C1", NOW
    )
    posted: list[str] = []
    for _ in range(20):
        found = next_step(known, MANNER, None, ending_first=first)
        if isinstance(found, UpToDate | WaitLonger):
            break
        before, known = known, _answer(known, found, slack)
        if isinstance(found, Post) and (known.card is not None or before.card is None):
            posted.append(found.what)
    else:
        raise AssertionError(f"it goes on for ever: {posted}")

    assert posted.count(CARD) <= (2 if slack == "deleted" else 1)
    assert posted.count(ENDING) <= 1
    assert all(posted.count(what) == 1 for what in posted if what not in {CARD, ENDING})


def _of(state: State) -> State:
    return State.DEAD if state is State.FAILED else state


def _answer(known: Telling, found: Post | EditMessage | Unchanged, slack: str) -> Telling:
    """What Slack makes of it; a lost ending ends the round, so it is taken for said here."""
    match found:
        case Post(what) if slack == "lost" and what != ENDING:
            return after_loss(known, found)
        case Post(what, thread=thread) if slack == "deleted" and thread and what != ENDING:
            return after_gone(known, CARD, deleted=True)
        case EditMessage(what) if slack in {"deleted", "frozen"}:
            return after_gone(known, what, deleted=slack == "deleted")
        case _:
            return after(known, found, Message("C1", f"{found.what}", _digest(found)))


def _digest(found: Post | EditMessage | Unchanged) -> str:
    return found.message.digest if isinstance(found, Unchanged) else found.words.digest
