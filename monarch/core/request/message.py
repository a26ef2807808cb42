"""From the bytes of a message to a request, or to the reason why they are not one.

There are two kinds of mistakes. A mistake in the message as a whole is a `BadMessage`, and each kind
of it has its code. A mistake in one target refuses that target and no other: the request goes on, if
need be with no target left, so that each refusal is dead-lettered under the target's name.

Of several mistakes one is reported: missing keys first, then wrong types, then the first key in the order of `_Message`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, cast

from pydantic import BaseModel, PlainValidator, ValidationError, ValidationInfo

from monarch.core.advice import NO_ADVICE, Advice, Advised
from monarch.core.mistake import Mistake, or_none
from monarch.core.outcome import Code
from monarch.core.portions.message import (
    WHOLE,
    Portion,
    read_date,
    read_titles,
)
from monarch.core.redact import describe, quote, redact
from monarch.core.request.channels import EXPECTED
from monarch.core.request.refs import BadRef, RepoRef, parse_ref
from monarch.core.request.rules import Rules, source_refusal, target_refusal
from monarch.core.verdict import RefusedTarget

MAX_BYTES: Final = 1024 * 1024
MAX_TARGETS: Final = 500
MAX_DEPTH: Final = 50
"""Deeper nesting is refused: what can be read at one depth of the stack might not be writable at another."""

SOURCE: Final = "source_repo"
TARGETS: Final = "all_target_repositories"
CHANNEL: Final = "notification_channel"
_KEYS: Final = f"{SOURCE} and {TARGETS}"
_MAX_CHANNEL: Final = 100
_NAMED_KEYS: Final = 5
_LONGEST_KEY: Final = 40
_TOO_DEEP: Final = "it is nested too deeply"
_TOO_LONG: Final = "a number in it has thousands of digits"
_Target = RepoRef | RefusedTarget


@dataclass(frozen=True, slots=True)
class Request:
    """What a message asks for.

    Attributes:
        targets: each once, in the order and spelling of their first mention; empty if all were refused.
        refused: the targets that were refused, each once, and why.
        channel: `None` if the message names none.
        extra: keys that we do not know, as they came.
        portion: the part of the template that is asked for, and from when on.
    """

    source: RepoRef
    targets: tuple[RepoRef, ...]
    refused: tuple[RefusedTarget, ...] = ()
    channel: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    portion: Portion = WHOLE


@dataclass(frozen=True, slots=True)
class BadMessage(Advised):
    """A message that cannot be carried out; `reason` is a sentence for people.

    `channel` and `source` are as far as they could be read, `None` if they could not.
    """

    code: Code
    reason: str
    channel: str | None = None
    source: str | None = None
    advice: Advice = NO_ADVICE


def parse_message(payload: bytes, rules: Rules) -> Request | BadMessage:
    """Read a message; never raises, whatever the bytes are."""
    message: dict[str, Any] = {}
    try:
        message = _load(payload)
        read = _Message.model_validate(message, context=rules)
    except (Mistake, ValidationError) as problem:
        return _bad(message, problem if isinstance(problem, Mistake) else _first(problem, message))
    return Request(
        read.source_repo,
        tuple(one for one in read.all_target_repositories if isinstance(one, RepoRef)),
        tuple(one for one in read.all_target_repositories if isinstance(one, RefusedTarget)),
        read.notification_channel,
        # Kept as they came: pydantic refuses half surrogate pairs.
        {key: value for key, value in message.items() if key not in _Message.model_fields},
        Portion(read.not_before, read.milestones),
    )


def _bad(message: dict[str, Any], mistake: Mistake) -> BadMessage:
    came = message.get(SOURCE)
    source = quote(came) if isinstance(came, str) else None
    channel = or_none(_read_channel, message.get(CHANNEL))
    return BadMessage(mistake.code, mistake.reason, channel, source, mistake.advice)


def _first(problem: ValidationError, message: Mapping[str, object]) -> Mistake:
    """The one of several mistakes that is reported."""
    found = problem.errors(include_url=False, include_input=False)
    missing = [str(one["loc"][0]) for one in found if one["type"] == "missing"]
    if missing:
        reason = f"the message lacks {' and '.join(missing)}; {_keys_of(message)}"
        return Mistake(Code.MISSING_KEY, reason)
    mistakes: list[Mistake] = [one["ctx"]["error"] for one in found]
    return min(mistakes, key=lambda mistake: mistake.code is not Code.WRONG_TYPE)


def _keys_of(message: Mapping[str, object]) -> str:
    """Which keys came instead: a key in another spelling is seen at once."""
    named = [f'"{quote(key, _LONGEST_KEY)}"' for key in islice(message, _NAMED_KEYS)]
    if len(message) > _NAMED_KEYS:
        named.append(f"{len(message) - _NAMED_KEYS:,} more")
    *before, last = named or ["no keys at all"]
    return f"it has {', '.join(before)} and {last}" if before else f"it has {last}"


def _load(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise Mistake(
            Code.TOO_LARGE,
            f"the request has {len(payload):,} bytes and may have {MAX_BYTES:,}; split it into several,"
            " and leave out what is not part of a request",
        )
    try:
        # utf-8-sig: some editors begin a file with a byte order mark.
        value = json.loads(payload.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        raise _not_json(payload, _TOO_DEEP) from None
    except ValueError as problem:
        raise _not_json(payload, _why_not(problem)) from None
    if not isinstance(value, dict):
        raise Mistake(
            Code.NOT_AN_OBJECT, f"expected a JSON object with {_KEYS}, got {_instead(value)}"
        )
    if _is_deep(value):
        raise _not_json(payload, _TOO_DEEP)
    return value


def _why_not(problem: ValueError) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return f"the byte 0x{problem.object[problem.start]:02x} is not UTF-8 there"
    # Python's own words here name a function of Python that would lift its limit.
    return _TOO_LONG if "Exceeds the limit" in str(problem) else quote(str(problem), 100)


def _instead(value: object) -> str:
    shown = describe(value)
    times, inside = 1, value
    while isinstance(inside, str):
        try:
            times, inside = times + 1, json.loads(inside)
        except (ValueError, RecursionError):
            return shown
    if times == 1 or not isinstance(inside, dict | list):
        return shown
    return f"the text {shown}; it is {describe(inside)} that was encoded {_TIMES.get(times, f'{times} times')}"


_TIMES: Final = {2: "twice", 3: "three times"}


def _not_json(payload: bytes, problem: str) -> Mistake:
    shown = describe(payload[:200].decode("utf-8", "replace"))
    return Mistake(
        Code.NOT_JSON, f"expected a JSON object with {_KEYS} in UTF-8, got {shown} ({problem})"
    )


def _refuse_constant(name: str) -> None:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _is_deep(value: object, room: int = MAX_DEPTH) -> bool:
    """Whether lists and objects are nested more than `MAX_DEPTH` levels deep."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not room or any(_is_deep(one, room - 1) for one in inside)


# ------------------------------------------------------------------------- the keys, each with its reader


def _read_source(came: object, info: ValidationInfo) -> RepoRef:
    rules = cast("Rules", info.context)
    if not isinstance(came, str):
        raise _wrong_type(SOURCE, "a text, owner/repo", came)
    try:
        ref = parse_ref(came, rules.hosts)
    except BadRef as problem:
        raise Mistake(Code.BAD_SOURCE, f"{SOURCE}: {problem}") from None
    refusal = source_refusal(ref.full_name, rules)
    if refusal is not None:
        raise Mistake(refusal.code, refusal.reason, refusal.advice)
    return ref


def _read_targets(came: object, info: ValidationInfo) -> tuple[_Target, ...]:
    """Each target once, in the order and spelling of its first mention."""
    if not isinstance(came, list):
        raise _wrong_type(TARGETS, "a list of owner/repo", came)
    if not came:
        raise Mistake(Code.NO_TARGETS, f"{TARGETS} is empty; name at least one repository")
    if len(came) > MAX_TARGETS:
        raise Mistake(
            Code.TOO_MANY_TARGETS,
            f"{TARGETS} has {len(came)} entries and may have {MAX_TARGETS}; name the others in another request",
        )
    once: dict[tuple[type, str], _Target] = {}
    for value in came if SOURCE in info.data else ():
        one = _read_target(value, info.data[SOURCE], cast("Rules", info.context))
        name = one.full_name if isinstance(one, RepoRef) else one.target
        once.setdefault((type(one), name.lower()), one)
    return tuple(once.values())


def _read_target(value: object, source: RepoRef, rules: Rules) -> _Target:
    try:
        ref = parse_ref(value, rules.hosts)
    except BadRef as problem:
        return RefusedTarget(_spelled(value, rules), Code.BAD_TARGET, str(problem))
    name = ref.full_name
    if ref.key == source.key:
        reason = f"{name} is the source itself; leave it out of the targets"
        return RefusedTarget(name, Code.TARGET_IS_SOURCE, reason)
    refusal = target_refusal(name, rules)
    if refusal is not None:
        return RefusedTarget(name, refusal.code, refusal.reason, refusal.advice)
    return ref


def _spelled(value: object, rules: Rules) -> str:
    """A name to show for what cannot be a target; never the name of a possible target.

    `org/team` with a control character in front, made fit to be shown, would read as the repository whose migration may be
    listed beside it.
    """
    if not isinstance(value, str):
        return describe(value)
    shown = quote(value) or "(empty)"
    try:
        parse_ref(shown, rules.hosts)
    except BadRef:
        return shown
    return f"{shown} (with characters that no name has)"


def _read_channel(came: object) -> str | None:
    """The channel, a short, printable word; `None` if it is missing or empty: no notices.

    A token is refused, since it would be kept and shown as the channel.
    """
    if came is None:
        return None
    if isinstance(came, str) and len(came) <= _MAX_CHANNEL:
        word = came.strip()
        if word.isprintable() and " " not in word and redact(word) == word:
            return word or None
    raise _wrong_type(CHANNEL, f"{EXPECTED}, or nothing", came)


def _wrong_type(key: str, expected: str, came: object) -> Mistake:
    return Mistake(Code.WRONG_TYPE, f"expected {key} to be {expected}, got {describe(came)}")


class _Message(BaseModel):
    """The keys that we know, in the order of reporting; the context is the `Rules`."""

    source_repo: Annotated[RepoRef, PlainValidator(_read_source)]
    all_target_repositories: Annotated[tuple[_Target, ...], PlainValidator(_read_targets)]
    notification_channel: Annotated[str | None, PlainValidator(_read_channel)] = None
    not_before: Annotated[datetime | None, PlainValidator(read_date)] = None
    milestones: Annotated[tuple[str, ...], PlainValidator(read_titles)] = ()
