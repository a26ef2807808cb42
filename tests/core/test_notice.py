"""The words of a notice: true, harmless and short."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId
from monarch.core.report.notice import MAX_TEXT, closing_text, escape, final_text, progress_text
from monarch.core.report.summary import MigrationView, RequestView, State
from tests.core.builders import a_migration, a_view

HOME = "<https://github.com/org/template|org/template>"
NASTY = st.one_of(
    st.text(), st.sampled_from(["<!channel>", "<@U1>", "<!here|x>", "a&b", "<" * 600, "`x`"])
)
NAMES = st.one_of(NASTY, st.sampled_from(["org/team-a", "org/" + "x" * 100]))
COUNTS = st.integers(0, 500)


def view_of(
    *migrations: MigrationView, state: State = State.RUNNING, **changes: object
) -> RequestView:
    """A request in `state` over `migrations`."""
    return a_view(*migrations, state=state, **changes)


# ------------------------------------------------------------------------------------------- progress


def test_a_queued_request_is_queued() -> None:
    """Before the plan is made nothing else is known."""
    assert progress_text(view_of(state=State.QUEUED)) == f":inbox_tray: {HOME}: queued."


def test_progress_says_when_it_will_be_done() -> None:
    """But not of what a person holds up, nor once it has ended."""
    soon = Forecast(725.0, 1_764_072_000_000)
    running = view_of(a_migration(state=State.RUNNING, copied=3))
    words = "0 of 1 target finished, about 12 min left (until 12:13 UTC)."

    assert words in progress_text(running, forecast=soon)
    for held_up in (replace(running, paused_by="ada"), replace(running, cancelled_by="ada")):
        assert "left" not in progress_text(held_up, forecast=soon)


def test_progress_says_what_stands_where() -> None:
    """One line for each target, with its issues a click away; what failed comes first."""
    text = progress_text(
        view_of(
            a_migration("org/team-a"),
            a_migration("org/team-b", state=State.RUNNING, copied=3),
            a_migration("org/team-c", state=State.QUEUED, copied=0),
            a_migration("org/team-d", state=State.PARKED, copied=5, reason="the gate is closed"),
            a_migration(
                "org/team-e", state=State.DEAD, copied=0, reason="it is archived; unarchive it"
            ),
        )
    )

    assert text.splitlines() == [
        (
            f":hourglass_flowing_sand: {HOME}: copying 20 tickets into 5 repositories;"
            " 1 of 5 targets done, 1 failed."
        ),
        (
            "• <https://github.com/org/team-e/issues|org/team-e>: *failed*, 0 of 20 tickets there."
            " it is archived; unarchive it."
        ),
        "• <https://github.com/org/team-a/issues|org/team-a>: all 20 tickets copied",
        "• <https://github.com/org/team-b/issues|org/team-b>: running, 3 of 20 tickets there",
        "• <https://github.com/org/team-c/issues|org/team-c>: queued",
        (
            "• <https://github.com/org/team-d/issues|org/team-d>: waiting, 5 of 20 tickets there."
            " the gate is closed."
        ),
    ]


def test_one_is_spoken_of_in_the_singular() -> None:
    """Before anything is done the word does not fall."""
    text = progress_text(
        view_of(a_migration("org/t", state=State.PARKED, copied=0), tickets=1, run=2)
    )

    assert text.splitlines() == [
        (
            f":hourglass_flowing_sand: {HOME}: copying 1 ticket into 1 repository (run 2);"
            " 0 of 1 target finished."
        ),
        "• <https://github.com/org/t/issues|org/t>: waiting, 0 of 1 ticket there",
    ]


# ---------------------------------------------------------------------------------------------- final


def test_done_says_what_was_copied_and_what_was_there() -> None:
    """A top-up is no copy, and a deleted copy no loss."""
    text = final_text(
        view_of(
            a_migration("org/team-a"),
            a_migration("org/team-b", copied=0, present=20),
            a_migration("org/team-c", copied=5, present=15),
            a_migration("org/team-d", copied=1, present=18),
            state=State.DONE,
        ),
        repeated=False,
    )

    assert text.splitlines() == [
        f":white_check_mark: {HOME}: done, 20 tickets for 4 repositories.",
        "• <https://github.com/org/team-a/issues|org/team-a>: all 20 tickets copied",
        "• <https://github.com/org/team-b/issues|org/team-b>: all 20 were already there",
        (
            "• <https://github.com/org/team-c/issues|org/team-c>: all 20 tickets there: 5 copied,"
            " 15 already there"
        ),
        (
            "• <https://github.com/org/team-d/issues|org/team-d>: done, 1 copied, 18 already there;"
            " 1 copy deleted by a person and not made again"
        ),
    ]


def test_failed_says_which_why_and_what_to_do() -> None:
    """The ones that need a person stand first."""
    text = final_text(
        view_of(
            a_migration("org/team-a"),
            a_migration("org/team-b", state=State.DEAD, copied=19, refused=1, reason="refused #7"),
            state=State.FAILED,
        ),
        repeated=False,
    )

    head, failed, done, advice = text.splitlines()
    assert head == f":x: {HOME}: 1 of 2 targets failed, 1 done."
    assert failed.endswith("*failed*, 19 of 20 tickets there, 1 refused. refused #7.")
    assert done.endswith("all 20 tickets copied")
    assert "`monarch dead list --request 1732406400000-0`" in advice
    assert "`monarch dead list --request 1732406400000-0`" in advice


def test_a_target_that_failed_without_a_word_says_so() -> None:
    """Rather than leaving the sentence open."""
    failed = a_migration(state=State.DEAD, copied=0)

    assert "No reason is known." in final_text(view_of(failed, state=State.FAILED), repeated=False)


def test_skipped_says_that_the_template_is_empty() -> None:
    """Nothing was copied, and that is no failure."""
    text = final_text(view_of(state=State.SKIPPED, tickets=0), repeated=False)

    assert text == f":information_source: {HOME} has no open tickets: nothing was copied."


@pytest.mark.parametrize(
    ("source", "reason", "words"),
    [
        (
            "org/template",
            "it does not exist; check it",
            f":x: {HOME}: nothing was copied. it does not",
        ),
        ("", "not JSON", ":x: A message that names no source: nothing was copied. not JSON."),
        ("<!channel>", "", ":x: &lt;!channel&gt;: nothing was copied. no reason is known"),
        ("a/b/c", "really?", ":x: a/b/c: nothing was copied. really?"),
    ],
)
def test_a_request_that_could_not_be_planned_says_why(source: str, reason: str, words: str) -> None:
    """A message that nobody can read is told of too, where its channel could be read."""
    text = final_text(view_of(state=State.DEAD, source=source, reason=reason), repeated=False)

    assert text.startswith(words)
    assert "monarch dead list" in text


def test_a_message_that_may_be_there_already_says_so() -> None:
    """Slack knows no idempotency key."""
    view = view_of(a_migration(), state=State.DONE)

    assert final_text(view, repeated=True).startswith(final_text(view, repeated=False))
    assert final_text(view, repeated=True).endswith("did not confirm the first time._")


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.PARKED])
def test_what_has_not_ended_is_told_as_progress(state: State) -> None:
    """Whoever asks for the final words too early."""
    view = view_of(a_migration(), state=state)

    assert final_text(view, repeated=False) == progress_text(view)


@pytest.mark.parametrize(
    ("strays", "words"),
    [
        (
            (31,),
            "Please close <https://github.com/org/t/issues/31|#31>: a second copy of a ticket.",
        ),
        (
            (31, 32),
            (
                "Please close <https://github.com/org/t/issues/31|#31>,"
                " <https://github.com/org/t/issues/32|#32>: second copies of a ticket."
            ),
        ),
        (tuple(range(1, 9)), "|#5> and 3 more: second copies"),
    ],
)
def test_strays_are_named_with_the_issue_to_close(strays: tuple[int, ...], words: str) -> None:
    """Only a person may close an issue of a team."""
    text = final_text(
        view_of(a_migration("org/t", strays=strays), state=State.DONE), repeated=False
    )

    assert words in text


def test_what_fails_nothing_is_noted_beside_its_target() -> None:
    """Shortly, since `monarch show` has it all; and escaped, since names from outside are in it."""
    notes = ("labels <!here>: not copied", "a " * 200, "three", "four", "five")
    noted = a_migration("org/b", notes=notes)

    text = final_text(view_of(a_migration("org/a"), noted, state=State.DONE), repeated=False)

    first, second = text.splitlines()[1:]
    assert " :memo: labels &lt;!here&gt;: not copied; a a " in first
    assert first.endswith("…; three (and 2 more)")
    assert len(first) < 400
    assert ":memo:" not in second


def test_the_progress_message_ends_by_pointing_to_the_final_one() -> None:
    """It promises nothing any more."""
    text = closing_text(a_view(a_migration(state=State.DONE), state=State.DONE))

    assert "ended; see the message below" in text


def test_strays_of_what_is_no_repository_are_only_named() -> None:
    """There is no page to link to."""
    text = final_text(view_of(a_migration("", strays=(3,)), state=State.DONE), repeated=False)

    assert "• (no name): " in text
    assert "Please close #3: " in text


def test_links_lead_to_the_server_that_is_configured() -> None:
    """GitHub Enterprise Server."""
    text = final_text(view_of(a_migration(), state=State.DONE), False, "https://git.example.org/")

    assert "<https://git.example.org/org/template|org/template>" in text
    assert "<https://git.example.org/org/team-a/issues|org/team-a>" in text


def test_what_does_not_fit_is_counted() -> None:
    """Two hundred targets do not fit; the failed one does."""
    many = [a_migration(f"org/team-{n}") for n in range(200)]
    bad = a_migration("org/team-bad", state=State.DEAD, reason="x")
    text = final_text(view_of(*many, bad, state=State.FAILED), repeated=True)

    told = text.count("\n•")
    assert len(text) <= MAX_TEXT
    assert f"\n… and {201 - told} more, see `monarch show 1732406400000-0`\n" in text
    assert text.splitlines()[1].startswith("• <https://github.com/org/team-bad/issues|")
    assert "What to do" in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("&amp;", "&amp;amp;"),
        ("", ""),
    ],
)
def test_slacks_special_characters_are_escaped(text: str, escaped: str) -> None:
    """An issue's title must ping nobody."""
    assert escape(text) == escaped


MIGRATIONS = st.builds(
    MigrationView,
    target=NAMES,
    state=st.sampled_from(State),
    copied=COUNTS,
    present=COUNTS,
    refused=COUNTS,
    strays=st.lists(COUNTS, max_size=8).map(tuple),
    notes=st.lists(NASTY, max_size=5).map(tuple),
    reason=NASTY,
)
VIEWS = st.builds(
    RequestView,
    id=NASTY.map(RequestId),
    state=st.sampled_from(State),
    version=COUNTS,
    run=st.integers(1, 3),
    source=NAMES,
    channel=st.just("C1"),
    tickets=COUNTS,
    reason=NASTY,
    appended_ms=COUNTS,
    ended_ms=st.none(),
    migrations=st.lists(MIGRATIONS, max_size=20).map(tuple),
)
LINK = re.compile(r"<https://github\.com/[\w./-]+\|[\w./#-]+>", re.ASCII)


@given(VIEWS, st.booleans())
def test_every_text_is_short_and_pings_nobody(view: RequestView, repeated: bool) -> None:
    """Whatever comes from outside: angle brackets stand only around our own links."""
    for text in (progress_text(view), final_text(view, repeated)):
        assert len(text) <= MAX_TEXT
        assert not set("<>") & set(LINK.sub("", text))
        assert re.search(r"&(?!amp;|lt;|gt;)", text) is None
        text.encode()


@given(VIEWS)
def test_done_is_said_only_of_what_is_done(view: RequestView) -> None:
    """Promise 5: what Slack is told is true."""
    text = final_text(view, repeated=False)
    head = text.splitlines()[0]

    assert (":white_check_mark:" in head) is (view.state is State.DONE)
    if view.state is not State.DONE and not any(m.state is State.DONE for m in view.migrations):
        assert re.search(r"\b(done|migrated|all \d+)\b", "".join(_ours(view, text))) is None


def _ours(view: RequestView, text: str) -> list[str]:
    """The words of a text that are not quoted from outside."""
    for quoted in (
        view.source,
        view.reason,
        *(w for m in view.migrations for w in (m.target, m.reason)),
    ):
        text = text.replace(escape(quoted), "") if quoted else text
    return [text]
