"""`update`: brings later edits of the template into the copies that are still as Monarch wrote them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from monarch.cli.after.acting import demand_no_doing, names_of
from monarch.cli.after.telling import issue_url, print_acts
from monarch.cli.calling import FAILED, WRONG, changed, fail, failures_reported, operate, settings
from monarch.cli.choice import actor, repository, request_id
from monarch.cli.follow import follow, judge
from monarch.cli.terminal.followed import UPDATING
from monarch.cli.terminal.output import note_done
from monarch.cli.terminal.printing import clean, say, show_json
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.readings import readings
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.core.after.sentences import NEVER_COPIED
from monarch.core.copy.notes import renamed
from monarch.core.ids import RequestId
from monarch.core.report.differing import (
    closed_words,
    difference,
    what_becomes,
    written_beside,
)
from monarch.web.documents import update_document

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.core.report.update import TargetUpdate
    from monarch.telemetry import Snapshot


def update_copies(
    request: str | None,
    source: str | None,
    targets: Sequence[str],
    by: str | None,
    *,
    close: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Submit the update; prints the id of each request that carries it out."""
    name, asked_for = actor(by), (_request(request), _source(request, source), names_of(targets))

    async def work(person: "Operator") -> "tuple[tuple[RequestId, ...], Snapshot | None]":
        from monarch.app.update import UpdateRefused, submitted, wishes  # noqa: PLC0415 - lazily

        asked = await wishes(person.reader, *asked_for)
        if isinstance(asked, UpdateRefused):
            fail(clean(asked.reason))
        requests: list[RequestId] = []
        for wish in asked:
            for target in wish.unreached:
                complain(f"! nothing is updated in {clean(target)}: {NEVER_COPIED}")
            submitting = submitted(person, wish, name, close=close)
            requests.append((await changed("update", "`monarch requests`", submitting)).request)
            note_done(f"submitted as {', '.join(requests)}")
        return tuple(requests), None if wait else await standing_beside(person)

    requests, snapshot = operate(work)
    if not as_json:
        for one in requests:
            print(one, flush=True)
    tell_obstacles(snapshot)
    _follow(requests, name, wait=wait, as_json=as_json)


def _follow(requests: Sequence[RequestId], by: str, *, wait: bool, as_json: bool) -> None:
    ends = [follow(one, UPDATING, quiet=as_json) for one in requests] if wait else []
    if as_json:
        show_json({"requests": requests, "by": by, "ends": ends})
    for end in ends:
        if not as_json:
            print_acts(end.view.migrations)
    for end in ends:
        judge(end, UPDATING)


def foresee_update(
    request: str | None,
    source: str | None,
    targets: Sequence[str],
    by: str | None,
    *,
    close: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Show what the update would do, with the difference of each copy. Nothing is changed."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.update import UpdateRefused, foreseen  # noqa: PLC0415 - lazily
    from monarch.app.wiring import web_url_of  # noqa: PLC0415 - lazily

    demand_no_doing(by, wait=wait)
    known = settings(needs_github=True)
    asked_for = _request(request), _source(request, source), names_of(targets)
    with failures_reported(), readings(quiet=as_json) as tell:
        found = anyio.run(foreseen, known, *asked_for, tell)
    if isinstance(found, UpdateRefused):
        fail(clean(found.reason))
    _show(found, web_url_of(known), close=close, as_json=as_json)


def _show(found: "Sequence[TargetUpdate]", web_url: str, *, close: bool, as_json: bool) -> None:
    if as_json:
        show_json(update_document(found, web_url, close=close))
    else:
        for target in found:
            for line in update_lines(target, web_url, close=close):
                say(line)
        print("nothing was changed")
    if any(target.problem for target in found):
        raise typer.Exit(FAILED)


def _request(request: str | None) -> RequestId | None:
    return None if request is None else request_id(request)


def _source(request: str | None, source: str | None) -> str:
    if request is None and source is None:
        fail("give a request, or a template by --source", WRONG)
    if request is not None and source is not None:
        fail("give either a request or --source, and not both", WRONG)
    return "" if source is None else repository("--source", source)


def update_lines(target: "TargetUpdate", web_url: str, *, close: bool) -> Iterator[str]:
    """What the update would do to one target: the counts, and a line for each copy."""
    if target.problem:
        yield f"{clean(target.target)}: {clean(target.problem)}"
        return
    if remark := renamed(target.target, target.named_now):
        yield f"{clean(target.target)}: {clean(remark)}"
    found = target.foresight
    would = f"would copy {len(found.new)}, edit {found.edits}"
    would += f", open {len(found.opened)} again" if found.opened else ""
    would += f", close {found.closing(close=close)}" if close else ""
    yield f"{clean(target.target)}: {would}, leave {found.left(close=close)}"
    for ticket in found.new:
        yield f"  copy ticket #{ticket.number} {clean(ticket.title)}"
    for ticket_number, number in found.opened:
        url = issue_url(target.place, number, web_url)
        yield f"  open #{number} again (ticket #{ticket_number} is open again in the template): {url}"
    for one in found.differing:
        yield f"  {what_becomes(one)}: {issue_url(target.place, one.issue.number, web_url)}"
        yield from (f"    {clean(line)}" for line in difference(one))
    for what, names in written_beside(found.writes).items():
        if names:
            yield f"  {what}: {clean(', '.join(map(str, names)))}"
    for copy in found.closed:
        what = closed_words(copy, close=close)
        url = issue_url(target.place, copy.number, web_url)
        yield f"  {what} (ticket #{copy.ticket} is closed in the template): {url}"
