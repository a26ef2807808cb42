"""The words of a notice: how a request stands, in Slack's mrkdwn.

What is said is true: "done" stands only beside a target whose state is `State.DONE`, which the migrator
gives after reading it back. What comes from outside is escaped (so that `<!channel>` pings nobody) and
shortened; no text has more than 4,000 characters, and what is left out is counted.

The adapter must post these texts with `parse: none` and without `link_names`: a bare `@name` stays text.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Final, assert_never

from monarch.core.after.words import act_words, doing_words, done_words
from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.portions.words import milestones_words
from monarch.core.redact import quote
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.core.request.refs import BadRef, RepoRef

MAX_TEXT: Final = 4000
"""Slack: `chat.update` refuses more; a longer post may be split into several messages."""

WEB_URL: Final = "https://github.com"
_MAX_REASON: Final = 400
_MAX_NAME: Final = 200
_MAX_STRAYS: Final = 5
_MAX_LEFT: Final = 5
_MAX_NOTES: Final = 3
_MAX_NOTE: Final = 160
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: str) -> str:
    """Make text from outside harmless: Slack's three special characters become entities."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def progress_text(
    view: RequestView, web_url: str = WEB_URL, forecast: Forecast | None = None
) -> str:
    """Say how a request stands that has not ended, and when it will have."""
    if view.state is State.QUEUED:
        waits = f" {_reason(view.reason)}" if view.reason else ""
        return f":inbox_tray: {_source(view, web_url)}: queued{_again(view)}.{waits}{_hands(view)}"
    doing = doing_words(view)
    what = doing or f"copying {_count(view.tickets, 'ticket')}{_portion(view)} into"
    head = (
        f":hourglass_flowing_sand: {_source(view, web_url)}: {what}"
        f" {_count(len(view.migrations), 'repository', 'repositories')}{_again(view)};"
        f" {_progress(view)}{_when(view, forecast)}.{_hands(view)}"
    )
    return _whole(view, head, [_line(m, view, web_url) for m in _urgent_first(view)], "")


def _when(view: RequestView, forecast: Forecast | None) -> str:
    """When it will be done; nothing of what a person holds up."""
    words = "" if view.cancelled_by or view.paused_by else in_words(forecast)
    return f", {words}" if words else ""


def _hands(view: RequestView) -> str:
    """What a person has done to it that is not over."""
    if view.cancelled_by:
        return f" :octagonal_sign: {_fit(view.cancelled_by, _MAX_NAME)} is cancelling it."
    if view.paused_by:
        return (
            f" :double_vertical_bar: {_fit(view.paused_by, _MAX_NAME)} has paused all migrations."
        )
    return ""


def closing_text(view: RequestView, web_url: str = WEB_URL) -> str:
    """What becomes of the progress message once the final one was said: it must not go on promising."""
    return f":checkered_flag: {_source(view, web_url)}: ended{_again(view)}; see the message below."


def final_text(view: RequestView, repeated: bool, web_url: str = WEB_URL) -> str:  # noqa: FBT001 - a fact about this one message
    """Say how a request ended.

    `repeated` marks a message whose first posting was never answered: it may be there already. A request
    that has not ended is told as progress, whoever asks.
    """
    head = _HEADS.get(view.state)
    if head is None:
        return progress_text(view, web_url)
    tail = _advice(view) if view.state in {State.FAILED, State.DEAD, State.CANCELLED} else ""
    tail += left_out_line(view.left_out)
    tail += "\n_Said again, since Slack did not confirm the first time._" if repeated else ""
    lines = [_line(m, view, web_url) for m in _urgent_first(view)]
    return _whole(view, head(view, web_url), lines, tail)


def left_out_line(left_out: Sequence[str]) -> str:
    """What the template has and no copy will, on a line of its own; nothing where that is nothing."""
    told = "; ".join(_fit(escape(one), _MAX_NOTE) for one in left_out)
    return f"\n:memo: Not copied: {told}." if told else ""


# ---------------------------------------------------------------------------------------- head and tail


def _done_head(view: RequestView, web_url: str) -> str:
    told = done_words(view)
    if told:
        by = f", as {_fit(told.by, _MAX_NAME)} asked" if told.by else ""
        return f":white_check_mark: {_source(view, web_url)}: {told.what}{by}{_again(view)}."
    where = _count(len(view.migrations), "repository", "repositories")
    return (
        f":white_check_mark: {_source(view, web_url)}: done{_again(view)},"
        f" {_count(view.tickets, 'ticket')}{_portion(view)} for {where}."
    )


def _failed_head(view: RequestView, web_url: str) -> str:
    failed = sum(m.state is not State.DONE for m in view.migrations)
    return f":x: {_source(view, web_url)}: {failed} of {_targets(view)} failed{_again(view)}{_rest(view)}."


def _rest(view: RequestView) -> str:
    done = _how_many_done(view)
    return f", {done} done" if done else ""


def _skipped_head(view: RequestView, web_url: str) -> str:
    return (
        f":information_source: {_source(view, web_url)} has no open tickets{_portion(view, 'in')}:"
        f" nothing was copied{_again(view)}."
    )


def _dead_head(view: RequestView, web_url: str) -> str:
    reason = _reason(view.reason) or "no reason is known"
    return f":x: {_source(view, web_url)}: nothing was copied{_again(view)}. {reason}"


def _cancelled_head(view: RequestView, web_url: str) -> str:
    who = f" by {_fit(view.cancelled_by, _MAX_NAME)}" if view.cancelled_by else ""
    done = _how_many_done(view)
    whole = f" {done} of {_targets(view)} done." if done else ""
    return f":octagonal_sign: {_source(view, web_url)}: cancelled{who}{_again(view)}.{whole}"


_HEADS: Final[dict[State, Callable[[RequestView, str], str]]] = {
    State.DONE: _done_head,
    State.FAILED: _failed_head,
    State.SKIPPED: _skipped_head,
    State.DEAD: _dead_head,
    State.CANCELLED: _cancelled_head,
}


def _advice(view: RequestView) -> str:
    request = _id(view)
    return (
        f"\nWhat to do: `monarch dead list --request {request}` lists what was given up;"
        f" once it is put right, `monarch dead replay --request {request}` goes on with it"
        " (what is already there is not copied twice)."
    )


def _progress(view: RequestView) -> str:
    done, failed = _how_many_done(view), sum(m.state is State.DEAD for m in view.migrations)
    so_far = f"{done} of {_targets(view)} done" if done else f"0 of {_targets(view)} finished"
    return so_far + (f", {failed} failed" if failed else "")


def _how_many_done(view: RequestView) -> int:
    return sum(m.state is State.DONE for m in view.migrations)


def _targets(view: RequestView) -> str:
    return _count(len(view.migrations), "target")


def _again(view: RequestView) -> str:
    return f" (run {view.run})" if view.run > 1 else ""


# --------------------------------------------------------------------------------- a line for each target


def _urgent_first(view: RequestView) -> list[MigrationView]:
    """What needs a person comes first, so that cutting leaves it; otherwise the request's order."""
    return sorted(
        view.migrations, key=lambda m: (m.state is not State.DEAD, not m.strays, not m.notes)
    )


def _line(migration: MigrationView, view: RequestView, web_url: str) -> str:
    name = _link(migration.target, web_url, "/issues")
    stand = _stand(migration, view, web_url)
    return f"• {name}: {stand}{_strays(migration, web_url)}{_notes(migration)}"


def _stand(migration: MigrationView, view: RequestView, web_url: str) -> str:
    reason = _reason(migration.reason)
    match migration.state:
        case State.DONE:
            if migration.acted:
                return _acted(migration, web_url)
            return _done(migration, view.tickets)
        case State.CANCELLED:
            return f"*cancelled*, {_so_far(migration, view)}"
        case State.DEAD | State.FAILED:
            return f"*failed*, {_so_far(migration, view)}. {reason or 'No reason is known.'}"
        case State.PARKED:
            return f"waiting, {_so_far(migration, view)}" + (f". {reason}" if reason else "")
        case State.RUNNING:
            return f"running, {_so_far(migration, view)}"
        case State.QUEUED | State.SKIPPED:
            return migration.state.value
        case _:
            assert_never(migration.state)


def _done(migration: MigrationView, tickets: int) -> str:
    copied, present = migration.copied, migration.present
    gone = tickets - copied - present
    if gone > 0:
        return (
            f"done, {copied} copied, {present} already there;"
            f" {_count(gone, 'copy', 'copies')} deleted by a person and not made again"
        )
    if not present:
        return f"all {_count(copied, 'ticket')} copied"
    if not copied:
        return f"all {present} were already there"
    return (
        f"all {_count(copied + present, 'ticket')} there: {copied} copied, {present} already there"
    )


def _acted(migration: MigrationView, web_url: str) -> str:
    """What an act has changed, and what it left to people, each with its address."""
    told = migration.left[:_MAX_LEFT]
    named = [f"{_issue(migration.target, one.number, web_url)} ({one.why})" for one in told]
    more = len(migration.left) - len(told)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    left = f"; left, since people have touched them: {listed}" if listed else ""
    return f"{act_words(migration)}{left}"


def _so_far(migration: MigrationView, view: RequestView) -> str:
    there = migration.copied + migration.present
    refused = f", {migration.refused} refused" if migration.refused else ""
    deleted = f", {migration.deleted} deleted by a person" if migration.deleted else ""
    return f"{there} of {_count(view.tickets, 'ticket')} there{refused}{deleted}"


def _strays(migration: MigrationView, web_url: str) -> str:
    """Second copies, each with its address: only a person may close an issue of a team."""
    if not migration.strays:
        return ""
    named = [_issue(migration.target, n, web_url) for n in migration.strays[:_MAX_STRAYS]]
    more = len(migration.strays) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    noun = "a second copy" if len(migration.strays) == 1 else "second copies"
    return f" :warning: Please close {listed}: {noun} of a ticket."


def _notes(migration: MigrationView) -> str:
    """What people should know and fails nothing, shortly: all of it is in `monarch show`."""
    if not migration.notes:
        return ""
    told = [_fit(note, _MAX_NOTE) for note in migration.notes[:_MAX_NOTES]]
    more = len(migration.notes) - len(told)
    return " :memo: " + "; ".join(told) + (f" (and {more} more)" if more else "")


# ------------------------------------------------------------------------------------------ small parts


def _whole(view: RequestView, head: str, lines: list[str], tail: str) -> str:
    """Put a text together; lines that do not fit are counted instead of told."""
    everything = "\n".join([head, *lines]) + tail
    if _length(everything) <= MAX_TEXT:
        return everything
    room = MAX_TEXT - _length(head + tail + _more(view, len(lines)))
    ends = accumulate(_length(line) + 1 for line in lines)
    told = sum(end <= room for end in ends)
    return "\n".join([head, *lines[:told]]) + _more(view, len(lines) - told) + tail


def _more(view: RequestView, lines: int) -> str:
    return f"\n… and {lines} more, see `monarch show {_id(view)}`"


def _length(text: str) -> int:
    """In UTF-16 units, which is never less than what Slack can count."""
    return len(text.encode("utf-16-le")) // 2


def _id(view: RequestView) -> str:
    return _fit(view.id.replace("`", "'"), 60)


def _reason(text: str) -> str:
    said = _fit(text, _MAX_REASON)
    return said if not said or said.endswith((".", "…", "!", "?")) else said + "."


def _portion(view: RequestView, word: str = "of") -> str:
    """Which part of the template is meant; `""` for all of it."""
    words = milestones_words(view.portion)
    return f" {word} {_fit(words, _MAX_NAME)}" if words else ""


def _source(view: RequestView, web_url: str) -> str:
    return _link(view.source, web_url) if view.source else "A message that names no source"


def _link(name: str, web_url: str, page: str = "") -> str:
    """A link to a repository; what cannot be one is only named."""
    address = _address(name, web_url)
    return f"<{address}{page}|{name}>" if address else _fit(name, _MAX_NAME) or "(no name)"


def _issue(target: str, number: int, web_url: str) -> str:
    address = _address(target, web_url)
    return f"<{address}/issues/{number}|#{number}>" if address else f"#{number}"


def _address(name: str, web_url: str) -> str:
    """The page of a repository; `""` for what cannot be one (a refused target is kept as spelled)."""
    try:
        return f"{web_url.rstrip('/')}/{RepoRef(*name.split('/')).full_name}"
    except (BadRef, TypeError):
        return ""


def _fit(text: str, limit: int) -> str:
    """Escape text from outside and cut it at `limit` units, never within an entity."""
    return _taken(map(escape, quote(text, limit)), limit, _length)


def _taken(parts: Iterable[str], limit: int, length: Callable[[str], int]) -> str:
    kept: list[str] = []
    for part in parts:
        if length(part) > limit - 1:
            return "".join(kept) + "…"
        limit -= length(part)
        kept.append(part)
    return "".join(kept)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
