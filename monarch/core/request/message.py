"""From the bytes of a message to a request, or to the reason why they are none.

Two kinds of mistakes are told apart. What is wrong with the message as a whole is a `BadMessage`, and
each kind of it has its code. What is wrong with one target refuses that target and no other: the request
goes on, if need be with no target left, so that each refusal is dead-lettered under the target's name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from monarch.core.outcome import Code
from monarch.core.portions.keys import (
    MILESTONES,
    NOT_BEFORE,
    WHOLE,
    Portion,
    portion_complaint,
    read_portion,
)
from monarch.core.redact import describe, quote, redact
from monarch.core.request.refs import GITHUB_HOSTS, BadRef, RepoRef, parse_ref
from monarch.core.verdict import RefusedTarget

MAX_BYTES: Final = 1024 * 1024
MAX_TARGETS: Final = 500
MAX_DEPTH: Final = 50
"""Deeper nesting is refused: what can be read at one depth of the stack could not be written at another."""

SOURCE: Final = "source_repo"
TARGETS: Final = "all_target_repositories"
CHANNEL: Final = "notification_channel"
_REQUIRED: Final = (SOURCE, TARGETS)
_MAX_CHANNEL: Final = 100


@dataclass(frozen=True, slots=True)
class Rules:
    """What this installation accepts.

    The globs stand for `owner/repo`, are compared without case, and `*` stays within one side of the
    slash; no globs at all allow everything. `hosts` are those that addresses may name. `private_to_public`: whether
    the tickets of a private source may be copied into a public target, where everybody can read them.
    """

    allowed_sources: tuple[str, ...] = ()
    allowed_targets: tuple[str, ...] = ()
    hosts: frozenset[str] = GITHUB_HOSTS
    private_to_public: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """The parsed wish.

    Attributes:
        targets: each once, in the order and spelling of their first mention; may be empty where all were
            refused.
        refused: the targets that cannot be one, each once, and why.
        channel: `None` where nobody is to be told.
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
class BadMessage:
    """Nobody can carry this message out; `reason` is a sentence for people.

    `channel` and `source` are what could be read of them, `None` where nothing could.
    """

    code: Code
    reason: str
    channel: str | None = None
    source: str | None = None


def parse_message(payload: bytes, rules: Rules) -> Request | BadMessage:
    """Read a message; never raises, whatever the bytes are."""
    loaded = _load(payload)
    return loaded if isinstance(loaded, BadMessage) else _read(loaded, rules)


def source_refusal(name: str, rules: Rules, asked: str = "") -> str | None:
    """Why nothing may be read from the repository `name` (`owner/repo`); `None` where it may be.

    `asked` is the name that it was asked for by, where GitHub knows it under another one: a repository that was
    renamed answers to both, and the list means the one that it is.
    """
    return _refusal(name, asked, rules.allowed_sources, "sources", "MONARCH_ALLOWED_SOURCES")


def target_refusal(name: str, rules: Rules, asked: str = "") -> str | None:
    """Why nothing may be written to the repository `name`; see `source_refusal`."""
    return _refusal(name, asked, rules.allowed_targets, "targets", "MONARCH_ALLOWED_TARGETS")


def _refusal(name: str, asked: str, globs: Sequence[str], kind: str, setting: str) -> str | None:
    owner, _, repository = name.partition("/")
    if is_allowed(RepoRef(owner, repository), globs):
        return None
    renamed = f"{asked} is {name} now, which" if asked.lower() not in {"", name.lower()} else name
    return f"{renamed} is not among the allowed {kind}; add it to {setting}, then replay it (`monarch dead replay`)"


def is_allowed(ref: RepoRef, globs: Sequence[str]) -> bool:
    """Whether one of `globs` (`owner/repo`, with wildcards) names `ref`; no globs allow everything."""
    return not globs or any(_matches(ref, glob.lower().split("/")) for glob in globs)


def _matches(ref: RepoRef, sides: list[str]) -> bool:
    names = ref.key.split("/")
    return len(sides) == len(names) and all(map(fnmatchcase, names, sides))


# --------------------------------------------------------------------------------- bytes -> an object


def _load(payload: bytes) -> dict[str, Any] | BadMessage:
    if len(payload) > MAX_BYTES:
        return BadMessage(
            Code.TOO_LARGE,
            f"the message has {len(payload)} bytes and may have {MAX_BYTES};"
            " split its targets over several messages",
        )
    try:
        # utf-8-sig: some editors begin a file with a byte order mark.
        value = json.loads(payload.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        return _not_json(payload, quote(str(problem), 100))
    if not isinstance(value, dict):
        return BadMessage(
            Code.NOT_AN_OBJECT, f"expected a JSON object with {_keys()}, got {describe(value)}"
        )
    return _not_json(payload, "nested too deeply") if _is_deep(value) else value


def _not_json(payload: bytes, problem: str) -> BadMessage:
    shown = describe(payload[:200].decode("utf-8", "replace"))
    return BadMessage(
        Code.NOT_JSON, f"expected a JSON object with {_keys()} in UTF-8, got {shown} ({problem})"
    )


def _keys() -> str:
    return f"{SOURCE} and {TARGETS}"


def _refuse_constant(name: str) -> None:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _is_deep(value: object) -> bool:
    """Whether lists and objects stand in one another more than `MAX_DEPTH` times."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


# ------------------------------------------------------------------------------- an object -> a request


def _read(message: dict[str, Any], rules: Rules) -> Request | BadMessage:
    complaint = _complaint(message, rules)
    channel = _channel(message)
    if complaint is not None:
        code, reason = complaint
        came = message.get(SOURCE)
        return BadMessage(code, reason, channel, quote(came) if isinstance(came, str) else None)
    source = parse_ref(message[SOURCE], rules.hosts)
    targets, refused = _sort_targets(message[TARGETS], source, rules)
    known = {*_REQUIRED, CHANNEL, NOT_BEFORE, MILESTONES}
    extra = {key: value for key, value in message.items() if key not in known}
    return Request(source, targets, refused, channel, extra, read_portion(message))


def _complaint(message: dict[str, Any], rules: Rules) -> tuple[Code, str] | None:
    """What is wrong with the message as a whole, the first of it; `None` where nothing is."""
    return (
        _complaint_of_keys(message)
        or _complaint_of_types(message)
        or _complaint_of_source(message[SOURCE], rules)
        or _complaint_of_targets(message[TARGETS])
        or portion_complaint(message)
    )


def _complaint_of_keys(message: dict[str, Any]) -> tuple[Code, str] | None:
    missing = [key for key in _REQUIRED if key not in message]
    if not missing:
        return None
    return Code.MISSING_KEY, f"the message lacks {' and '.join(missing)}; it must have {_keys()}"


def _complaint_of_types(message: dict[str, Any]) -> tuple[Code, str] | None:
    source, targets, channel = message[SOURCE], message[TARGETS], message.get(CHANNEL)
    if not isinstance(source, str):
        return (
            Code.WRONG_TYPE,
            f"expected {SOURCE} to be a text, owner/repo, got {describe(source)}",
        )
    if not isinstance(targets, list):
        return (
            Code.WRONG_TYPE,
            f"expected {TARGETS} to be a list of owner/repo, got {describe(targets)}",
        )
    if channel is not None and not _is_channel(channel):
        return (
            Code.WRONG_TYPE,
            f"expected {CHANNEL} to be the id of a Slack channel (or nothing), got {describe(channel)}",
        )
    return None


def _complaint_of_source(source: str, rules: Rules) -> tuple[Code, str] | None:
    try:
        ref = parse_ref(source, rules.hosts)
    except BadRef as problem:
        return Code.BAD_SOURCE, f"{SOURCE}: {problem}"
    refusal = source_refusal(ref.full_name, rules)
    return None if refusal is None else (Code.SOURCE_NOT_ALLOWED, refusal)


def _complaint_of_targets(targets: list[object]) -> tuple[Code, str] | None:
    if not targets:
        return Code.NO_TARGETS, f"{TARGETS} is empty; name at least one repository"
    if len(targets) > MAX_TARGETS:
        return (
            Code.TOO_MANY_TARGETS,
            f"{TARGETS} has {len(targets)} entries and may have {MAX_TARGETS}; split the message",
        )
    return None


def _channel(message: dict[str, Any]) -> str | None:
    channel = message.get(CHANNEL)
    return channel.strip() or None if isinstance(channel, str) and _is_channel(channel) else None


def _is_channel(value: object) -> bool:
    """Whether Slack could be asked for it: a short, printable word; empty for "tell nobody".

    A token that got into this place would be kept and shown as the channel.
    """
    if not isinstance(value, str) or len(value) > _MAX_CHANNEL:
        return False
    word = value.strip()
    return word.isprintable() and " " not in word and redact(word) == word


def _sort_targets(
    values: list[object], source: RepoRef, rules: Rules
) -> tuple[tuple[RepoRef, ...], tuple[RefusedTarget, ...]]:
    """Part the targets that can be one from those that cannot; each once, in order."""
    targets: dict[str, RepoRef] = {}
    refused: dict[str, RefusedTarget] = {}
    for value in values:
        sorted_value = _sort_target(value, source, rules)
        if isinstance(sorted_value, RepoRef):
            targets.setdefault(sorted_value.key, sorted_value)
        else:
            refused.setdefault(sorted_value.target.lower(), sorted_value)
    return tuple(targets.values()), tuple(refused.values())


def _sort_target(value: object, source: RepoRef, rules: Rules) -> RepoRef | RefusedTarget:
    try:
        ref = parse_ref(value, rules.hosts)
    except BadRef as problem:
        return RefusedTarget(_spelled(value, rules), Code.BAD_TARGET, str(problem))
    name = ref.full_name
    if ref.key == source.key:
        return RefusedTarget(
            name, Code.TARGET_IS_SOURCE, f"{name} is the source itself; take it out of {TARGETS}"
        )
    refusal = target_refusal(name, rules)
    return ref if refusal is None else RefusedTarget(name, Code.TARGET_NOT_ALLOWED, refusal)


def _spelled(value: object, rules: Rules) -> str:
    """A name for a target that cannot be one; never the name of one that can.

    Made fit to be shown, `org/team` with a control character before it would read as the repository whose migration may stand beside it.
    """
    if not isinstance(value, str):
        return describe(value)
    shown = quote(value) or "(empty)"
    try:
        parse_ref(shown, rules.hosts)
    except BadRef:
        return shown
    return f"{shown} (with characters that no name has)"
