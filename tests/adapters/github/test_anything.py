"""Whatever comes back, the port answers with an outcome: nothing is raised."""

import string
from typing import get_args

import anyio
import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from monarch.core.github.reply import Reply
from monarch.core.outcome import (
    Absent,
    Created,
    DetailOutcome,
    Found,
    ReadFailure,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.ticket import Label, Milestone
from tests.adapters.github.builders import (
    DRAFT,
    TARGET,
    as_bytes,
    github,
    issue_json,
    repository_json,
    yes,
)
from tests.adapters.github.hub import APP

NAMES = st.sampled_from(
    [
        "Location",
        "Link",
        "Retry-After",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Date",
        "Content-Type",
        "Content-Encoding",
        "Set-Cookie",
        "X-GitHub-SSO",
    ]
)
VALUES = st.text(string.printable, max_size=40) | st.sampled_from(
    ["gzip", "<:::>; rel=next", "</next>; rel=next", "http://[::1", "0", "//", "https://a:99999/"]
)
BODIES = st.binary(max_size=60) | st.sampled_from(
    [as_bytes(issue_json()), as_bytes([issue_json()]), as_bytes(repository_json()), b"[]", b"null"]
)
REPLIES = st.builds(
    Reply, st.integers(200, 999), st.dictionaries(NAMES, VALUES, max_size=3), BODIES
)


def answer_with(reply: Reply) -> httpx.MockTransport:
    """Give the same answer to everything."""
    return httpx.MockTransport(
        lambda _: httpx.Response(
            reply.status,
            headers=[(k.encode(), v.encode()) for k, v in reply.headers.items()],
            stream=httpx.ByteStream(reply.body),
        )
    )


@settings(deadline=None)
@given(REPLIES)
def test_any_answer_to_a_read_is_an_outcome(reply: Reply) -> None:
    """Status, headers and body may be anything."""

    async def read() -> None:
        client = github(answer_with(reply).handler)  # type: ignore[arg-type]  # the handler of a mock may be async too; this one is not
        answers = [
            await client.credential("org/team-a"),
            await client.read_repository("org/team-a"),
            await client.read_issue(TARGET, 1),
            await client.list_labels(TARGET),
            await client.list_milestones(TARGET),
            await client.list_issue_types(TARGET),
        ]

        assert all(isinstance(each, (Found, Absent, *get_args(ReadFailure))) for each in answers)

    anyio.run(read)


@settings(deadline=None)
@given(REPLIES)
def test_any_answer_to_a_write_is_an_outcome(reply: Reply) -> None:
    """And only a 201 creates; a 5xx proves nothing."""

    async def write() -> None:
        client = github(answer_with(reply).handler)  # type: ignore[arg-type]  # see above
        outcome = await client.create_issue(TARGET, DRAFT, yes)

        assert isinstance(outcome, get_args(WriteOutcome))
        assert not isinstance(outcome, Withheld)
        assert not isinstance(outcome, Created) or reply.status == 201
        assert reply.status < 500 or isinstance(outcome, Unknown)

    anyio.run(write)


@settings(deadline=None)
@given(REPLIES)
def test_any_answer_to_any_other_write_is_an_outcome(reply: Reply) -> None:
    """And none of them an issue."""

    async def write() -> None:
        client = github(answer_with(reply).handler)  # type: ignore[arg-type]  # see above
        outcomes = [
            await client.create_label(TARGET, Label("a", "ededed", ""), yes),
            await client.create_milestone(TARGET, Milestone("a"), yes),
            await client.edit_body(TARGET, 1, "text", yes),
            await client.add_sub_issue(TARGET, 1, 1001, yes),
        ]

        for outcome in outcomes:
            assert isinstance(outcome, get_args(DetailOutcome))
            assert not isinstance(outcome, Withheld)
            assert reply.status < 500 or isinstance(outcome, Unknown)

    anyio.run(write)


@settings(deadline=None)
@given(REPLIES)
def test_any_answer_to_an_app_is_an_outcome(reply: Reply) -> None:
    """To whatever it asks first, and a write among it."""

    async def ask() -> None:
        client = github(answer_with(reply).handler, None, app=APP)  # type: ignore[arg-type]  # see above
        assert isinstance(await client.credential("org/team-a"), (Found, *get_args(ReadFailure)))
        assert isinstance(await client.create_issue(TARGET, DRAFT, yes), get_args(WriteOutcome))

    anyio.run(ask)
