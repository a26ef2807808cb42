"""How results look."""

import contextlib
import json
import os
import pty
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import StringIO
from typing import Any, Final

import pytest
import typer

from monarch.cli.after.updating import update_lines
from monarch.cli.follow import judge
from monarch.cli.terminal.ending import ending_lines
from monarch.cli.terminal.followed import UPDATING, Followed, act_in, healing
from monarch.cli.terminal.printing import age, as_json, clean, moment, show_table
from monarch.cli.terminal.progress import (
    OVER,
    Progress,
    RequestSight,
    counted,
    migration_line,
    request_line,
    target_lines,
    waits,
)
from monarch.cli.terminal.tables import word
from monarch.core.after.acts import Act
from monarch.core.after.edit import Edit
from monarch.core.after.revision import LeftToPeople
from monarch.core.after.touch import Left, Touch
from monarch.core.budget.forecast import Forecast
from monarch.core.card.view import Card
from monarch.core.ids import RequestId
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.core.report.update import Foreseen, Foresight, TargetUpdate
from monarch.ports.readings import FailingNotice, MigrationTimes, RequestDetails
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import Cause, obstacles
from tests.cli.terminals import Terminal
from tests.core.builders import a_ticket, an_issue


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_ages_have_one_unit(seconds: float | None, shown: str) -> None:
    """People compare them at a glance."""
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        ("ä é 漢", "ä é 漢"),
        ("a\nb\x1b[0m\x9b", "a\\nb\\x1b[0m\\x9b"),
    ],
)
def test_clean_text_is_one_printable_line(value: object, shown: str) -> None:
    """Whatever a terminal could obey is shown."""
    assert clean(value) == shown


def test_moments_are_utc() -> None:
    """And 0 is none."""
    assert moment(1732406400000) == "2024-11-24 00:00:00 UTC"
    assert moment(0) == "-"


def test_a_table_in_a_pipe_is_plain_columns() -> None:
    """Without a trailing blank, so that diffs are readable."""
    out = StringIO()

    show_table(
        (word("id"), word("reason")),
        [("17-0", "long enough"), ("18-0", None)],
        empty="none",
        out=out,
    )

    assert out.getvalue() == "ID    REASON\n17-0  long enough\n18-0  -\n"


def test_a_table_on_a_terminal_is_drawn() -> None:
    """Markup in a text stays text."""
    out = Terminal()

    show_table(
        (word("id"), word("reason")), [("17-0", "[red]not a style[/red]")], empty="none", out=out
    )

    assert "ID" in out.getvalue()
    assert "[red]not a style[/red]" in out.getvalue()


def test_json_takes_values_as_they_are() -> None:
    """Dataclasses, tuples, enums."""
    assert as_json({"states": (State.DONE,)}, indent=None) == '{"states": ["done"]}'


@pytest.mark.parametrize(
    "character", ["\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066", "\ufeff"]
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_json_obeys_nobody(character: str, ascii_only: bool) -> None:
    """U+009B begins an escape sequence on some terminals; for programs it is the same text."""
    said = as_json({"reason": f"é {character}31m"}, ascii_only=ascii_only)

    assert character not in said
    assert ("é" in said) is not ascii_only
    assert json.loads(said) == {"reason": f"é {character}31m"}


def a_view(*migrations: MigrationView, state: State = State.RUNNING) -> RequestView:
    """A request of three tickets."""
    return RequestView(RequestId("17-0"), state, 1, 1, "o/s", None, 3, "", 0, None, migrations)


def details_of(view: RequestView, *times: MigrationTimes) -> RequestDetails:
    """The request, and what is known of its targets beside it."""
    return RequestDetails(view, "submit", "", 1, times)


def a_time(target: str, **known: Any) -> MigrationTimes:
    """What is known of a target beside its view."""
    return MigrationTimes(target, 1, 1, "", "", None, None, None, None, None, **known)


@pytest.fixture
def that_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of 2025-11-25."""
    monkeypatch.setattr("monarch.cli.terminal.progress.time.time", lambda: 1_764_072_000.0)


@pytest.mark.usefixtures("that_noon")
def test_a_wait_until_another_day_has_its_date() -> None:
    """A limit of a day was "waits until 12:19:28 UTC", which reads as over already."""
    parked = MigrationView("o/a", State.PARKED, 0, 0, 0, (), "the gate is closed")
    details = details_of(a_view(parked), a_time("o/a", next_ms=1_764_158_461_000))

    (line,) = dict(target_lines(details)).values()

    assert line.endswith("(waits until 2025-11-26 12:01:01 UTC)")
    assert waits(details) == "waits until 2025-11-26 12:01:01 UTC"


@pytest.mark.usefixtures("that_noon")
def test_what_a_target_waits_for_is_said_with_its_time() -> None:
    """And what went wrong while it is tried again; neither of one that has ended."""
    parked = MigrationView("o/a", State.PARKED, 0, 0, 0, (), "the target does not exist yet")
    again = MigrationView("o/b", State.RUNNING, 1, 0, 0, (), "")
    done = MigrationView("o/c", State.DONE, 3, 0, 0, (), "")
    times = (
        a_time("o/a", next_ms=1_764_072_061_000),
        a_time("o/b", error="GitHub answered 500"),
        a_time("o/c", error="GitHub answered 500"),
    )

    lines = dict(target_lines(details_of(a_view(parked, again, done), *times)))

    assert lines["o/a"].endswith("does not exist yet (waits until 12:01:01 UTC)")
    assert lines["o/b"] == "running, 1 of 3 tickets (tried again after: GitHub answered 500)"
    assert lines["o/c"] == "done, 3 of 3 tickets"


@pytest.mark.usefixtures("that_noon")
def test_a_bar_that_stands_still_says_until_when() -> None:
    """Where everything that is left waits; else something moves."""
    done = MigrationView("o/a", State.DONE, 3, 0, 0, (), "")
    parked = MigrationView("o/b", State.PARKED, 0, 0, 0, (), "it does not exist yet")
    running = MigrationView("o/c", State.RUNNING, 0, 0, 0, (), "")
    time = a_time("o/b", next_ms=1_764_072_061_000)

    assert waits(details_of(a_view(done, parked), time)) == "waits until 12:01:01 UTC"
    assert waits(details_of(a_view(done, parked, running), time)) == ""
    assert waits(details_of(a_view(done))) == ""


def test_what_can_no_longer_be_done_is_not_waited_for() -> None:
    """A dead target would hold the bar at a third for ever."""
    dead = MigrationView("o/a", State.DEAD, 1, 0, 0, (), "gone")
    running = MigrationView("o/b", State.RUNNING, 1, 1, 0, (), "")

    assert counted(a_view(dead, running)) == (3, 4)
    assert counted(a_view(state=State.QUEUED)) == (0, None)


def test_a_skipped_request_says_why() -> None:
    """It is no success that copied nothing."""
    assert request_line(a_view(state=State.SKIPPED)) == "skipped: the source has no open tickets"


def test_how_it_ended_is_summed_up() -> None:
    """What was copied, what failed, what people should know, and whether Slack was told."""
    done = MigrationView("o/a", State.DONE, 2, 1, 0, (9,), "", ("labels: not copied",))
    dead = MigrationView("o/b", State.DEAD, 0, 0, 0, (), "gone")
    view = replace(a_view(done, dead, state=State.FAILED), channel="C1")
    end = replace(
        details_of(view),
        notice_error="Slack did not get the message: it answered channel_not_found",
    )

    assert list(ending_lines(end)) == [
        "failed: 1 of 2 targets done, 2 tickets copied, 1 were there already",
        "failed: o/b; see `monarch dead list --request 17-0`",
        "second copies to close: 1; see `monarch show 17-0`",
        "notes: 1; see `monarch show 17-0`",
        "channel C1: Slack did not get the message: it answered channel_not_found",
    ]


def test_a_lost_answer_of_slack_is_summed_up() -> None:
    """Whether the channel has a progress message was not known, and the summary had no word of it."""
    view = replace(a_view(MigrationView("o/a", State.DONE, 2, 0, 0, (), "")), channel="C1")
    end = replace(details_of(view), card=Card("C1", "", is_unanswered=True))

    *_, last = ending_lines(end)

    assert last.startswith("channel C1: Slack has not said whether it has the progress message")


def test_until_when_a_limit_of_slack_holds_is_summed_up() -> None:
    """It said "not posted yet" alone, for an hour."""
    view = replace(a_view(MigrationView("o/a", State.DONE, 2, 0, 0, (), "")), channel="C1")
    limit = FailingNotice("Slack answered that its limit is reached", 1732406460000, is_limit=True)
    waits = replace(details_of(view), is_to_be_told=True)

    *_, quiet = ending_lines(waits)
    *_, limited = ending_lines(replace(waits, failing_notice=limit))

    assert quiet == "channel C1: not posted yet"
    assert limited == (
        "channel C1: not posted yet: Slack answered that its limit is reached; next try 2024-11-24 00:01:00 UTC"
    )


def test_what_was_never_planned_is_summed_up_shortly() -> None:
    """Its reason was said before."""
    end = details_of(a_view(state=State.DEAD))

    assert list(ending_lines(end)) == [
        "dead: nothing was copied",
        "what to do: see `monarch dead list --request 17-0`",
    ]


def test_a_summary_of_a_failure_does_not_sound_like_none() -> None:
    """`failed: 0 of 1 targets` said that none of them had failed."""
    dead = MigrationView("o/a", State.DEAD, 0, 0, 0, (), "gone")
    summary, *_ = ending_lines(details_of(a_view(dead, state=State.FAILED)))

    assert summary == "failed: 0 of 1 target done, 0 tickets copied"


RECALLED: Final = MigrationView(
    *("o/a", State.DEAD, 2, 0, 0, (), "gone"), acted="recall", changed=2
)
GIVEN_UP: Final = MigrationView("o/b", State.DEAD, 2, 0, 0, (), "403", act="recall")
"""`RECALLED` is given up as a copy, and its recall went well; of `GIVEN_UP` the recall was given up."""


def test_the_ending_of_a_recall_is_about_the_recall() -> None:
    """It counted tickets copied, and the targets of the request that nobody had named were those that failed."""
    end = details_of(a_view(RECALLED, GIVEN_UP, state=State.FAILED))

    assert list(ending_lines(end, act_in(Act.RECALL, ["o/A"]))) == [
        "done: 1 of 1 target done, 2 copies recalled",
    ]
    assert list(ending_lines(end, act_in(Act.RECALL, ["o/a", "o/b"]))) == [
        "failed: 1 of 2 targets done, 2 copies recalled",
        "failed: o/b; see `monarch dead list --request 17-0`",
    ]
    judge(end, act_in(Act.RECALL, ["o/a"]))
    with pytest.raises(typer.Exit):
        judge(end, act_in(Act.RECALL, ["o/b"]))


def test_the_endings_of_a_healing_and_an_update_are_about_them() -> None:
    """A healing of one copy was told as all the tickets that were ever copied."""
    healed = MigrationView("o/a", State.DONE, 1, 2, 0, (), "")
    left = (Left(1, 11, (Touch.EDITED,)),)
    updated = replace(healed, acted="update", changed=1, left=left)
    other = MigrationView("o/b", State.DEAD, 0, 0, 0, (), "gone")

    def ends(followed: Followed, state: State, *targets: MigrationView) -> list[str]:
        return list(ending_lines(details_of(a_view(*targets, state=state)), followed))

    assert ends(healing(["o/a"]), State.FAILED, healed, other) == [
        "done: 1 of 1 target done, 3 copies are there now"
    ]
    assert ends(UPDATING, State.DONE, updated) == [
        "done: 1 of 1 target done, 1 ticket copied, 1 copy updated, 1 left to people"
    ]
    assert ends(UPDATING, State.DEAD)[0] == "dead: nothing was updated"
    assert ends(UPDATING, State.SKIPPED) == [
        "skipped: the source has no open tickets, so nothing was updated"
    ]


def test_the_progress_of_an_act_is_not_told_in_tickets() -> None:
    """`running, 3 of 3 tickets` was said of a recall that had done nothing yet."""
    running = replace(GIVEN_UP, state=State.RUNNING, reason="")

    assert migration_line(running, 3) == "running, closing untouched copies"
    assert migration_line(GIVEN_UP, 3) == "dead, closing untouched copies: 403"
    assert migration_line(replace(RECALLED, state=State.DONE, reason=""), 3) == (
        "done, 2 copies recalled"
    )


def test_progress_in_words() -> None:
    """What `submit --wait` says in a pipe."""
    done = MigrationView("o/a", State.DONE, 2, 1, 0, (9,), "")
    parked = MigrationView("o/b", State.PARKED, 0, 0, 0, (), "busy")

    assert request_line(a_view(done, parked)) == "running, 1 of 2 targets done"
    assert request_line(a_view(state=State.QUEUED)) == "queued"
    assert request_line(a_view(done, parked), Forecast(725.0, 1_764_072_000_000)) == (
        "running, 1 of 2 targets done, about 12 min left (until 12:13 UTC)"
    )
    assert migration_line(parked, 3) == "parked, 0 of 3 tickets: busy"
    assert migration_line(done, 3) == (
        "done, 3 of 3 tickets (1 already there), second copies to close: #9"
    )


def _read_to_the_end(terminal: int) -> str:
    """All that is written to a pseudo-terminal; Linux says EIO where a file would end."""
    said = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65_536):
            said += chunk
    return said.decode()


def _on_a_terminal(monkeypatch: pytest.MonkeyPatch, show: Callable[[Progress], None]) -> str:
    """What stands on a pseudo-terminal after `show` has shown its progress there."""
    from monarch.cli.terminal.progress import progress  # noqa: PLC0415 - after the terminal is there

    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(_read_to_the_end, ours)
        with os.fdopen(theirs, "w") as terminal:
            monkeypatch.setattr("sys.stderr", terminal)
            with progress(quiet=False) as shown:
                show(shown)
        said = reading.result(timeout=10)
    os.close(ours)
    return said


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target that ended is said once, above the bar."""
    done = MigrationView("o/a", State.DONE, 3, 0, 0, (), "")

    def show(shown: Progress) -> None:
        shown.update(RequestSight(details_of(a_view(done))))
        shown.update(RequestSight(details_of(a_view(done)), Forecast(725.0, 1_764_072_000_000)))
        shown.update(RequestSight(details_of(a_view(done, state=State.DONE))))

    said = _on_a_terminal(monkeypatch, show)

    assert said.count("o/a: done, 3 of 3 tickets") == 1
    assert "3/3" in said


def test_what_stops_all_work_is_taken_back_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That no worker listens stood above the bar for ever; what ended is asked for no obstacles."""
    unheard, heard = (Snapshot(0, (), workers=1, replicas=count) for count in (0, 1))
    target = MigrationView("o/a", State.RUNNING, 1, 0, 0, (), "")

    def show(shown: Progress) -> None:
        for one in (unheard, unheard, heard, unheard):
            details = details_of(a_view(target))
            shown.update(RequestSight(details, None, obstacles(one)))
        shown.update(RequestSight(details_of(a_view(target, state=State.DONE))))

    said = _on_a_terminal(monkeypatch, show)

    parts = said.split("! no worker listens to the channel")
    assert ["workers listen now" in part for part in parts] == [False, True, False]


def test_every_obstacle_can_be_taken_back() -> None:
    """A follower ended with a KeyError when a broken key was mended."""
    assert set(OVER) == set(Cause)


def test_a_long_reason_above_the_bar_wraps_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal itself would cut a word in two, and an id that is cut cannot be copied."""
    monkeypatch.setenv("COLUMNS", "40")
    dead = MigrationView("o/a", State.DEAD, 0, 0, 0, (), "close it and replay the letter " * 5)

    said = _on_a_terminal(
        monkeypatch, lambda shown: shown.update(RequestSight(details_of(a_view(dead))))
    )

    reason = [line for line in said.splitlines() if "letter" in line or "replay" in line]
    assert len(reason) > 3
    assert max(map(len, reason)) <= 40


@pytest.mark.parametrize(("close", "counts"), [(False, "leave 3"), (True, "close 1, leave 2")])
def test_a_foretold_update_counts_what_it_lists(counts: str, *, close: bool) -> None:
    """Without --close it said "leave 0" above the copies of closed tickets that it leaves."""
    copies: dict[int, Edit | LeftToPeople] = {1: Edit(body="Do it."), 2: LeftToPeople(Touch.EDITED)}
    differing = tuple(
        Foreseen(a_ticket(number), an_issue(number), found, "T", "Do it.")
        for number, found in copies.items()
    )
    closed = (Left(3, 3, ()), Left(4, 4, (Touch.COMMENTED,)))
    told = TargetUpdate("o/a", Foresight(differing=differing, closed=closed), named_now="o/b")

    name, first, *lines = update_lines(told, "https://github.com", close=close)

    assert name.startswith("o/a: the repository that was reached is called o/b now")
    assert "https://github.com/o/b/issues/1" in lines[0]
    assert first == f"o/a: would copy 0, edit 1, {counts}"
    assert sum(line.startswith("  leave #") for line in lines) == int(counts[-1])
