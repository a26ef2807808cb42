"""`missed`: repositories that no message asked for, and asking for them."""

import re
import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import typer

from monarch.cli.calling import (
    FAILED,
    WRONG,
    changed,
    fail,
    failures_reported,
    refuse,
    settings,
)
from monarch.cli.choice import actor, seconds
from monarch.cli.terminal.output import note_done
from monarch.cli.terminal.printing import age, clean, moment, say, show_json, show_table
from monarch.cli.terminal.readings import readings
from monarch.cli.terminal.tables import number, word
from monarch.core.missed.judging import window_ms

if TYPE_CHECKING:
    from monarch.app.missing import Submit, SweptOwners
    from monarch.core.ids import RequestId, TargetId
    from monarch.core.missed.judging import Missed
    from monarch.ports.missed import Missing
    from monarch.stages.missed.sweeper import Sweep

_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_DAY_S: Final = 86_400


def show_missed(
    owners: list[str], since: str | None, by: str | None, *, submit: bool, as_json: bool
) -> None:
    """Show what was missed, and with `submit` ask for it. Fails if an owner could not be looked through."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.missing import swept  # noqa: PLC0415 - lazily

    known = settings(needs_github=True)
    wanted = _checked(owners or list(known.missed_owners))
    since_ms = _window_ms(since, known.retention_days)
    if by is not None and not submit:
        fail("--by names who asks", WRONG, advice="give --submit, too")
    submits = _submitter(actor(by)) if submit else None
    with failures_reported(), readings(quiet=as_json) as tell:
        found = anyio.run(swept, known, wanted, since_ms, tell, submits)
    if as_json:
        show_json(_document(found, since_ms))
    else:
        _print(found, "" if submit else _asking(owners, since))
    if any(one.problem for one in found.sweeps):
        raise typer.Exit(FAILED)


def _submitter(by: str) -> "Submit":
    """Asks for what was missed, one after the other; if Valkey fails in it, it is said how far it came."""

    async def submitted(
        missing: "Missing", missed: "Sequence[Missed]"
    ) -> "dict[TargetId, RequestId]":
        requests: dict[TargetId, RequestId] = {}
        for one in missed:
            submitting = missing.submit(one, by)
            requests[one.repository.id] = await changed(
                "missed --submit", "`monarch requests`", submitting
            )
            note_done(f"{len(requests)} of {len(missed)} submitted")
        return requests

    return submitted


def _checked(owners: list[str]) -> list[str]:
    """Each owner once; at least one."""
    if not owners:
        fail("say whose repositories: OWNER, one or more, or set MONARCH_MISSED_OWNERS", WRONG)
    for owner in owners:
        if not _OWNER.fullmatch(owner):
            refuse("OWNER", "the name of an organisation or a user", owner)
    return list({owner.lower(): owner for owner in reversed(owners)}.values())[::-1]


def _window_ms(since: str | None, retention_days: int) -> int:
    """How far back to look: no further than requests are remembered."""
    if since is None:
        return window_ms(retention_days * _DAY_S * 1000)
    window_s = seconds("--since", since) or 0.0
    if not 0 < window_s <= retention_days * _DAY_S:
        most = f"{retention_days}d (MONARCH_RETENTION_DAYS: before that no request is remembered)"
        refuse("--since", f"more than 0 and at most {most}", since)
    return round(window_s * 1000)


# ------------------------------------------------------------------------------------------ for people


def _asking(owners: Sequence[str], since: str | None) -> str:
    """The command that asks for what this one has shown."""
    window = () if since is None else ("--since", since)
    return shlex.join(["monarch", "missed", *owners, *window, "--submit"])


def _print(found: "SweptOwners", asking: str) -> None:
    """Show what was missed; `asking` is the command that asks for it, `""` where that is done."""
    submitted = not asking
    missed = [one for sweep in found.sweeps for one in sweep.missed]
    if missed or not any(sweep.problem for sweep in found.sweeps):
        columns = (word("repository"), number("age"), word("source"), word("channel"))
        request = (word("request"),) if submitted else ()
        rows = [_row(one, found, submitted=submitted) for one in missed]
        show_table((*columns, *request), rows, empty="no repository was missed")
    print()
    for sweep in found.sweeps:
        say(f"{clean(sweep.owner)}: {_words(sweep)}")
    if missed and asking:
        say(f"`{asking}` asks for their tickets")


def _row(one: "Missed", found: "SweptOwners", *, submitted: bool) -> tuple[object, ...]:
    created_s = time.time() - one.repository.created_ms / 1000
    row = (one.repository.full_name, age(max(0.0, created_s)), one.origin.full_name, one.channel)
    return (*row, found.requests.get(one.repository.id)) if submitted else row


def _words(sweep: "Sweep") -> str:
    if sweep.problem:
        return f"not looked through: {clean(sweep.problem)}"
    left = ", ".join(f"{count} {why.value}" for why, count in sweep.left.items())
    alone = f"; left alone: {left}" if left else ""
    return (
        f"{sweep.repositories} looked at, {len(sweep.missed)} missed{alone} ({sweep.reads} reads)"
    )


# ---------------------------------------------------------------------------------------- for programs


def _document(found: "SweptOwners", since_ms: int) -> dict[str, object]:
    return {
        "since_seconds": since_ms / 1000,
        "missed": [
            {
                "repository": one.repository.full_name,
                "id": one.repository.id,
                "created_at": moment(one.repository.created_ms),
                "source": one.origin.full_name,
                "channel": one.channel,
                "request": found.requests.get(one.repository.id),
            }
            for sweep in found.sweeps
            for one in sweep.missed
        ],
        "owners": [
            {
                "owner": sweep.owner,
                "repositories": sweep.repositories,
                "left_alone": {why.value: count for why, count in sweep.left.items()},
                "reads": sweep.reads,
                "problem": sweep.problem,
            }
            for sweep in found.sweeps
        ],
    }
