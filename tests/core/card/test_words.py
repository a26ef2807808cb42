"""The words of a card: true, harmless and short."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.forecast import Forecast
from monarch.core.card.counts import state_of
from monarch.core.card.head import FACES
from monarch.core.card.lines import SIGNS
from monarch.core.card.messages import (
    MAX_SECTION,
    Places,
    Words,
    card_words,
    causes,
    ending_words,
    named_for,
    needs_a_person,
    reply_words,
)
from monarch.core.card.text import MAX_TEXT, escape
from monarch.core.card.view import CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import MigrationView, RequestView, State
from tests.core.builders import a_migration, a_view

HOME = "<https://github.com/org/template|org/template>"
NASTY = st.one_of(
    st.text(), st.sampled_from(["<!channel>", "<@U1>", "<!here|x>", "a&b", "<" * 600, "`x`"])
)
NAMES = st.one_of(NASTY, st.sampled_from(["org/team-a", "org/" + "x" * 100]))
COUNTS = st.integers(0, 500)
HERE = Places()


def cohort(*requests: RequestView) -> CohortView:
    """These requests, in one cohort."""
    return CohortView(CohortId("1-0"), 7, "org/template", 71, 0, 0, requests)


def asked(
    *migrations: MigrationView, state: State = State.RUNNING, number: int = 1, **changes: Any
) -> RequestView:
    """A request in `state` over `migrations`, the so-many-th."""
    return a_view(*migrations, state=state, id=RequestId(f"{number}-0"), **changes)


def card(*requests: RequestView, forecast: Forecast | None = None) -> list[str]:
    """The lines of the card."""
    return card_words(cohort(*requests), HERE, forecast).text.splitlines()


def team(letter: str) -> str:
    """A link to a team's issues."""
    return f"<https://github.com/org/team-{letter}/issues|org/team-{letter}>"


# ---------------------------------------------------------------------------------------------- the card


def test_a_card_says_what_stands_where() -> None:
    """One line for each repository of all requests; what needs a person comes first."""
    running = asked(
        a_migration("org/team-a"), a_migration("org/team-b", state=State.RUNNING, copied=3)
    )
    another = asked(
        a_migration("org/team-c", state=State.QUEUED, copied=0),
        a_migration("org/team-d", state=State.PARKED, copied=5, reason="the gate is closed"),
        a_migration("org/team-e", state=State.DEAD, copied=0, reason="unarchive it"),
        number=2,
    )

    assert card(running, another) == [
        (
            f":hourglass_flowing_sand: {HOME}: copying 20 tickets into 5 repositories so far;"
            " 1 of 5 done, 1 failed, 28 of 100 copies there."
        ),
        f":x: {team('e')} 0/20, *failed*. unarchive it.",
        f":white_check_mark: {team('a')} 20/20",
        f":hourglass_flowing_sand: {team('b')} 3/20, running",
        f":white_circle: {team('c')} 0/20, queued",
        f":double_vertical_bar: {team('d')} 5/20, waiting. the gate is closed.",
        "`monarch show` `1-0`, `2-0`",
    ]


def test_a_recall_of_one_repository_is_not_said_of_all() -> None:
    """Slack said that copies were being closed in all 22 repositories, where one was recalled and others were copied."""
    recalled = asked(a_migration("org/team-a", state=State.RUNNING, act="recall"))
    copied = asked(
        a_migration("org/team-b", state=State.RUNNING, copied=1),
        a_migration("org/team-c"),
        number=2,
    )

    both, alone = card(recalled, copied)[0], card(recalled)[0]

    assert (
        ": closing untouched copies in 1 repository and copying 20 tickets into 1 repository so far;"
        in both
    )
    assert ": closing untouched copies in 1 repository so far;" in alone


def test_what_has_no_dead_letter_any_more_is_not_to_be_replayed() -> None:
    """A person had dropped it, and Slack led to an empty list and to a replay of nothing."""
    dead = a_migration("org/team-a", state=State.DEAD, code="repository_archived", reason="it is")
    dropped = replace(dead, is_dropped=True)
    kept = replace(dead, target="org/team-b")

    none_left = ending_words(cohort(asked(dropped, state=State.FAILED)), HERE, repeated=False).text
    one_left = ending_words(
        cohort(asked(dropped, kept, state=State.FAILED)), HERE, repeated=False
    ).text
    reply = reply_words(
        cohort(asked(dropped, state=State.FAILED)), "repository_archived", [], HERE
    ).text

    for text in (none_left, reply):
        assert "monarch dead" not in text
        assert "What to do: send the message again (what is already there" in text
    assert "`monarch dead replay --request 1-0` goes on with it" in one_left
    assert "What has no dead letter any more: send the message again" in one_left


def test_a_request_that_was_called_off_before_it_began_is_counted_beside_the_others() -> None:
    """The ending said "1 of 1 repository done", where three had been asked for."""
    done = asked(a_migration("org/team-a"), state=State.DONE)
    off = asked(state=State.CANCELLED, number=2, cancelled_by="bob")

    said = ending_words(cohort(done, off), HERE, repeated=False).text

    assert (
        ": cancelled by bob. 1 of 1 repository done, 1 request cancelled before anything was copied."
        in said
    )


def test_two_kinds_of_update_are_counted_together() -> None:
    """One closes what left the template, too; the words are the same, and stood twice."""
    updated = asked(
        a_migration("org/team-a", state=State.RUNNING, act="update"),
        a_migration("org/team-b", state=State.QUEUED, act="update-close"),
    )

    assert ": updating the copies in 2 repositories so far;" in card(updated)[0]


def test_what_was_called_off_is_not_hidden_by_what_failed() -> None:
    """The ending of a cancelled request named its failure alone, and its advice undid the cancel without a word."""
    mixed = asked(
        a_migration("org/team-a", state=State.DEAD, code="refused", reason="blocked"),
        a_migration("org/team-b", state=State.CANCELLED),
        state=State.CANCELLED,
        cancelled_by="ada",
    )
    failed = asked(
        a_migration("org/team-a", state=State.DEAD, code="refused", reason="blocked"),
        state=State.FAILED,
    )

    said = ending_words(cohort(mixed), HERE, repeated=False).text
    plain = ending_words(cohort(failed), HERE, repeated=False).text

    assert ": 1 of 2 repositories failed, 1 cancelled by ada." in said
    assert "what was cancelled goes on, too, unless `--code` chooses" in said
    assert "cancelled" not in plain


def test_a_reason_that_all_wait_for_stands_in_the_head() -> None:
    """A closed gate is said once, and not for each team."""
    reason = "GitHub's hourly limit is reached until 18:11 UTC"
    waits = [
        a_migration(f"org/team-{letter}", state=State.PARKED, copied=1, reason=reason)
        for letter in "ab"
    ]

    top, *others = card(asked(*waits))

    assert top.endswith(f" Waiting: {reason}.")
    assert not any(reason in line for line in others)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"paused_by": "Ann"}, " :double_vertical_bar: Ann has paused all migrations."),
        ({"cancelled_by": "Ann"}, " :octagonal_sign: Ann is cancelling it."),
        (
            {"paused_by": "<!channel> & *Ann*"},
            " :double_vertical_bar: &lt;!channel&gt; &amp; *Ann* has paused all migrations.",
        ),
    ],
)
def test_what_a_person_does_stands_in_the_head(changes: dict[str, Any], words: str) -> None:
    """And then nothing is foretold."""
    soon = Forecast(725.0, 1_764_072_000_000)
    top = card(asked(a_migration(state=State.RUNNING), **changes), forecast=soon)[0]

    assert top.endswith(words)
    assert "left" not in top


def test_a_forecast_is_shown_in_the_readers_own_time() -> None:
    """Slack writes the time of day as the reader's clock has it; UTC stands in for old clients."""
    soon = Forecast(725.0, 1_764_072_000_000)

    top = card(asked(a_migration(state=State.RUNNING)), forecast=soon)[0]

    assert "about 12 min left (until <!date^1764072780^{time}|12:13 UTC>)" in top


def test_who_takes_turns_with_it_stands_beside_the_forecast() -> None:
    """It takes longer than its own writes because of that, and people would wonder."""
    soon = Forecast(725.0, 1_764_072_000_000, sharing=2)

    top = card(asked(a_migration(state=State.RUNNING)), forecast=soon)[0]

    assert top.endswith("), takes turns with 2 other cohorts: one write in 3.")


def test_who_put_it_first_stands_in_the_head() -> None:
    """Beside the forecast, which holds."""
    soon = Forecast(725.0, 1_764_072_000_000)

    top = card(asked(a_migration(state=State.RUNNING), first_by="ada"), forecast=soon)[0]

    assert top.endswith(" :fast_forward: ada has put it first.")
    assert "about 12 min left" in top


def test_a_day_ahead_has_its_date() -> None:
    """A time of day alone would mislead."""
    later = Forecast(90_000.0, 1_764_072_000_000)

    assert (
        "^{date_short} {time}|2025-11-26 13:00 UTC>"
        in card(asked(a_migration(state=State.RUNNING)), forecast=later)[0]
    )


def test_a_request_that_is_not_planned_yet_has_a_line_of_its_own() -> None:
    """It names no repository yet."""
    queued = asked(state=State.QUEUED, number=2, reason="GitHub refuses the credential")

    assert card(queued)[:2] == [
        f":inbox_tray: {HOME}: queued. GitHub refuses the credential.",
        ":white_circle: request `2-0`: queued. GitHub refuses the credential.",
    ]


def test_a_later_request_for_a_repository_stands_for_it() -> None:
    """It was asked for again because the first time failed."""
    failed = asked(a_migration(state=State.DEAD, copied=0, reason="gone"), state=State.FAILED)
    again = asked(a_migration(), state=State.DONE, number=2)

    view = cohort(failed, again)

    assert state_of(view) is State.DONE
    assert not needs_a_person(view)
    assert card_words(view, HERE).text.count("org/team-a") == 2


def test_thirty_lines_and_then_it_counts() -> None:
    """Those that need a person are named all the same, and the page has all of them."""
    migrations = [a_migration(f"org/team-{number}") for number in range(40)]
    migrations[33] = a_migration("org/team-33", state=State.DEAD, copied=0, reason="unarchive it")
    view = cohort(asked(*migrations))

    told = card_words(view, Places(page_url="https://m.example/")).text.splitlines()

    assert len(told) == 4
    assert "org/team-33" in told[1]
    assert told[2] == "… and 39 done"
    assert told[3] == (
        "<https://m.example/cohorts/1-0|All of it on the page> · `monarch show` `1-0`"
    )


def test_what_needs_a_person_is_where_its_repository_is_now() -> None:
    """Second copies and failures are linked in the repository that was reached, whatever has the name of the target."""
    moved = a_migration(
        state=State.DEAD, strays=(12,), reason="close it", code="strays_found", named_now="org/now"
    )
    view = cohort(asked(moved, state=State.FAILED))

    told = (
        *card_words(view, HERE).text.splitlines(),
        reply_words(view, "strays_found", (), HERE).text,
    )

    assert "<https://github.com/org/now/issues/12|#12>" in told[1]
    assert "<https://github.com/org/now|org/team-a>" in told[-1]


def test_second_copies_and_notes_are_told() -> None:
    """A person has to close the ones, and should know the others."""
    stray = a_migration(state=State.DEAD, strays=(12,), reason="close it")
    noted = a_migration("org/team-b", notes=("label bug was dropped",))

    told = card(asked(stray, noted, state=State.FAILED))

    close = "<https://github.com/org/team-a/issues/12|#12>"
    assert f":warning: Please close {close}: a second copy of a ticket." in told[1]
    assert told[2].endswith(":memo: label bug was dropped")


# -------------------------------------------------------------------------------------------- its ends


def failed(letter: str, reason: str, code: str) -> MigrationView:
    """A team that was given up."""
    target = f"org/team-{letter}"
    return a_migration(target, state=State.DEAD, copied=0, reason=reason, code=code)


ENDS = [
    (asked(a_migration(), state=State.DONE), f": done, 20 tickets for {'1 repository'}."),
    (asked(state=State.SKIPPED), " has no open tickets: nothing was copied."),
    (asked(state=State.DEAD, reason="no such source"), ": nothing was copied. no such source."),
    (
        asked(a_migration(), failed("b", "gone", "x"), state=State.FAILED),
        ": 1 of 2 repositories failed, 1 done.",
    ),
    (
        asked(
            a_migration(state=State.CANCELLED, copied=1), state=State.CANCELLED, cancelled_by="Ann"
        ),
        ": cancelled by Ann.",
    ),
]


@pytest.mark.parametrize(("request_view", "words"), ENDS)
def test_each_end_has_its_words(request_view: RequestView, words: str) -> None:
    """On the card and in the ending; after a replay with the number of the run."""
    view = cohort(request_view)
    face = FACES[state_of(view)]

    assert card_words(view, HERE).text.startswith(f"{face} {HOME}{words}")
    assert ending_words(view, HERE, repeated=False).text.startswith(f"{face} {HOME}{words}")
    again = cohort(replace(request_view, run=2))
    assert "(run 2)" in ending_words(again, HERE, repeated=False).text.splitlines()[0]


def test_an_ending_names_every_team_that_failed_and_what_to_do() -> None:
    """A reader need not look anywhere else."""
    one = asked(failed("a", "unarchive it", "repository_archived"), state=State.FAILED)
    two = asked(
        failed("b", "give us access", "forbidden"),
        a_migration("org/team-c"),
        state=State.FAILED,
        number=2,
    )

    told = ending_words(cohort(one, two), HERE, repeated=False).text.splitlines()

    assert told[0] == f":x: {HOME}: 2 of 3 repositories failed, 1 done."
    assert told[1].endswith("*failed*. unarchive it.")
    assert told[2].endswith("*failed*. give us access.")
    assert "`monarch dead replay --request 1-0`, `monarch dead replay --request 2-0`" in told[3]


def test_an_ending_sends_no_wrong_message_to_a_replay() -> None:
    """It said that a replay goes on with it, where only a corrected message does."""
    message = asked(state=State.DEAD, code="bad_source", reason="source_repo is no repository")
    target = asked(failed("a", "it is the source", "target_is_source"), state=State.FAILED)
    gone = asked(state=State.DEAD, code="entry_trimmed", reason="its entry was removed")
    other = asked(failed("b", "unarchive it", "repository_archived"), state=State.FAILED, number=2)

    of_message, of_target, of_gone, of_both = (
        ending_words(cohort(*those), HERE, repeated=False).text.splitlines()[-1]
        for those in ([message], [target], [gone], [target, other])
    )

    assert of_message == of_target == of_gone
    assert "no replay helps: send the message again, corrected if it is wrong." in of_message
    assert "dead replay" not in of_message
    assert "`monarch dead replay --request 2-0` goes on with it" in of_both
    assert "--request 1-0" not in of_both
    assert of_both.endswith("Where a message is wrong, or gone, no replay helps: send it again.")


def test_a_repeated_ending_says_so() -> None:
    """It may be there already."""
    view = cohort(asked(a_migration(), state=State.DONE))

    assert "Posted again" in ending_words(view, HERE, repeated=True).text
    assert "Posted again" not in ending_words(view, HERE, repeated=False).text


def test_an_ending_says_how_long_it_took() -> None:
    """From the first that came to the last that ended."""
    first = asked(a_migration(), state=State.DONE, appended_ms=0, ended_ms=60_000)
    last = asked(a_migration("org/b"), state=State.DONE, appended_ms=120_000, ended_ms=300_000)
    early = replace(first, appended_ms=60_000)

    assert "It took 4 min." in ending_words(cohort(early, last), HERE, repeated=False).text


# --------------------------------------------------------------------------------------------- replies


def test_a_cause_is_told_once_for_all_that_share_it() -> None:
    """And not once for each team."""
    reason = "the token may not write; give it access"
    view = cohort(
        asked(failed("a", reason, "forbidden"), failed("b", reason, "forbidden")),
        asked(failed("c", "gone", "repository_not_found"), number=2),
    )

    told = reply_words(view, "forbidden", (), HERE).text.splitlines()

    assert causes(view) == ("forbidden", "repository_not_found")
    assert named_for(view, "forbidden") == ("org/team-a", "org/team-b")
    assert told[0] == f":x: 2 repositories failed (forbidden). {reason}."
    assert [line.rpartition("|")[2] for line in told[1:3]] == ["org/team-a>", "org/team-b>"]
    assert "org/team-c" not in "".join(told)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.RUNNING, ":arrows_counterclockwise: Being tried again, after it had failed"),
        (State.DONE, ":white_check_mark: Done, after it had failed"),
        (State.CANCELLED, ":octagonal_sign: Cancelled, after it had failed"),
    ],
)
def test_a_reply_follows_what_it_told_of(state: State, words: str) -> None:
    """Replayed is not done yet."""
    view = cohort(asked(a_migration(state=state)))

    text = reply_words(view, "forbidden", ("org/team-a",), HERE).text

    assert text.startswith(words)
    assert "org/team-a" in text


# ------------------------------------------------------------------------------------------- properties


@st.composite
def migrations(draw: st.DrawFn) -> MigrationView:
    """Any migration."""
    return MigrationView(
        target=draw(NAMES),
        state=draw(st.sampled_from([one for one in State if one is not State.SKIPPED])),
        copied=draw(COUNTS),
        present=draw(COUNTS),
        refused=draw(COUNTS),
        strays=tuple(draw(st.lists(st.integers(1, 9999), max_size=8))),
        reason=draw(NASTY),
        notes=tuple(draw(st.lists(NASTY, max_size=5))),
        deleted=draw(COUNTS),
        code=draw(st.sampled_from(["", "forbidden", "poison"])),
    )


@st.composite
def requests(draw: st.DrawFn) -> RequestView:
    """Any request."""
    return RequestView(
        id=RequestId(draw(st.sampled_from(["1-0", "2-0", "3-0"]))),
        state=draw(st.sampled_from(list(State))),
        version=1,
        run=draw(st.integers(1, 3)),
        source=draw(NAMES),
        channel="C1",
        tickets=draw(COUNTS),
        reason=draw(NASTY),
        appended_ms=draw(st.integers(0, 10**12)),
        ended_ms=draw(st.one_of(st.none(), st.integers(0, 10**12))),
        migrations=tuple(draw(st.lists(migrations(), max_size=12))),
        cancelled_by=draw(NASTY),
        paused_by=draw(NASTY),
        code=draw(st.sampled_from(["", "bad_source"])),
    )


COHORTS = st.builds(
    CohortView,
    id=st.just(CohortId("1-0")),
    version=st.integers(0, 9),
    source=NAMES,
    source_id=st.none(),
    opened_ms=st.just(0),
    joined_ms=st.just(0),
    requests=st.lists(requests(), min_size=1, max_size=8).map(tuple),
)
FORECASTS = st.one_of(st.none(), st.builds(Forecast, st.floats(0, 1e6), st.integers(0, 10**12)))
PINGS = re.compile(r"<(?:!(?!date\^\d+\^)|[@#])")


def judge(words: Words) -> None:
    """What Slack would refuse, and what would ping a person."""
    assert len(words.text.encode("utf-16-le")) // 2 <= MAX_TEXT
    assert not PINGS.search(words.text)
    assert len(words.blocks) <= 50
    texts = [text for block in words.blocks for text in texts_of(block)]
    assert all(1 <= len(text) <= MAX_SECTION for text in texts)
    assert sum(map(len, texts)) <= 13_200
    assert not any(PINGS.search(text) for text in texts)


def texts_of(block: object) -> list[str]:
    """The texts of a block."""
    assert isinstance(block, dict)
    elements = block.get("elements") or [block["text"]]
    assert all(one["type"] == "mrkdwn" and one["verbatim"] is True for one in elements)
    return [one["text"] for one in elements]


@given(COHORTS, FORECASTS)
def test_whatever_a_cohort_is_slack_takes_its_card(
    view: CohortView, forecast: Forecast | None
) -> None:
    """No text too long, no ping, and the text has all that the blocks have."""
    words = card_words(view, HERE, forecast)

    judge(words)
    assert "\n".join(text for block in words.blocks for text in texts_of(block)) == words.text


@given(COHORTS, st.booleans(), st.lists(NASTY, max_size=40))
def test_whatever_a_cohort_is_slack_takes_what_is_said_of_it(
    view: CohortView, repeated: bool, before: list[str]
) -> None:
    """The ending, and a reply for each cause."""
    judge(ending_words(view, HERE, repeated=repeated))
    for cause in (*causes(view), "another"):
        judge(reply_words(view, cause, tuple(before), HERE))


@given(COHORTS)
def test_done_is_said_of_nothing_else(view: CohortView) -> None:
    """A check mark stands beside what is done, and at the head of a cohort that is."""
    top, *others = card_words(view, HERE).text.splitlines()
    done = sum(line.startswith(SIGNS[State.DONE]) for line in others)

    assert top.startswith(SIGNS[State.DONE]) == (state_of(view) is State.DONE)
    states = [one.state for one in view.requests]
    states += [migration.state for one in view.requests for migration in one.migrations]
    assert done <= states.count(State.DONE)


def test_nothing_from_outside_is_markup() -> None:
    """Slack's three special characters."""
    assert escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"
