"""`verify`: what the targets hold of a request, and with `--heal` the request to make it whole again."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import typer

from monarch.cli.calling import (
    FAILED,
    OUT_OF_SIGHT,
    WRONG,
    changed,
    end_if_interrupted,
    fail,
    failures_reported,
    operate,
    settings,
)
from monarch.cli.choice import actor, request_id
from monarch.cli.follow import follow, judge
from monarch.cli.plan import ranges
from monarch.cli.terminal.away import AGAIN_S, Away
from monarch.cli.terminal.followed import Followed, healing
from monarch.cli.terminal.output import note_done
from monarch.cli.terminal.printing import clean, say, show_facts, show_json, show_table
from monarch.cli.terminal.readings import readings
from monarch.cli.terminal.tables import number, word
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.core.copy.notes import renamed
from monarch.core.ids import RequestId
from monarch.core.report.summary import ENDS, State
from monarch.core.report.verification import COUNTED, SIGNS, Mark

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.app.verify import TargetReport, Unverifiable, Verified
    from monarch.core.report.verification import Finding
    from monarch.ports import Healing
    from monarch.ports.readings import RequestDetails
    from monarch.settings import Settings
    from monarch.telemetry import Snapshot


def verify_request(request: str, by: str | None, *, heal: bool, wait: bool, as_json: bool) -> None:
    """Show what is there; fails if something is missing or doubled and no healing was submitted for it."""
    if wait and not heal:
        fail("--wait follows what --heal submits", WRONG, advice="give both")
    if by is not None and not heal:
        fail("--by names who heals", WRONG, advice="give --heal, too")
    from monarch.app.verify import verified_document  # noqa: PLC0415 - lazily

    name = actor(by) if heal else ""
    found = _verified(request_id(request), quiet=as_json, wait=wait)
    note_done("read the targets and submitted nothing" if heal else "")
    if not as_json:
        _print(found, heals=heal)
    healings, end = _heal(found, name, wait=wait, quiet=as_json) if heal else ((), None)
    if as_json:
        show_json(
            {**verified_document(found), **({"healing": healings, "end": end} if heal else {})}
        )
    if end is not None:
        judge(end, _begun(healings))
    if not _is_well(found, healings):
        raise typer.Exit(FAILED)


def _verified(request: RequestId, *, quiet: bool, wait: bool) -> "Verified":
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.verify import Unverifiable, verified  # noqa: PLC0415 - lazily

    known = settings(needs_github=True)
    with failures_reported(), readings(quiet=quiet) as tell:
        found = anyio.run(_patiently if wait else verified, known, request, tell)
    if isinstance(found, Unverifiable):
        fail(clean(found.reason))
    return found


async def _patiently(
    known: "Settings", request: RequestId, tell: Callable[[str], None]
) -> "Verified | Unverifiable":
    """Read it through every outage that the workers survive: nothing is submitted before the reading, so read again.

    A Valkey that does not answer the first question is not an outage, but the wrong Valkey.
    """
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.verify import verified  # noqa: PLC0415 - lazily
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    answered, away = False, Away("nothing was submitted yet, waiting")

    def heard(name: str) -> None:
        nonlocal answered
        answered = True
        away.ended()
        tell(name)

    while True:
        end_if_interrupted()
        try:
            return await verified(known, request, heard)
        except StoreError as error:
            if not answered:
                raise
            if away.missed(error):
                fail("Valkey could not be asked for 15 min; nothing was submitted", OUT_OF_SIGHT)
            await anyio.sleep(AGAIN_S)


def _is_well(found: "Verified", healings: "tuple[Healing, ...]") -> bool:
    """Whether a person has nothing left to do: what is being healed needs no person, and what is refused does."""
    healed = {one.target for one in healings if one.migration}
    return not any(one.refused for one in healings) and all(
        target.is_well or (target.target in healed and not target.count(Mark.DOUBLED))
        for target in found.targets
    )


# ------------------------------------------------------------------------------------------- healing


def _heal(
    found: "Verified", by: str, *, wait: bool, quiet: bool
) -> "tuple[tuple[Healing, ...], RequestDetails | None]":
    wanted = found.to_heal
    if not quiet:
        _print_not_healed(found)
    if not wanted:
        return (), None

    async def work(person: "Operator") -> "tuple[tuple[Healing, ...], Snapshot | None]":
        submitting = person.hands.heal(found.request, wanted, by)
        see = f"`monarch show {found.request}`"
        healings = await changed("verify --heal", see, submitting)
        note_done(f"healing is submitted: {see} shows it")
        return healings, None if wait else await standing_beside(person)

    healings, snapshot = operate(work)
    if not quiet:
        _print_healing(found, healings)
    ours = _begun(healings)
    if ours.targets:
        tell_obstacles(snapshot)
    is_to_follow = wait and ours.targets
    return healings, follow(found.request, ours, quiet=quiet) if is_to_follow else None


def _begun(healings: "tuple[Healing, ...]") -> Followed:
    return healing(one.target for one in healings if one.migration)


def _print_not_healed(found: "Verified") -> None:
    """Name the targets that could not be read: they are not known to be whole."""
    unread = [target for target in found.targets if target.verification is None]
    if unread:
        print()
    for one in unread:
        say(f"not read {clean(one.target)}  nothing is healed there: {clean(one.problem)}")
    if not found.to_heal and len(unread) < len(found.targets):
        where = "elsewhere nothing" if unread else "\nnothing"
        print(f"{where} is missing: there is nothing to heal")


def _print_healing(found: "Verified", healings: "tuple[Healing, ...]") -> None:
    missing, recalled = found.missing, found.recalled
    print()
    for one in healings:
        if one.refused:
            say(f"refused  {clean(one.target)}  {clean(one.refused)}")
        else:
            wishes = {
                "made again": len(missing.get(one.target, ())),
                "opened again": len(recalled.get(one.target, ())),
            }
            words = ", ".join(f"{count} to be {wish}" for wish, count in wishes.items() if count)
            say(f"healing  {clean(one.target)}  {words}")
    if any(one.migration for one in healings):
        say(f"it is done like any other migration: see `monarch show {found.request}`")


# ---------------------------------------------------------------------------------------- for people


def _print(found: "Verified", *, heals: bool) -> None:
    show_facts(
        {
            "request": found.request,
            "state": _state(found),
            "source": found.plan.source,
            "tickets": ranges(ticket.number for ticket in found.plan.tickets),
        }
    )
    print()
    counts = (number(mark.value) for mark in COUNTED)
    columns = (word("target"), *counts, number("extra"), word("state"), word("tickets"))
    show_table(columns, [_row(target) for target in found.targets], empty="no targets")
    print()
    if any(target.verification is not None for target in found.targets):
        say(", ".join(f"{symbol} {mark.value}" for mark, symbol in SIGNS.items()))
    for target in found.targets:
        for line in _lines(target):
            say(f"{clean(target.target)}: {clean(line)}")
    for line in _next_steps(found, heals=heals):
        say(line)


def _next_steps(found: "Verified", *, heals: bool) -> Iterator[str]:
    """What repairs it; not every deleted copy is missed, since a person may have deleted it on purpose."""
    if found.state not in ENDS:
        return
    done = {target.target for target in found.targets if target.state is State.DONE}
    if done & set(found.missing) and not heals:
        yield f"`monarch verify {found.request} --heal` has missing copies made again"
    if done & set(found.recalled) and not heals:
        yield f"`monarch recall {found.request} --undo` opens recalled copies again that people left alone, `--heal` all of them"
    if any(target.state is State.DEAD for target in found.targets):
        yield f"`monarch show {found.request}` says why targets were given up, and what to do"


def _state(found: "Verified") -> str:
    if found.state in ENDS:
        return found.state.value
    return f"{found.state.value}: what is missing may be copied yet"


def _row(target: "TargetReport") -> tuple[object, ...]:
    found = target.verification
    if found is None:
        return target.target, *("" for _ in COUNTED), "", target.state.value, "not read"
    matrix = "".join(_symbol(finding) for finding in found.findings)
    counts = (target.count(mark) for mark in COUNTED)
    return target.target, *counts, len(found.extra), target.state.value, matrix


def _symbol(finding: "Finding") -> str:
    return next(symbol for mark, symbol in SIGNS.items() if mark in finding.marks)


def _lines(target: "TargetReport") -> Iterator[str]:
    """What there is to say beyond *present*, ticket by ticket."""
    if target.verification is None:
        yield target.problem
        return
    if remark := renamed(target.target, target.now):
        yield remark
    differing = [one for one in target.verification.findings if one.marks != (Mark.PRESENT,)]
    for _, alike in groupby(differing, key=_sort):
        yield _line(list(alike))
    for extra in target.verification.extra:
        yield f"#{extra.number} is a copy of #{extra.ticket}, which is not in the plan"


def _sort(finding: "Finding") -> object:
    """The key to group findings by: tickets without a copy share a line if the same holds for them; others do not."""
    if finding.number is not None or finding.strays:
        return finding.ticket
    return finding.marks, finding.reason


def _line(alike: "Sequence[Finding]") -> str:
    finding = alike[0]
    copy = "" if finding.number is None else f" is #{finding.number}"
    marks = ", ".join(mark.value for mark in finding.marks)
    tickets = "tickets" if len(alike) > 1 else "ticket"
    line = f"{tickets} {ranges(one.ticket for one in alike)}{copy}: {marks}"
    if finding.strays:
        line += f" (close {' '.join(f'#{number}' for number in finding.strays)})"
    return f"{line}: {finding.reason}" if finding.reason else line
