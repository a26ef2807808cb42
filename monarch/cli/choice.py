"""Who gives a command, and which dead letters it means."""

import getpass
import re
import socket
import time
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import WRONG, end, fail, refuse, refuse_word, settings
from monarch.cli.terminal.printing import got
from monarch.cli.terminal.problem import Problem
from monarch.core.outcome import Code
from monarch.core.request.refs import BadRef, parse_ref

if TYPE_CHECKING:
    from monarch.adapters.valkey.views.sought import Sought
    from monarch.adapters.valkey.views.wanted import Wanted
    from monarch.core.ids import RequestId
    from monarch.core.report.summary import State
    from monarch.ports.readings import Choice

_LONGEST_NAME: Final = 100
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DIGITS: Final = 9
_UNIT: Final = r"\s*(s|min|m|h|d|w)"
_AGE: Final = re.compile(rf"(\d{{1,{_DIGITS}}}(?:\.\d{{1,3}})?){_UNIT}", re.ASCII)
_TOO_LONG: Final = re.compile(rf"\d{{{_DIGITS + 1},}}(?:\.\d+)?{_UNIT}", re.ASCII)


def actor(by: str | None) -> str:
    """The name of the person who acts: what `--by` says, or `user@host`."""
    if by is None:
        return f"{_user()}@{socket.gethostname()}"
    name = " ".join(by.split())
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        refuse("--by", f"a name of up to {_LONGEST_NAME} characters that can be printed", by)
    return name


def request_id(text: str) -> "RequestId":
    """The id of a request; what cannot be one is wrong usage."""
    from monarch.core.entry_ids import is_entry_id  # noqa: PLC0415 - lazily
    from monarch.core.ids import RequestId  # noqa: PLC0415 - lazily

    found = text.strip()
    if not is_entry_id(found):
        expected, came = "two numbers with a dash between, such as 1732406400000-0", got(text)
        what = f"a request's id is {expected}; got {came}"
        end(Problem(what, WRONG, expected, came, advice="see `monarch requests`"))
    return RequestId(found)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return "unknown"


def choice(
    request: str | None,
    target: str | None,
    code: str | None,
    older_than: str | None,
    newer_than: str | None,
) -> "Choice":
    """The letters that match all of this."""
    from monarch.ports.readings import Choice  # noqa: PLC0415 - lazily

    older_s, newer_s = seconds("--older-than", older_than), seconds("--newer-than", newer_than)
    if older_s is not None and newer_s is not None and older_s >= newer_s:
        fail(f"no letter is older than {older_than} and newer than {newer_than}", WRONG)
    return Choice(
        None if request is None else request_id(request),
        target if target is None else _target(target),
        code if code is None else _code(code),
        older_s,
        newer_s,
    )


def sought(
    state: "State | None", source: str | None, target: str | None, since: str | None
) -> "Sought":
    """The requests that match all of this."""
    from monarch.adapters.valkey.views.sought import Sought  # noqa: PLC0415 - lazily

    return Sought(
        state,
        None if source is None else repository("--source", source),
        None if target is None else _target(target),
        _ago_ms(seconds("--since", since)),
    )


def wanted(request: str | None, target: str | None, since: str | None) -> "Wanted":
    """The events that match all of this."""
    from monarch.adapters.valkey.views.wanted import Wanted  # noqa: PLC0415 - lazily

    ago_s = seconds("--since", since)
    return Wanted(
        None if request is None else request_id(request),
        None if target is None else _target(target),
        _ago_ms(ago_s),
    )


def _ago_ms(ago_s: float | None) -> int | None:
    """When that was, in milliseconds since 1970."""
    return None if ago_s is None else max(0, round((time.time() - ago_s) * 1000))


def demand_choice(ids: list[str], chosen: "Choice", *, everything: bool) -> None:
    """Demand an explicit choice for a change: no filter does not mean *all*, and *all* excludes any other choice."""
    from monarch.ports.readings import Choice  # noqa: PLC0415 - lazily

    demand_ids(ids)
    if everything and (ids or chosen != Choice()):
        fail("--all means every letter: leave it out, or what chooses some of them", WRONG)
    if not ids and chosen == Choice() and not everything:
        which = (
            "--request, --target, --code, --older-than, --newer-than (together: all of it holds)"
        )
        fail(
            f"say which: ids, {which}, or --all; `monarch dead list` takes the same filters", WRONG
        )


def demand_ids(ids: list[str]) -> None:
    """Refuse an empty text in place of an id: it comes from an unset variable in a script."""
    if not all(each.strip() for each in ids):
        refuse("ID", "the id of a dead letter", "", advice="see `monarch dead list`")


def repository(option: str, text: str) -> str:
    """A repository in any usual spelling, as owner/repo; what cannot be one is wrong usage."""
    try:
        return parse_ref(text, _hosts()).full_name
    except BadRef as problem:
        fail(f"{option}: {problem}", WRONG)


def _target(text: str) -> str:
    """A target in any usual spelling; an impossible name stays as it was spelled."""
    if not text.strip():
        refuse("--target", "a repository as owner/repo", "")
    try:
        return parse_ref(text, _hosts()).full_name
    except BadRef:
        return text


def hint_of(target: str | None) -> str:
    """What to add if nothing has this target: it may not be a repository at all, which a listing still accepts."""
    if target is None:
        return ""
    try:
        parse_ref(target, _hosts())
    except BadRef:
        return f"; {got(target)} is no owner/repo, and no target was spelled like it"
    return ""


def _hosts() -> frozenset[str]:
    from monarch.app.wiring import rules_of  # noqa: PLC0415 - lazily

    return rules_of(settings()).hosts


def _code(code: str) -> str:
    if code not in list(Code):
        refuse_word("--code", "one of", sorted(Code), code)
    return code


def seconds(option: str, text: str | None) -> float | None:
    """An age such as 90s, 15min, 2h or 3d, in seconds; `None` if none is given."""
    if text is None:
        return None
    too_long = _TOO_LONG.fullmatch(text.strip())
    if too_long is not None:
        refuse(option, f"at most {'9' * _DIGITS}{too_long[1]}", text)
    found = _AGE.fullmatch(text.strip())
    if found is None:
        refuse(option, "an age such as 90s, 15min, 2h or 3d", text)
    return float(found[1]) * _SECONDS[found[2]]
