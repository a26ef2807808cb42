"""The judge itself: what is documented passes, and each kind of breach is told."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.conformance.descriptions import Exchange, description

LABEL: Final[dict[str, Any]] = {
    "id": 1,
    "node_id": "x",
    "url": "https://api.github.com/repos/o/r/labels/a",
    "name": "a",
    "color": "d73a4a",
    "default": False,
    "description": None,
}
GOOD: Final = Exchange("POST", "/repos/o/r/labels", {}, {"name": "a"}, 201, LABEL)


def breaches(exchange: Exchange, name: str = "api.github.com") -> list[str]:
    """What is said of it."""
    return list(description(name).violations(exchange))


def test_what_is_documented_passes() -> None:
    """By name and by id, which is undocumented and where GitHub's own links lead."""
    assert breaches(GOOD) == []
    assert breaches(replace(GOOD, path="/repositories/7/labels")) == []


@pytest.mark.parametrize(
    ("exchange", "what"),
    [
        (replace(GOOD, query={"per_page": "100"}), "query parameter 'per_page'"),
        (replace(GOOD, body={"name": "a", "colour": "red"}), "key 'colour'"),
        (replace(GOOD, body={"name": 1}), "asked name"),
        (replace(GOOD, answer={**LABEL, "color": None}), "answered color"),
        (replace(GOOD, answer={**LABEL, "url": "https://x/a b"}), "answered url"),
        (replace(GOOD, answer=None), "a body is documented"),
        (replace(GOOD, status=202), "this status is not documented"),
        (replace(GOOD, method="GET", path="/repos/o/r/nothing", body=None), "not documented"),
    ],
)
def test_what_is_not_documented_is_told(exchange: Exchange, what: str) -> None:
    """A key, a type, a null, an address, a status, a path."""
    assert what in " ".join(breaches(exchange))


def test_an_enterprise_server_has_less() -> None:
    """What github.com documents is none of its addresses."""
    types = Exchange("GET", "/repos/o/r/issue-types", {}, None, 200, [])

    assert breaches(types) == []
    assert "not documented" in breaches(types, "ghes-3.17")[0]
