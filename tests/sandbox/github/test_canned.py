"""The catalogue of refusals: each entry is what it says it is, and a fault can answer it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from monarch.sandbox.faults import CannedAnswer, Match
from monarch.sandbox.github.canned import CATALOGUE, Canned
from tests.sandbox.world import START
from tests.schemas import assert_reply_matches

if TYPE_CHECKING:
    import httpx

    from monarch.sandbox.control.client import SandboxClient

ISSUES = "/repos/{owner}/{repo}/issues"
DOCUMENTED = {400, 403, 404, 410, 422, 503}
"""What GitHub documents for creating an issue, but for the 201."""

entries = pytest.mark.parametrize(
    ("name", "entry"), CATALOGUE.items(), ids=lambda value: value if isinstance(value, str) else ""
)


@entries
def test_every_entry_says_where_it_is_written_down(name: str, entry: Canned) -> None:
    """A refusal without a known cause says so instead of pretending."""
    assert entry.source.strip(), name


@entries
def test_errors_have_the_documented_shape(name: str, entry: Canned) -> None:
    """Whatever is JSON and documented for creating an issue is as GitHub's description has it."""
    content_type = dict(entry.headers).get("Content-Type", "")
    if entry.status in DOCUMENTED and content_type.startswith("application/json"):
        assert_reply_matches("POST", ISSUES, entry.status, json.loads(entry.body))


def test_the_reset_lies_ahead() -> None:
    """Written as seconds from now, for no moment in a catalogue stays in the future."""
    reply = CATALOGUE["primary_user"].reply(START)

    assert reply.header("X-RateLimit-Remaining") == "0"
    assert int(reply.header("X-RateLimit-Reset") or 0) > START


def test_a_page_from_in_front_of_the_api_has_none_of_its_headers() -> None:
    """No limit, no JSON."""
    reply = CATALOGUE["unicorn_502"].reply(START)

    assert reply.headers == (("Content-Type", "text/html; charset=utf-8"),)


@pytest.mark.anyio
@entries
async def test_a_fault_answers_an_entry(
    sandbox: SandboxClient, github: httpx.AsyncClient, name: str, entry: Canned
) -> None:
    """Status, headers and body arrive as they are in the catalogue, and nothing is created."""
    await sandbox.add_fault(CannedAnswer(name=name), match=Match(method="POST"))
    reply = await github.post("repos/org/team-a/issues", json={"title": "x"})

    assert (reply.status_code, reply.content) == (entry.status, entry.body)
    assert dict(entry.headers).items() <= _headers_named(reply, entry).items()
    assert (await sandbox.state()).repositories["org/team-a"].issues == ()


@pytest.mark.anyio
async def test_an_entry_can_come_after_the_effect_and_with_other_headers(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """A 502 for something that was done, and a limit that ends sooner."""
    headers = {"retry-after": "2"}
    await sandbox.add_fault(
        CannedAnswer(name="secondary_content_429", after=True, headers=headers),
        match=Match(method="POST"),
    )
    reply = await github.post("repos/org/team-a/issues", json={"title": "x"})

    assert (reply.status_code, reply.headers.get_list("Retry-After")) == (429, ["2"])
    assert await sandbox.wait(created=1)


@pytest.mark.anyio
async def test_a_misspelt_entry_is_refused(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """With the names that there are."""
    fault: dict[str, Any] = {"action": {"kind": "canned", "name": "secondary"}}
    reply = await github.post(f"{sandbox.base_url}/_sandbox/faults", json=fault)

    assert reply.status_code == 400
    assert "secondary_content" in reply.text


def _headers_named(reply: httpx.Response, entry: Canned) -> dict[str, str]:
    return {name: reply.headers.get(name, "") for name, _ in entry.headers}
