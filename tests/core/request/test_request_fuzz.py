"""Whatever bytes are published: a request, or a rejection of its kind that says what to do. Never an exception, never long."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monarch.core.outcome import Code
from monarch.core.request.message import MAX_BYTES, MAX_TARGETS, BadMessage, Request, parse_message
from monarch.core.request.refs import BadRef, RepoRef
from monarch.core.request.rules import Rules
from monarch.core.verdict import RefusedTarget

RULES = Rules(allowed_sources=("org/*",), allowed_targets=("org/*", "team/*"))
KINDS = {
    Code.TOO_LARGE,
    Code.NOT_JSON,
    Code.NOT_AN_OBJECT,
    Code.MISSING_KEY,
    Code.WRONG_TYPE,
    Code.BAD_SOURCE,
    Code.SOURCE_NOT_ALLOWED,
    Code.NO_TARGETS,
    Code.TOO_MANY_TARGETS,
}
KEYS = st.sampled_from(["source_repo", "all_target_repositories", "notification_channel", "x"])
ODD_TEXTS = st.sampled_from(
    [
        "org/team",
        "org/team\n",
        "\x0borg/team",
        "org/team\u2028",
        "\u200borg/team",
        "org/te\u0430m",  # a Cyrillic a
        "\uff4frg/team",  # a full-width o
        "org\u2215team",  # a division slash
        "org/team\u0000",
        "org/\ud800",
        "org/team%00",
        "ORG/TEAM",
        "org/..",
        "org/.git",
        "-org/team",
        "\u212aelvin/team",
        "https://github.com/org/team.git",
        "https://ghp_0123456789abcdef@github.com/org/team",
        "$(touch x)/team",
        "org/team;SELECT",
        "C06GHMZB3M3",
        "",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | ODD_TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
OBJECTS = st.lists(st.tuples(KEYS | st.text(max_size=5), VALUES), max_size=6)


def as_json(pairs: list[tuple[str, Any]]) -> bytes:
    """An object as some producer writes it: keys may come twice, half characters may be spelled."""
    members = (f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs)
    return ("{" + ",".join(members) + "}").encode()


def hold(payload: bytes) -> Request | BadMessage:
    """Read a message, and hold what came of it to what everybody downstream relies on."""
    read = parse_message(payload, RULES)
    if isinstance(read, BadMessage):
        _hold_rejection(read)
        return read
    keys = [target.key for target in read.targets]
    assert read.source.key.startswith("org/")
    assert len(set(keys)) == len(keys) <= MAX_TARGETS
    assert read.source.key not in keys
    for refused in read.refused:
        _hold_refusal(refused, keys)
    assert keys or read.refused
    return read


def _hold_rejection(bad: BadMessage) -> None:
    assert bad.code in KINDS
    assert 20 < len(bad.reason) < 600
    assert bad.reason.isprintable()
    for text in (bad.reason, bad.channel or "", bad.source or ""):
        text.encode()
        assert text.isprintable()


def _hold_refusal(refused: RefusedTarget, keys: list[str]) -> None:
    assert refused.code in {Code.BAD_TARGET, Code.TARGET_IS_SOURCE, Code.TARGET_NOT_ALLOWED}
    assert refused.target.lower() not in keys
    assert refused.target
    assert refused.target.isprintable()
    assert len(refused.reason) > 20
    f"{refused.target}{refused.reason}".encode()


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe")
@example(b"{}\x00")
@example(b'{"a":1}{"a":1}')
def test_any_bytes_are_a_request_or_a_rejection_of_its_kind(payload: bytes) -> None:
    """Not UTF-8, not JSON, JSON twice, a NUL behind it."""
    hold(payload)


@given(OBJECTS)
@example(
    [("source_repo", "org/a"), ("source_repo", "evil/a"), ("all_target_repositories", ["a/b"])]
)
@example([("source_repo", "org/a"), ("all_target_repositories", ["\x0borg/b", "org/b"])])
@example([("source_repo", "org/a"), ("all_target_repositories", [float("nan")])])
@example([("source_repo", "org/a"), ("all_target_repositories", ["org/b"]), ("x", float("inf"))])
def test_any_object_is_a_request_or_a_rejection_of_its_kind(pairs: list[tuple[str, Any]]) -> None:
    """Keys that come twice, half characters, numbers beyond all measure, names that only look like one."""
    hold(as_json(pairs))


@given(st.lists(VALUES | ODD_TEXTS, min_size=1, max_size=12))
def test_targets_of_every_type_are_each_judged_by_themselves(targets: list[object]) -> None:
    """One that cannot be one does not take the others with it."""
    payload = as_json([("source_repo", "org/template"), ("all_target_repositories", targets)])
    if b"NaN" in payload or b"Infinity" in payload:
        return
    read = hold(payload)

    assert isinstance(read, Request)
    allowed = {ref.key for value in targets if (ref := _plain(value)) is not None}
    assert allowed <= {target.key for target in read.targets}


def _plain(value: object) -> RepoRef | None:
    """A target in its plainest form, which cannot be misread."""
    if not isinstance(value, str) or not value.startswith("org/"):
        return None
    try:
        return RepoRef("org", value.removeprefix("org/"))
    except BadRef:
        return None


@pytest.mark.parametrize("name", ["\x0borg/team", "\x85org/team", "\u2003org/team\u2003"])
def test_a_target_that_only_looks_like_another_has_a_name_of_its_own(name: str) -> None:
    """Both names are keys of what is kept about them: the good one's migration is not marked as refused."""
    read = hold(
        as_json([("source_repo", "org/t"), ("all_target_repositories", [name, "org/team"])])
    )

    assert isinstance(read, Request)
    assert [target.key for target in read.targets] == ["org/team"]
    assert [refused.target.lower() for refused in read.refused] != ["org/team"]


def _of(*targets: object) -> bytes:
    return as_json([("source_repo", "org/template"), ("all_target_repositories", list(targets))])


HEAVY: dict[str, Callable[[], bytes]] = {
    "half web tokens for a source": lambda: as_json(
        [("source_repo", "eyJ" * 340_000), ("all_target_repositories", ["a/b"])]
    ),
    "half web tokens for targets": lambda: _of(*(["-eyJ" * 500] * 500)),
    "slashes": lambda: _of("//" * 500_000),
    "an address without an end": lambda: _of("//" + "a" * 1_000_000),
    "pages": lambda: _of(*(["github.com/a/b/tree" + "/a" * 450 + "!"] * 500)),
    "ports": lambda: _of(*(["github.com:1/" * 70] * 500)),
    "deep lists": lambda: b"[" * 1_000_000,
    "deep objects": lambda: b'{"a":' * 200_000,
    "closed deep lists": lambda: b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "wide lists": lambda: b'{"a":[' + b"[]," * 340_000 + b"[]]}",
    "many keys": lambda: json.dumps({f"k{n}": 0 for n in range(60_000)}).encode(),
    "long numbers": lambda: b'{"x":[' + b",".join([b"9" * 4000] * 250) + b"]}",
    "one number": lambda: b'{"x":' + b"9" * 1_000_000 + b"}",
    "one fraction": lambda: b'{"x":0.' + b"9" * 1_000_000 + b"}",
    "escapes": lambda: b'{"x":"' + b"\\ud800" * 170_000 + b'"}',
    "spaces": lambda: b" " * MAX_BYTES,
    "no UTF-8": lambda: b"\xff" * MAX_BYTES,
}


@pytest.mark.parametrize("kind", HEAVY)
def test_a_megabyte_of_malice_is_answered_soon(kind: str) -> None:
    """A handler that computes for longer than a lease would lose it, and everything else in the same process its own."""
    payload = HEAVY[kind]()
    assert len(payload) <= MAX_BYTES
    began = time.process_time()

    hold(payload)

    assert time.process_time() - began < 10


def test_one_byte_more_than_a_megabyte_is_too_large() -> None:
    """And is not even decoded."""
    head, tail = b'{"source_repo": "org/t", "all_target_repositories": ["org/a"]', b"}"
    room = MAX_BYTES - len(head) - len(tail)

    assert isinstance(hold(head + b" " * room + tail), Request)
    over = hold(head + b" " * (room + 1) + tail)
    assert isinstance(over, BadMessage)
    assert over.code is Code.TOO_LARGE
