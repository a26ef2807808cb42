"""`pause`, `resume`, `cancel`, `first`: what people do to running work. Each says what happens now, and what goes on."""

from typing import TYPE_CHECKING, Final, TypeVar

from monarch.cli.calling import changed, fail, operate, unknown_request
from monarch.cli.choice import actor, request_id
from monarch.cli.terminal.printing import age, clean, say, show_json
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.telemetry.obstacles import obstacles

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.core.ids import RequestId
    from monarch.ports import Cancelling, NotDone, Paused
    from monarch.ports.hands import PutFirst
    from monarch.telemetry import AccountSnapshot, Snapshot

T = TypeVar("T")

_STATUS: Final = "`monarch status`"


def _show(request: "RequestId") -> str:
    return f"`monarch show {request}`"


def pause_fleet(by: str | None, *, as_json: bool) -> None:
    """Stop all workers from taking on new work. An existing pause is not a failure."""
    name = actor(by)

    async def work(person: "Operator") -> "tuple[Paused, Snapshot]":
        paused = await changed("pause", _STATUS, person.hands.pause(name))
        return paused, await person.standing.snapshot()

    paused, snapshot = operate(work)
    in_hand, waiting = snapshot.work
    if as_json:
        numbers = {"in_hand": in_hand, "waiting": waiting}
        show_json({"paused": True, "changed": paused.changed, "by": paused.by, **numbers})
        return
    by_whom = clean(paused.by)
    if paused.changed:
        word, from_when = "paused", "within 3 s nothing new is begun any more,"
    else:
        word, from_when = "was paused already,", "nothing new is begun"
    say(f"{word} by {by_whom}: {from_when} until `monarch resume`")
    say(f"in hand, and runs on to its end: {in_hand}; waits, with all that comes in: {waiting}")


def resume_fleet(by: str | None, *, as_json: bool) -> None:
    """Let the fleet go on. A running fleet is not a failure."""
    name = actor(by)

    async def work(person: "Operator") -> "tuple[Paused, Snapshot]":
        paused = await changed("resume", _STATUS, person.hands.resume(name))
        return paused, await person.standing.snapshot()

    paused, snapshot = operate(work)
    if as_json:
        show_json({"paused": False, "changed": paused.changed, "by": paused.by})
    elif paused.changed:
        _, waiting = snapshot.work
        is_shut = _shut(snapshot) is not None
        goes_on = "waits" if is_shut or obstacles(snapshot) else "waited, and goes on now"
        say(f"resumed (it was paused by {clean(paused.by)}); {goes_on}: {waiting}")
        if is_shut and waiting:
            say(f"it goes on {_when(snapshot)}")
    else:
        say("it was not paused")
    tell_obstacles(snapshot)


def cancel_request(request: str, by: str | None, *, as_json: bool) -> None:
    """Cancel a request. An ended or unknown one is a failure that says what to do."""
    name, known = actor(by), request_id(request)

    async def work(person: "Operator") -> "tuple[Cancelling | NotDone, Snapshot]":
        answer = await changed("cancel", _show(known), person.hands.cancel(known, name))
        return answer, await person.standing.snapshot()

    answer, snapshot = operate(work)
    done = _done(answer, known)
    if as_json:
        show_json({"request": known, "by": name, "targets": done.targets})
        return
    say(f"cancelled by {name}: {_left(done.targets)}")
    say("what is done stays, a write that is under way is finished, nothing more is written")
    _tell_what_stops(snapshot, "ends")
    say(f"`monarch dead replay --request {known}` undoes it once it has ended")


def _shut(snapshot: "Snapshot") -> "AccountSnapshot | None":
    """The account whose gate stays closed the longest; `None`: all are open."""
    shut = max(snapshot.accounts, key=lambda one: one.gate_closed_s, default=None)
    return shut if shut and shut.gate_closed_s else None


def _when(snapshot: "Snapshot") -> str:
    """When work that is tried at once may ask GitHub."""
    shut = _shut(snapshot)
    if shut is None:
        return "at once"
    cause = f" ({clean(shut.gate_cause)})" if shut.gate_cause else ""
    return f"when GitHub may be asked again, in {age(shut.gate_closed_s)}{cause}"


def _tell_what_stops(snapshot: "Snapshot", does: str) -> None:
    """Say until when it will not happen: `does` is what the request does then."""
    if snapshot.paused_by:
        say(f"the fleet is paused by {clean(snapshot.paused_by)}: it {does} after `monarch resume`")
    else:
        tell_obstacles(snapshot)


def _done(answer: "T | NotDone", request: str) -> "T":
    from monarch.ports import NotDone  # noqa: PLC0415 - lazily

    if isinstance(answer, NotDone):
        advice = None if answer.is_unknown else f"see `monarch show {clean(request)}`"
        fail(f"{clean(answer.reason)}; nothing was changed", advice=advice)
    return answer


def _left(targets: int) -> str:
    """What ends by the cancel; a request has no targets of its own before it is planned."""
    return f"{_count(targets)} had not ended" if targets else "it was not planned yet"


def _count(targets: int) -> str:
    return f"{targets} target" if targets == 1 else f"{targets} targets"


def try_at_once(request: str, by: str | None, *, as_json: bool) -> None:
    """Try now what the request would try later. If nothing of it waits that is not a failure."""
    from monarch.ports.hands import NotDone  # noqa: PLC0415 - lazily

    name, known = actor(by), request_id(request)

    async def work(person: "Operator") -> "tuple[int | NotDone, Snapshot]":
        answer = await changed("try", _show(known), person.hands.hurry(known, name))
        return answer, await person.standing.snapshot()

    answer, snapshot = operate(work)
    if isinstance(answer, NotDone) and answer.is_unknown:
        unknown_request(known)
    pieces = _done(answer, known)
    if as_json:
        show_json({"request": known, "by": name, "tried": pieces})
        return
    if pieces:
        what = "1 piece of work is" if pieces == 1 else f"{pieces} pieces of work are"
        say(f"{what} tried {_when(snapshot)}: see `monarch show {known}`")
    else:
        say(
            "nothing of it waits for a later time: what is queued is begun in its turn, and what is in hand goes on by itself"
        )
    _tell_what_stops(snapshot, "begins")


def put_first(request: str, by: str | None, *, as_json: bool) -> None:
    """Put a request first. If it is first already that is not a failure; if it has ended it is one."""
    name, known = actor(by), request_id(request)

    async def work(person: "Operator") -> "tuple[PutFirst | NotDone, Snapshot | None]":
        answer = await changed("first", _show(known), person.hands.first(known, name))
        return answer, await standing_beside(person)

    answer, snapshot = operate(work)
    first = _done(answer, known)
    if as_json:
        show_json({"request": known, "by": first.by, "changed": first.changed})
        return
    word = "put first" if first.changed else "was put first already,"
    say(
        f"{word} by {clean(first.by)}: its writes go before those of other requests until it has ended"
    )
    tell_obstacles(snapshot)
