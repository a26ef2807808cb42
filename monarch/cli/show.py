"""`requests` and `show`: what was asked for, and its progress. Nothing here changes anything."""

import time
from typing import TYPE_CHECKING, Final

from monarch.cli.after.telling import print_acts
from monarch.cli.calling import fail, nothing, operate, refuse_word, unknown_request
from monarch.cli.choice import hint_of, request_id, sought
from monarch.cli.terminal.ending import not_posted
from monarch.cli.terminal.most import tell_cut
from monarch.cli.terminal.printing import (
    age,
    alarm,
    clean,
    moment,
    say,
    show_facts,
    show_json,
    show_table,
)
from monarch.cli.terminal.tables import number, reason, word
from monarch.cli.terminal.troubles import tell_obstacles
from monarch.core.budget.forecast import in_words, sharing_words
from monarch.core.card.view import unanswered
from monarch.core.ids import RequestId
from monarch.core.portions.sentences import portion_facts
from monarch.core.report.summary import OF_REQUESTS, State, state_named, why_without_targets
from monarch.ports.readings import LOST
from monarch.web.documents import request_document

if TYPE_CHECKING:
    from monarch.adapters.valkey.views.sought import Sought
    from monarch.app.operator import Operator
    from monarch.cli.terminal.most import Most
    from monarch.core.budget.forecast import Forecast
    from monarch.core.report.summary import MigrationView
    from monarch.ports.readings import MigrationTimes, RequestDetails, RequestLine
    from monarch.telemetry import Snapshot


def show_requests(
    most: "Most",
    state: str | None,
    source: str | None,
    target: str | None,
    since: str | None,
    *,
    as_json: bool,
) -> None:
    """Show the newest requests that match all given filters."""
    chosen = sought(_state(state), source, target, since)

    async def work(person: "Operator") -> "tuple[tuple[RequestLine, ...], Snapshot]":
        lines = await person.reader.requests(most.asked, chosen)
        return await person.reader.with_failed(lines), await person.standing.snapshot()

    found, snapshot = operate(work)
    lines = found[: most.number]
    if as_json:
        show_json(lines)
    else:
        empty = nothing(_none_of(chosen), "known", "request", "requests")
        show_table(_REQUEST_COLUMNS, map(_request_row, lines), empty=empty)
    tell_cut(found, most)
    tell_obstacles(snapshot)


_REQUEST_COLUMNS = (
    *map(word, ("request", "state", "source")),
    *map(number, ("tickets", "targets", "failed", "open", "age", "next")),
    reason("reason"),
)


def _none_of(chosen: "Sought") -> str:
    """What an empty listing says."""
    wishes = {
        "that are {}": chosen.state,
        "of the source {}": chosen.source,
        "with the target {}": chosen.target,
        "since {}": moment(chosen.since_ms) if chosen.since_ms else None,
    }
    words = [form.format(clean(wish)) for form, wish in wishes.items() if wish]
    hint = " ".join(["no requests", *words])
    return hint + hint_of(chosen.target)


def _state(name: str | None) -> State | None:
    if name is None:
        return None
    found = state_named(name)
    if found not in OF_REQUESTS:
        refuse_word("--state", "one of", OF_REQUESTS, name)
    return found


def _request_row(line: "RequestLine") -> tuple[object, ...]:
    since = age(max(0.0, time.time() - line.appended_ms / 1000))
    return (
        line.id,
        line.state.value,
        line.source,
        line.tickets,
        line.targets,
        line.failed,
        line.unsettled,
        since,
        _until(line.next_ms),
        line.reason,
    )


def show_request(request: str, *, as_json: bool) -> None:
    """Show one request with all its targets; `last` is the newest one."""
    named = request.strip() != LAST
    if named:
        request_id(request)

    async def work(
        person: "Operator",
    ) -> "tuple[RequestDetails | None, Forecast | None, Snapshot]":
        known = request_id(request) if named else await _newest(person)
        return (
            await person.reader.request(known),
            await person.outlook.forecast(known),
            await person.standing.snapshot(),
        )

    details, forecast, snapshot = operate(work)
    if details is None and not named:
        fail(nothing("there is no request yet", "known", "request", "requests"))
    if details is None:
        unknown_request(request)
    if as_json:
        show_json(request_document(details, forecast))
    else:
        _print_request(details, forecast)
    if not details.view.has_ended:
        tell_obstacles(snapshot)


LAST: Final = "last"
"""Stands for the newest request."""


async def _newest(person: "Operator") -> RequestId:
    lines = await person.reader.requests(1)
    return lines[0].id if lines else RequestId("0-0")


def _print_request(details: "RequestDetails", forecast: "Forecast | None") -> None:
    show_facts(_request_facts(details, forecast))
    print()
    counts = map(number, ("copied", "present", "refused", "strays", "tries", "next"))
    columns = (word("target"), word("state"), *counts, reason("reason"))
    times = {one.target: one for one in details.times}
    rows = [_migration_row(m, times.get(m.target)) for m in details.view.migrations]
    rows += [(target, "unknown", *("-" for _ in range(6)), LOST) for target in details.lost]
    show_table(columns, rows, empty=why_without_targets(details.view.state) or "no targets")
    if any(one.acted for one in details.view.migrations):
        print()
    print_acts(details.view.migrations)
    for one in details.view.migrations:
        if one.deleted:
            say(
                f"note on {clean(one.target)}: {one.deleted} deleted or moved away by a person, not made again"
            )
        for note in one.notes:
            say(f"note on {clean(one.target)}: {clean(note)}")


def _migration_row(
    migration: "MigrationView", times: "MigrationTimes | None"
) -> tuple[object, ...]:
    return (
        migration.target,
        migration.state.value,
        migration.copied,
        migration.present,
        migration.refused,
        " ".join(f"#{n}" for n in migration.strays),
        1 if times is None else times.attempts + 1,
        "" if times is None else _until(times.next_ms),
        migration.reason or (_last_error(times) if times else ""),
    )


def _last_error(times: "MigrationTimes") -> str:
    """While it is tried again: what went wrong before."""
    if not times.error or times.ended_ms:
        return ""
    ago = age(max(0.0, time.time() - (times.error_ms or 0) / 1000))
    return f"failed {ago} ago: {times.error}"


def _until(next_ms: int | None) -> str:
    """In how long parked work goes on; `""` if it is not parked."""
    return "" if next_ms is None else f"in {age(max(0.0, next_ms / 1000 - time.time()))}"


def _slack(details: "RequestDetails") -> str:
    """Why its channel does not show what it should; `""` if it does, or nothing has failed."""
    if details.notice_error:
        return details.notice_error
    return unanswered(details.card) if details.failing_notice is None else not_posted(details)


def _request_facts(details: "RequestDetails", forecast: "Forecast | None") -> dict[str, object]:
    view, words = details.view, in_words(forecast)
    return {
        "request": view.id,
        "state": view.state.value,
        **({"cancelled by": view.cancelled_by} if view.cancelled_by else {}),
        **({"put first by": view.first_by} if view.first_by else {}),
        **({"paused by": view.paused_by} if view.paused_by and not view.has_ended else {}),
        "reason": f"{details.code}: {view.reason}" if details.code else view.reason,
        "source": view.source,
        **portion_facts(view.portion, view.appended_ms),
        "tickets": view.tickets,
        **({"not copied": "; ".join(view.left_out)} if view.left_out else {}),
        "channel": view.channel,
        "cohort": details.cohort or "-",
        "came by": details.via,
        **({"asked by": details.asked_by} if details.asked_by else {}),
        "run": view.run,
        "appended": moment(view.appended_ms),
        "planned": moment(details.planned_ms),
        "ended": moment(view.ended_ms),
        **({"next try": moment(details.next_ms)} if details.next_ms else {}),
        **({"slack": alarm(slack)} if (slack := _slack(details)) else {}),
        **({"forecast": words} if words else {}),
        **({"share": sharing_words(forecast)} if forecast and forecast.sharing else {}),
    }
