"""`update`: brings later edits of the template into the copies that are still as Monarch wrote them."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING

import typer

from monarch.cli.after.acting import demand_no_doing, names_of
from monarch.cli.after.telling import issue_url, print_acts
from monarch.cli.calling import FAILED, WRONG, fail, failures_told, operate, settings
from monarch.cli.choice import actor, repository, request_id
from monarch.cli.follow import follow, judge
from monarch.cli.terminal.printing import clean, say, show_json
from monarch.cli.terminal.readings import readings
from monarch.core.after.edit import Edit
from monarch.core.after.touch import Left
from monarch.core.ids import RequestId

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.app.update import Foreseen, TargetUpdate
    from monarch.core.report.passage import Writes


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
    name, known, template = actor(by), _request(request), _source(request, source)
    only = names_of(targets)

    async def work(person: "Operator") -> tuple[RequestId, ...]:
        from monarch.app.update import Refused, submitted, wishes  # noqa: PLC0415 - lazily

        asked = await wishes(person.reader, known, template, only)
        if isinstance(asked, Refused):
            fail(clean(asked.reason))
        return tuple([(await submitted(person, wish, name, close=close)).request for wish in asked])

    requests = operate(work)
    if not as_json:
        for one in requests:
            print(one, flush=True)
    ends = [follow(one, quiet=as_json) for one in requests] if wait else []
    if as_json:
        show_json({"requests": requests, "by": name, "ends": ends})
    for end in ends:
        if not as_json:
            print_acts(end.view.migrations)
    for end in ends:
        judge(end)


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

    from monarch.app.update import Refused, foreseen, web_url_of  # noqa: PLC0415 - lazily

    demand_no_doing(by, wait=wait)
    known, only = settings(needs_github=True), names_of(targets)
    wanted, template = _request(request), _source(request, source)
    with failures_told(), readings(quiet=as_json) as tell:
        found = anyio.run(foreseen, known, wanted, template, only, tell)
    if isinstance(found, Refused):
        fail(clean(found.reason))
    web_url = web_url_of(known)
    if as_json:
        show_json({"targets": [_document(one, web_url, close=close) for one in found]})
    else:
        for target in found:
            for line in _lines(target, web_url, close=close):
                say(line)
        print("nothing was changed")
    if any(target.problem for target in found):
        raise typer.Exit(FAILED)


def _request(request: str | None) -> RequestId | None:
    return None if request is None else request_id(request)


def _source(request: str | None, source: str | None) -> str:
    if (request is None) == (source is None):
        fail("give either a request or --source, and not both", WRONG)
    return "" if source is None else repository("--source", source)


def _lines(target: "TargetUpdate", web_url: str, *, close: bool) -> Iterator[str]:
    if target.problem:
        yield f"{clean(target.target)}: {clean(target.problem)}"
        return
    found = target.foresight
    edits = [one for one in found.differing if isinstance(one.found, Edit)]
    closing = [one for one in found.closed if close and not one.touches]
    left = len(found.differing) - len(edits) + (len(found.closed) - len(closing) if close else 0)
    would = f"would copy {len(found.new)}, edit {len(edits)}"
    would += f", open {len(found.opened)} again" if found.opened else ""
    would += f", close {len(closing)}" if close else ""
    yield f"{clean(target.target)}: {would}, leave {left}"
    for ticket in found.new:
        yield f"  copy ticket #{ticket.number} {clean(ticket.title)}"
    for ticket_number, number in found.opened:
        url = issue_url(target.target, number, web_url)
        yield f"  open #{number} again (ticket #{ticket_number} is open again in the template): {url}"
    for one in found.differing:
        yield f"  {_what(one)}: {issue_url(target.target, one.issue.number, web_url)}"
        yield from (f"    {clean(line)}" for line in _difference(one))
    for what, names in _beside(found.writes).items():
        if names:
            yield f"  {what}: {clean(', '.join(map(str, names)))}"
    for copy in found.closed:
        what = _closed_words(copy, close=close)
        url = issue_url(target.target, copy.number, web_url)
        yield f"  {what} (ticket #{copy.ticket} is closed in the template): {url}"


def _beside(writes: "Writes") -> dict[str, list[str]]:
    """What is written besides the copies themselves."""
    return {
        "new labels": writes.labels,
        "new milestones": writes.milestones,
        "references put right in": [f"#{number}" for number in writes.edited],
        "sub-issues": [f"#{one.child} under #{one.parent}" for one in writes.nested],
        "dependencies": [f"#{one.blocked} on #{one.blocker}" for one in writes.blocked],
    }


def _closed_words(one: Left, *, close: bool) -> str:
    if one.touches:
        return f"leave #{one.number} ({one.why})"
    return f"close #{one.number}" if close else f"leave #{one.number} open, --close closes it"


def _what(one: "Foreseen") -> str:
    if not isinstance(one.found, Edit):
        return f"leave #{one.issue.number} ({one.found.touch.value})"
    edit = one.found
    parts = {
        "title": edit.title is not None,
        "text": edit.body is not None,
        "labels": edit.labels is not None,
        "milestone": edit.milestone is not None,
        "type": edit.type is not None,
    }
    return f"edit #{one.issue.number} ({', '.join(part for part, is_so in parts.items() if is_so)})"


def _difference(one: "Foreseen") -> Iterator[str]:
    """From what the copy says to what the template says now."""
    before = [one.issue.title, "", *one.issue.body.splitlines()]
    after = [one.title, "", *one.text.splitlines()]
    yield from list(unified_diff(before, after, lineterm="", n=1))[2:]


def _document(target: "TargetUpdate", web_url: str, *, close: bool) -> dict[str, object]:
    return {
        "target": target.target,
        "problem": target.problem,
        "new": [ticket.number for ticket in target.foresight.new],
        "labels": target.foresight.writes.labels,
        "milestones": target.foresight.writes.milestones,
        "rewrite": target.foresight.writes.edited,
        "nest": target.foresight.writes.nested,
        "block": target.foresight.writes.blocked,
        "copies": [
            {
                "ticket": one.ticket.number,
                "number": one.issue.number,
                "url": issue_url(target.target, one.issue.number, web_url),
                "edit": one.found if isinstance(one.found, Edit) else None,
                "left": "" if isinstance(one.found, Edit) else one.found.touch.value,
                "difference": list(_difference(one)),
            }
            for one in target.foresight.differing
        ],
        "opened": [
            {"ticket": ticket, "number": number, "url": issue_url(target.target, number, web_url)}
            for ticket, number in target.foresight.opened
        ],
        "closed": [
            {
                "ticket": one.ticket,
                "number": one.number,
                "url": issue_url(target.target, one.number, web_url),
                "close": close and not one.touches,
                "touches": one.touches,
            }
            for one in target.foresight.closed
        ],
    }
