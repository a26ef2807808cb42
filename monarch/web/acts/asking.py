"""Asking for new work: a request that was planned on the page, and an update of existing copies.

Two people who press the same button ask once. The digest of a set names the newest request for its template, too: the first
press makes a newer one, so the second is refused. Two presses at the same moment both submit under the key that the digest
makes, which Valkey takes for one submission.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from monarch.core.after.acts import Act
from monarch.web.acts.means import Means, NotUpdated, named, unknown
from monarch.web.acts.meant import ActResult, Line, Meant, Member
from monarch.web.form import RequestForm, asked_in
from monarch.web.views.formats import counted


async def to_submit(means: Means, asked: Mapping[str, str]) -> Meant:
    """The targets of the request that would be made."""
    wish = asked_in(asked)
    wished = means.wished(wish)
    if isinstance(wished, str):
        return _meant_request(wish, (), (), wished, "")
    if not wished.targets:
        return _meant_request(wish, (), (), f"No target can be one. {' '.join(wished.refused)}", "")
    members = tuple(Member(target, target) for target in wished.targets)
    notes = tuple(map(_dead, wished.refused))
    newest = await means.newest_for(wished.source)
    return _meant_request(wish, members, notes, "", newest or "none")


def _meant_request(
    wish: RequestForm,
    members: tuple[Member, ...],
    notes: tuple[str, ...],
    problem: str,
    newest: str,
) -> Meant:
    report = (
        f"Slack hears of it in {wish.channel}." if wish.channel else "Slack hears nothing of it."
    )
    wait = f"It waits until {wish.not_before}." if wish.not_before else ""
    part = f"Only tickets of {', '.join(wish.milestones)}." if wish.milestones else ""
    read = "The template is read again when the work begins, and tickets that are new by then come with it."
    count = counted(len(members) or len(wish.targets), "team")
    return Meant(
        "submit",
        f"Copy the tickets of {wish.source} for {count}",
        "Submit it",
        wish.command("submit"),
        f"/plan?{wish.query()}",
        members,
        (*filter(None, (wait, part, report)), read, *notes),
        problem,
        basis=f"{wish.query()} {newest}",
    )


async def submit(means: Means, meant: Meant, by: str) -> ActResult:
    """Submit it: it is on disk before this is answered."""
    wish = asked_in(dict(parse_qsl(urlsplit(meant.back).query)))
    wished = means.wished(wish)
    if isinstance(wished, str):
        return ActResult(
            "Nothing was submitted", (Line(wished, is_bad=True),), meant.back, "To the plan"
        )
    request = await means.submit(wished, _key(meant), by)
    dead = (Line(_dead(one), is_bad=True) for one in wished.refused)
    lines = (*(Line(target) for target in wished.targets), *dead)
    return ActResult(
        f"Request {request} is submitted", lines, f"/requests/{request}", "To the request"
    )


def _dead(refused: str) -> str:
    return f"{refused} This target ends as a dead letter."


def _key(meant: Meant) -> str:
    return f"page:{meant.digest}"


# --------------------------------------------------------------------------------------------- updates

_ALSO: Final = {
    Act.UPDATE: "Copies of tickets that the template has closed since stay open.",
    Act.UPDATE_AND_CLOSE: "Untouched copies of tickets that the template has closed since are closed, too.",
}


async def _to_update(means: Means, asked: Mapping[str, str], act: Act) -> Meant:
    request, details = await named(means, asked)
    touched = () if details is None else tuple(one for one in details.times if one.target_id)
    newest = "" if details is None else await means.newest_for(details.view.source)
    closes = act is Act.UPDATE_AND_CLOSE
    problem = unknown(request) if details is None else ""
    if details is not None and not touched:
        problem = f"Nothing was ever copied by request {request}."
    return Meant(
        act.value,
        f"Bring the template of now into the copies of request {request}",
        "Update and close" if closes else "Update them",
        f"monarch update {request}{' --close' if closes else ''}",
        f"/requests/{request}",
        tuple(Member(one.target, one.target) for one in touched),
        (
            "Copies that are still as Monarch wrote them are edited, and what is new in the template is copied.",
            "What people have changed is left, and listed at the update; the page of the request shows each difference first, as the command does with `--dry-run`.",
            _ALSO[act],
        ),
        problem,
        also=("", "")
        if closes
        else (f"/acts/{Act.UPDATE_AND_CLOSE}?request={request}", "See it with closing"),
        basis=newest,
    )


async def _update(means: Means, meant: Meant, by: str, act: Act) -> ActResult:
    request = meant.request
    closes = act is Act.UPDATE_AND_CLOSE
    made = await means.update(request, meant.keys, _key(meant), by, closes=closes)
    if isinstance(made, NotUpdated):
        return meant.done("Nothing is updated", (Line(made.reason, is_bad=True),))
    lines = tuple(Line(member.words) for member in meant.members)
    return ActResult(f"Request {made} updates them", lines, f"/requests/{made}", "To the update")


to_update = partial(_to_update, act=Act.UPDATE)
"""The targets that the request has reached."""

update = partial(_update, act=Act.UPDATE)
"""Ask for the update."""

to_update_and_close = partial(_to_update, act=Act.UPDATE_AND_CLOSE)
"""The same."""

update_and_close = partial(_update, act=Act.UPDATE_AND_CLOSE)
"""Ask for the update that also closes copies."""
