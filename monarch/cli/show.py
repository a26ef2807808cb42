"""`status`, `requests`, `show`, `events`: what people look at. Nothing here changes anything."""

import sys
import time
from typing import TYPE_CHECKING, Final

from monarch.cli.after.telling import print_acts
from monarch.cli.calling import WRONG, end_if_interrupted, fail, operate
from monarch.cli.choice import request_id
from monarch.cli.terminal.printing import (
    age,
    alarm,
    clean,
    doubt,
    got,
    moment,
    say,
    show_facts,
    show_json,
    show_table,
)
from monarch.cli.terminal.tables import number, reason, word
from monarch.cli.terminal.troubles import obstacle_line, tell_obstacles
from monarch.core.budget.forecast import in_words, sharing_words
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.portions.words import portion_facts
from monarch.core.report.summary import State
from monarch.telemetry.obstacles import obstacles
from monarch.web.documents import request_document, status_document, workers_document

if TYPE_CHECKING:
    from monarch.app.operator import (
        Forecast,
        MigrationTimes,
        Operator,
        RequestDetails,
        RequestLine,
        WorkerLine,
    )
    from monarch.core.report.summary import MigrationView
    from monarch.telemetry import AccountSnapshot, Snapshot

# ------------------------------------------------------------------------------------------ status


WATCHED_S: Final = 2.0
"""How often `status --watch` looks."""


def show_status(*, watch: bool, as_json: bool) -> None:
    """Show how the fleet stands; with `watch` again and again."""

    async def work(person: "Operator") -> None:
        _show_snapshot(await person.standing.snapshot(), as_json=as_json)
        while watch:
            await _show_later(person, as_json=as_json)

    operate(work)


async def _show_later(person: "Operator", *, as_json: bool) -> None:
    """Once more, in the place of what was there; a Valkey that is away is told of, and asked again."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    end_if_interrupted()
    await anyio.sleep(WATCHED_S)
    try:
        snapshot = await person.standing.snapshot()
    except StoreError as error:
        print(f"Valkey does not answer ({clean(error)}); waiting", file=sys.stderr, flush=True)
        return
    # Home, and nothing below; a pipe gets one after the other.
    print(end="\x1b[H\x1b[J" if sys.stdout.isatty() else "\n" * (not as_json))
    _show_snapshot(snapshot, as_json=as_json)


def _show_snapshot(snapshot: "Snapshot", *, as_json: bool) -> None:
    if as_json:
        show_json(status_document(snapshot))
    else:
        _print_snapshot(snapshot)
    sys.stdout.flush()


def _print_snapshot(snapshot: "Snapshot") -> None:
    show_facts(_fleet_facts(snapshot))
    for one in obstacles(snapshot):
        say(f"! {obstacle_line(one)}")
    print()
    columns = (word("stream"), *map(number, ("length", "waiting", "oldest", "held", "oldest held")))
    rows = [
        (
            s.stream.value,
            s.length,
            s.undelivered + s.released,
            _since(s.oldest_undelivered_s),
            s.pending - s.released,
            _since(s.oldest_pending_s),
        )
        for s in snapshot.streams
    ]
    show_table(columns, rows, empty="no streams")
    if snapshot.accounts:
        print()
        _show_accounts(snapshot.accounts)


def _fleet_facts(snapshot: "Snapshot") -> dict[str, object]:
    replicas = "not said" if snapshot.replicas is None else snapshot.replicas
    unheard = snapshot.replicas == 0
    due = snapshot.next_due_s
    soon = "" if due is None else f", the next is due in {age(max(0.0, due))}"
    return {
        "fleet": _fleet(snapshot),
        "workers": snapshot.workers,
        "subscribed": alarm(replicas, when=unheard),
        "requests": snapshot.requests,
        "parked": f"{snapshot.parked}{soon}",
        "dead letters": alarm(snapshot.dead, when=snapshot.dead > 0),
        **(
            {"missed": doubt(f"{snapshot.missed}: see `monarch missed`")} if snapshot.missed else {}
        ),
        **({"unreadable": doubt(_newer(snapshot.newer))} if snapshot.newer else {}),
        "epoch": snapshot.epoch,
    }


def _newer(entries: int) -> str:
    what = "entry" if entries == 1 else "entries"
    return f"{entries} {what} of a newer version: newer workers take them"


def _fleet(snapshot: "Snapshot") -> object:
    if snapshot.paused:
        return doubt(f"paused by {snapshot.paused_by}")
    return "running" if snapshot.workers else alarm("no workers")


def _show_accounts(accounts: "tuple[AccountSnapshot, ...]") -> None:
    counts = map(number, ("written/min", "left/min", "written/h", "left/h"))
    columns = (word("account"), *counts, word("learned"), word("gate"), reason("cause"))
    rows = [
        (
            a.account,
            a.written_minute,
            a.minute_left,
            a.written_hour,
            a.hour_left,
            _learned(a),
            _gate(a),
            a.gate_cause if a.gate_closed_s else "",
        )
        for a in accounts
    ]
    show_table(columns, rows, empty="no accounts")


def _learned(account: "AccountSnapshot") -> str:
    """What GitHub's hidden limits are believed to be."""
    told = {"min": account.minute_learned, "h": account.hour_learned}
    return ", ".join(f"{ceiling}/{window}" for window, ceiling in told.items() if ceiling) or "-"


def _gate(account: "AccountSnapshot") -> object:
    if not account.gate_closed_s:
        return "open"
    return alarm(f"closed for {age(account.gate_closed_s)}")


def _since(seconds: float) -> str:
    return age(seconds or None)


# ----------------------------------------------------------------------------------------- workers

SILENT_S: Final = 10.0
"""A worker asks for work every two seconds."""


def show_workers(*, as_json: bool) -> None:
    """Show who works; one that said nothing for a while may be stuck, or dead."""

    async def work(person: "Operator") -> "tuple[tuple[WorkerLine, ...], Snapshot]":
        return await person.workers(), await person.standing.snapshot()

    lines, snapshot = operate(work)
    if as_json:
        show_json(workers_document(lines))
    else:
        columns = (
            *map(word, ("worker", "host")),
            *map(number, ("pid", "last sign", *Stream)),
            reason("targets"),
        )
        show_table(columns, [_worker_row(one) for one in lines], empty="no workers")
    tell_obstacles(snapshot)


def _worker_row(one: "WorkerLine") -> tuple[object, ...]:
    sign = doubt(f"{age(one.silent_s)} ago", when=one.silent_s > SILENT_S)
    held = (one.held.get(stream, 0) for stream in Stream)
    return one.name, one.host, one.pid, sign, *held, ", ".join(one.targets)


# ---------------------------------------------------------------------------------------- requests


def show_requests(limit: int, state: str | None, *, as_json: bool) -> None:
    """Show the newest requests."""
    chosen = _state(state)

    async def work(person: "Operator") -> "tuple[tuple[RequestLine, ...], Snapshot]":
        return await person.reader.requests(limit, chosen), await person.standing.snapshot()

    lines, snapshot = operate(work)
    if as_json:
        show_json(lines)
    else:
        rows = [_request_row(line) for line in lines]
        which = "no requests" if chosen is None else f"no requests that are {chosen}"
        show_table(_REQUEST_COLUMNS, rows, empty=which)
    tell_obstacles(snapshot)


_REQUEST_COLUMNS = (
    *map(word, ("request", "state", "source")),
    *map(number, ("tickets", "targets", "open", "age", "next")),
    reason("reason"),
)


def _state(name: str | None) -> State | None:
    try:
        found = None if name is None else State(name)
    except ValueError:
        found = State.PARKED
    if (
        found is State.PARKED
    ):  # a request is queued while it is parked; only migrations are called so
        known = ", ".join(state for state in State if state is not State.PARKED)
        fail(f"--state should be one of {known}, not {got(name or '')}", WRONG)
    return found


def _request_row(line: "RequestLine") -> tuple[object, ...]:
    since = age(max(0.0, time.time() - line.appended_ms / 1000))
    return (
        line.id,
        line.state.value,
        line.source,
        line.tickets,
        line.targets,
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
        fail("there is no request yet")
    if details is None:
        fail(f"no request {clean(request)} is known: it has expired, or see `monarch requests`")
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
    show_table(columns, rows, empty="no targets")
    print_acts(details.view.migrations)
    for one in details.view.migrations:
        if one.deleted:
            say(f"note on {clean(one.target)}: {one.deleted} deleted by a person, not made again")
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
    """In how long parked work goes on; `""` for what is not parked."""
    return "" if next_ms is None else f"in {age(max(0.0, next_ms / 1000 - time.time()))}"


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
        "run": view.run,
        "appended": moment(view.appended_ms),
        "planned": moment(details.planned_ms),
        "ended": moment(view.ended_ms),
        **({"next try": moment(details.next_ms)} if details.next_ms else {}),
        **({"slack": alarm(details.notice_error)} if details.notice_error else {}),
        **({"forecast": words} if words else {}),
        **({"share": sharing_words(forecast)} if forecast and forecast.sharing else {}),
    }
