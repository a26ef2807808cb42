"""`status` and `workers`: the fleet as it is now. Nothing here changes anything."""

import sys
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import end_if_interrupted, operate
from monarch.cli.terminal.away import Away
from monarch.cli.terminal.printing import (
    age,
    alarm,
    doubt,
    moment,
    say,
    show_facts,
    show_json,
    show_table,
)
from monarch.cli.terminal.tables import number, reason, word
from monarch.cli.terminal.troubles import obstacle_line, tell_obstacles, told_obstacles
from monarch.core.delivery import Stream
from monarch.telemetry.snapshot import LOST_MEMORY
from monarch.web.documents import status_document, workers_document

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.ports.readings import WorkerLine
    from monarch.telemetry import AccountSnapshot, Snapshot

WATCHED_S: Final = 2.0
"""How often `status --watch` looks, in seconds."""


def show_status(*, watch: bool, as_json: bool) -> None:
    """Show the state of the fleet; with `watch` again and again."""

    async def work(person: "Operator") -> None:
        # Several documents in a row are not one JSON document, so each is a line.
        indent = None if watch else 2
        _show_snapshot(await person.standing.snapshot(), as_json=as_json, indent=indent)
        away = Away("waiting")
        while watch:
            await _show_later(person, away, as_json=as_json)

    operate(work)


async def _show_later(person: "Operator", away: Away, *, as_json: bool) -> None:
    """Show it again in the same place; if Valkey cannot be asked, say so once for each cause, and ask again."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    end_if_interrupted()
    await anyio.sleep(WATCHED_S)
    try:
        snapshot = await person.standing.snapshot()
    except StoreError as error:
        away.missed(error)
        return
    away.ended()
    if not as_json:
        # Cursor home, and clear what is below; a pipe gets one after the other.
        print(end="\x1b[H\x1b[J" if sys.stdout.isatty() else "\n")
    _show_snapshot(snapshot, as_json=as_json, indent=None)


def _show_snapshot(snapshot: "Snapshot", *, as_json: bool, indent: int | None) -> None:
    if as_json:
        show_json(status_document(snapshot), indent=indent)
    else:
        _print_snapshot(snapshot)
    sys.stdout.flush()


def _print_snapshot(snapshot: "Snapshot") -> None:
    show_facts(_fleet_facts(snapshot))
    for one in told_obstacles(snapshot):
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
        "workers": doubt("cannot be read") if snapshot.hides_workers else snapshot.workers,
        "subscribed": alarm(replicas, when=unheard),
        "requests": _counted(snapshot, "known", snapshot.requests),
        "parked": _counted(snapshot, "parked", f"{snapshot.parked}{soon}"),
        "dead letters": _counted(snapshot, "dead", alarm(snapshot.dead, when=snapshot.dead > 0)),
        **(
            {"missed": doubt(f"{snapshot.missed}: see `monarch missed`")} if snapshot.missed else {}
        ),
        **({"unreadable": doubt(_newer(snapshot.newer))} if snapshot.newer else {}),
        "epoch": snapshot.epoch,
        **({"memory": alarm(_lost(snapshot.lost_ms))} if snapshot.lost_ms else {}),
    }


def _lost(lost_ms: int) -> str:
    return f"lost {moment(lost_ms)}: {LOST_MEMORY}"


def _counted(snapshot: "Snapshot", name: str, found: object) -> object:
    """What was counted in the key of this name; that it cannot be read is not 0."""
    return doubt("cannot be read") if snapshot.is_unread(name) else found


def _newer(entries: int) -> str:
    what = "entry" if entries == 1 else "entries"
    return f"{entries} {what} of a newer version: newer workers take them"


def _fleet(snapshot: "Snapshot") -> object:
    if snapshot.paused and not snapshot.paused_by:
        return doubt("cannot be read")
    if snapshot.paused:
        return doubt(f"paused by {snapshot.paused_by}")
    if snapshot.hides_workers:
        return doubt("cannot be read")
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
    """Our estimate of GitHub's hidden limits."""
    learned = {"min": account.minute_learned, "h": account.hour_learned}
    return ", ".join(f"{ceiling}/{window}" for window, ceiling in learned.items() if ceiling) or "-"


def _gate(account: "AccountSnapshot") -> object:
    if not account.gate_closed_s:
        return "open"
    return alarm(f"closed for {age(account.gate_closed_s)}")


def _since(seconds: float) -> str:
    return age(seconds or None)


# ----------------------------------------------------------------------------------------- workers

SILENT_S: Final = 10.0
"""A worker that was silent for longer, in seconds, may be stuck: it asks for work every 3 s at least."""


def show_workers(*, as_json: bool) -> None:
    """Show the workers; one that was silent for a while may be stuck, or dead."""

    async def work(person: "Operator") -> "tuple[tuple[WorkerLine, ...], Snapshot]":
        return await person.workers(), await person.standing.snapshot()

    lines, snapshot = operate(work)
    if as_json:
        show_json(workers_document(lines))
    else:
        columns = (
            *map(word, ("worker", "host", "version")),
            *map(number, ("pid", "last sign", *Stream)),
            reason("targets"),
        )
        show_table(columns, [_worker_row(one) for one in lines], empty="no workers")
    tell_obstacles(snapshot)


def _worker_row(one: "WorkerLine") -> tuple[object, ...]:
    sign = doubt(f"{age(one.silent_s)} ago", when=one.silent_s > SILENT_S)
    held = (one.held.get(stream, 0) for stream in Stream)
    return one.name, one.host, one.version or "-", one.pid, sign, *held, ", ".join(one.targets)
