"""An act on the copies of a request: begun, followed, or only rehearsed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import typer

from monarch.cli.after.telling import issue_url, left_lines, print_acts
from monarch.cli.calling import (
    FAILED,
    WRONG,
    changed,
    fail,
    failures_reported,
    operate,
    settings,
    unknown_request,
)
from monarch.cli.choice import actor, repository, request_id
from monarch.cli.follow import follow, judge
from monarch.cli.terminal.followed import act_in, part_of
from monarch.cli.terminal.printing import clean, say, show_facts, show_json
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.readings import readings
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.core.after.acts import Act
from monarch.core.copy.notes import renamed
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.core.request.refs import respelled
from monarch.ports.readings import LOST

if TYPE_CHECKING:
    from monarch.app.act import ActRehearsal, TargetRehearsal
    from monarch.app.operator import Operator
    from monarch.ports import Begun
    from monarch.telemetry import Snapshot

_DOING: Final = {Act.RECALL: "recalling", Act.UNDO: "undoing the recall"}
_COMMAND: Final = {Act.RECALL: "recall", Act.UNDO: "recall --undo"}
_WOULD: Final = {Act.RECALL: "close", Act.UNDO: "reopen"}
_DONE: Final = {Act.RECALL: "recalled already", Act.UNDO: "reopened already"}


def act_on(
    request: str, act: Act, targets: Sequence[str], by: str | None, *, wait: bool, as_json: bool
) -> None:
    """Begin the act in these targets, or in all; fails if it is refused in one of them."""
    name, known = actor(by), request_id(request)
    only = names_of(targets)

    async def work(person: "Operator") -> "tuple[tuple[Begun, ...], Snapshot | None]":
        chosen = await _chosen(person, known, only)
        beginning = person.hands.begin(known, act, chosen, name)
        begun = await changed(_COMMAND[act], f"`monarch show {known}`", beginning)
        return begun, None if wait else await standing_beside(person)

    begun, snapshot = operate(work)
    if not as_json:
        _print_begun(known, act, begun)
    ours = act_in(act, (one.target for one in begun if one.migration))
    if ours.targets:
        tell_obstacles(snapshot)
    end = follow(known, ours, quiet=as_json) if wait and ours.targets else None
    if as_json:
        show_json({"request": known, "act": act, "by": name, "targets": begun, "end": end})
    elif end is not None:
        print_acts(part_of(end, ours).view.migrations)
    if end is not None:
        judge(end, ours)
    if not all(one.migration for one in begun):
        raise typer.Exit(FAILED)


async def _chosen(person: "Operator", request: RequestId, only: tuple[str, ...]) -> tuple[str, ...]:
    """These targets of the request; if none is named, those that a migration has taken, or else all."""
    details = await person.reader.request(request)
    if details is None:
        unknown_request(request)
    if details.never_begun or not details.view.migrations:
        if details.view.state in {State.DONE, State.FAILED}:
            fail(
                f"no target of request {request} can be read",
                advice=f"see `monarch show {request}`",
            )
        fail(f"nothing was copied by request {request}", advice=f"see `monarch show {request}`")
    its = [one.target for one in details.view.migrations]
    if only:
        return respelled(only, its)
    for target in details.lost:
        complain(f"! nothing is done in {clean(target)}: {LOST}")
    took = {one.target for one in details.times if one.target_id is not None}
    return tuple(target for target in its if target in took) or tuple(its)


def names_of(targets: Sequence[str]) -> tuple[str, ...]:
    """The targets that `--target` names, each once."""
    return tuple(dict.fromkeys(repository("--target", target) for target in targets))


def demand_no_doing(by: str | None, *, wait: bool) -> None:
    """A dry run has nothing to follow and no name to show."""
    if wait or by is not None:
        fail("--dry-run changes nothing, so --wait and --by say nothing: leave them out", WRONG)


def _print_begun(request: RequestId, act: Act, begun: "tuple[Begun, ...]") -> None:
    for one in begun:
        if one.refused:
            say(f"refused  {clean(one.target)}  {clean(one.refused)}")
        else:
            say(f"{_DOING[act]}  {clean(one.target)}" + (f"  {one.remark}" if one.remark else ""))
    if any(one.migration for one in begun):
        say(f"it is done like any other migration: see `monarch show {request}`")


# ----------------------------------------------------------------------------------------- rehearsal


def rehearse(
    request: str,
    act: Act,
    targets: Sequence[str],
    *,
    wait: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Show what the act would do. Nothing is changed."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.act import rehearsed  # noqa: PLC0415 - lazily
    from monarch.app.verify import Unverifiable  # noqa: PLC0415 - lazily
    from monarch.app.wiring import web_url_of  # noqa: PLC0415 - lazily

    demand_no_doing(by, wait=wait)
    known, only = settings(needs_github=True), names_of(targets)
    with failures_reported(), readings(quiet=as_json) as tell:
        found = anyio.run(rehearsed, known, request_id(request), act, only, tell)
    if isinstance(found, Unverifiable):
        fail(clean(found.reason))
    web_url = web_url_of(known)
    if as_json:
        show_json(_document(found, act, web_url))
    else:
        _print_rehearsal(found, act, web_url)
    if any(target.problem for target in found.targets):
        raise typer.Exit(FAILED)


def _print_rehearsal(found: "ActRehearsal", act: Act, web_url: str) -> None:
    show_facts({"request": found.request, "source": found.source, "act": f"{act}, dry run"})
    print()
    for target in found.targets:
        if remark := renamed(target.target, target.now):
            say(f"{clean(target.target)}: {clean(remark)}")
        say(f"{clean(target.target)}: {_outline(target, act)}")
        for line in left_lines(target.now or target.target, target.left, web_url):
            say(line)
    print()
    print("nothing was changed")


def _outline(target: "TargetRehearsal", act: Act) -> str:
    if target.problem:
        return clean(target.problem)
    numbers = ", ".join(f"#{number}" for number in target.changes)
    would = f"would {_WOULD[act]} {len(target.changes)}" + (f" ({numbers})" if numbers else "")
    done = f", {target.done} {_DONE[act]}" if target.done else ""
    return f"{would}{done}, would leave {len(target.left)}"


def _document(found: "ActRehearsal", act: Act, web_url: str) -> dict[str, object]:
    return {
        "request": found.request,
        "source": found.source,
        "act": act,
        "targets": [
            {
                "target": one.target,
                "named_now": one.now,
                "problem": one.problem,
                "changes": one.changes,
                "done": one.done,
                "left": [
                    {
                        "ticket": left.ticket,
                        "number": left.number,
                        "touches": left.touches,
                        "url": issue_url(one.now or one.target, left.number, web_url),
                    }
                    for left in one.left
                ],
            }
            for one in found.targets
        ],
    }
