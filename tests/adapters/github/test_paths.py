"""No request ever leaves for anything but the repository that was named, and the token goes to no other host."""

import json
import re
from dataclasses import replace

import anyio
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monarch.adapters.github.client import HttpGitHub
from monarch.core.outcome import Accepted, Created, Found, Transient
from monarch.core.request.message import Request, parse_message
from monarch.core.request.refs import BadRef, parse_ref
from monarch.core.request.rules import Rules
from monarch.core.ticket import Label, Milestone
from tests.adapters.github.builders import (
    API,
    DRAFT,
    PATIENT,
    TARGET,
    TOKEN,
    Always,
    HandClock,
    as_bytes,
    github,
    issue_json,
    repository_json,
    yes,
)
from tests.adapters.github.hub import Hub

PATHS = re.compile(
    r"(?:/repositories/77|/repos/[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,100})"
    r"(?:/issues(?:/\d+(?:/sub_issues)?)?|/labels|/milestones|/issue-types|/installation)?"
)
BESIDE = re.compile(
    r"/user|/app/installations/\d+/access_tokens|/(?:orgs|users)/[A-Za-z0-9][A-Za-z0-9_-]{0,38}/installation"
)
QUERIES = {
    b"",
    b"state=all&sort=created&direction=asc&per_page=100",
    b"per_page=100",
    b"state=all&per_page=100",
}
HOSTILE = (
    "../../user",
    "org/..",
    "org/.",
    "org/../../user",
    "org/team/../../user",
    "org/%2e%2e",
    "org/team%2Fissues",
    "org%2Fteam",
    "org/team?per_page=1",
    "org/team#x",
    "org/team;x=1",
    "org//team",
    "/org/team",
    "//evil.example/org/team",
    "https://evil.example/org/team",
    "https://github.com@evil.example/org/team",
    "https://github.com:443@evil.example/org/team",
    "https://github.com/org/team/../../user",
    "https://github.com/org/team/tree/../../../user",
    "https://github.com/org%2F..%2F/x",
    "https://github.com\\@evil.example/org/team",
    "git@github.com:../user",
    "git@evil.example:org/team",
    "ssh://git@github.com/../user",
    "org/team\r\nHost: evil.example",
    "org/team HTTP/1.1",
    "org/team\u0000",
    "org/te\u0430m",
    "org/team\u2024\u2024",
    "\uff0e\uff0e/\uff0e\uff0e",
    "${jndi:x}/team",
    "org/" + "a" * 101,
    "a" * 40 + "/team",
)
PIECES = st.lists(
    st.sampled_from(
        [
            "org",
            "team",
            "/",
            "..",
            ".",
            "%2e",
            "%2F",
            "?",
            "#",
            "@",
            ":",
            "\\",
            " ",
            "\r\n",
            ".git",
            "https://",
            "http:",
            "git@",
            "github.com",
            "evil.example",
            "tree",
            "issues",
            "\u0430",
            "~",
        ]
    ),
    max_size=9,
).map("".join)
NAMES = st.text(max_size=20) | PIECES | st.sampled_from(HOSTILE)


class Recorder:
    """Answers everything as GitHub would, and keeps what was asked."""

    def __init__(self, full_name: str = "org/team-a") -> None:
        self.asked: list[httpx.Request] = []
        self._full_name = full_name

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request)
        if request.method == "POST":
            return httpx.Response(201, content=as_bytes(issue_json(name="a")))
        if request.url.path.endswith(("/labels", "/milestones", "/issue-types")):
            return httpx.Response(200, content=b"[]")
        if request.url.path.endswith("/issues"):
            return httpx.Response(200, content=as_bytes([issue_json()]))
        if "/issues/" in request.url.path:
            return httpx.Response(200, content=as_bytes(issue_json()))
        return httpx.Response(200, content=as_bytes(repository_json(full_name=self._full_name)))

    def hold(self) -> None:
        """Every request went to the API itself, to a path that is a repository's and nothing else."""
        for request in self.asked:
            raw_path, _, query = request.url.raw_path.partition(b"?")
            assert f"{request.url.scheme}://{request.url.host}" == API
            assert request.url.port is None
            assert request.headers["Host"] == request.url.host
            assert PATHS.fullmatch(raw_path.decode("ascii")), raw_path
            assert query in QUERIES


async def ask_everything(recorder: Recorder, name: str) -> None:
    """Everything that is ever asked about a repository of that name."""
    client = github(recorder)
    repository = replace(TARGET, full_name=name)
    await client.read_repository(name)
    await client.list_issues(repository)
    await client.read_issue(repository, 1)
    await client.list_labels(repository)
    await client.list_milestones(repository)
    await client.list_issue_types(repository)
    assert isinstance(await client.create_issue(repository, DRAFT, yes), Created)
    writes = [
        await client.create_label(repository, Label("a", "ededed", ""), yes),
        await client.create_milestone(repository, Milestone("a"), yes),
        await client.edit_body(repository, 1, "text", yes),
        await client.add_sub_issue(repository, 1, 1001, yes),
    ]
    assert writes == [Accepted(), Accepted(1), Accepted(), Accepted()]


@settings(deadline=None)
@given(NAMES)
@example("org/team")
def test_a_name_is_refused_or_is_the_whole_path(name: str) -> None:
    """Handed to the adapter as it is, past every parser: nothing is sent for what is no `owner/repo`."""
    recorder = Recorder()
    try:
        anyio.run(ask_everything, recorder, name)
    except BadRef:
        assert recorder.asked == []
    recorder.hold()
    for request in recorder.asked:
        assert request.url.path.startswith((f"/repos/{name}", "/repositories/77"))


@settings(deadline=None)
@given(NAMES)
@example("org/team")
def test_a_name_leads_an_app_nowhere_else_either(name: str) -> None:
    """What it asks about installations stands in paths as well."""
    hub = Hub(HandClock())
    try:
        anyio.run(hub.client().credential, name)
    except BadRef:
        assert not hub.asked
    for path in hub.asked:
        assert PATHS.fullmatch(path) or BESIDE.fullmatch(path), path


@settings(deadline=None)
@given(NAMES, NAMES)
@example("https://github.com/org/t.git", "git@github.com:org/team")
def test_whatever_a_message_names_only_its_repositories_are_asked(source: str, target: str) -> None:
    """From the bytes of the message to the bytes of the path."""
    payload = {"source_repo": source, "all_target_repositories": [target]}
    read = parse_message(json.dumps(payload).encode(), Rules())
    if not isinstance(read, Request):
        return
    for ref in (read.source, *read.targets):
        recorder = Recorder()
        anyio.run(ask_everything, recorder, ref.full_name)
        recorder.hold()
        first, *others = (asked.url.path for asked in recorder.asked)
        assert first == f"/repos/{ref.full_name}"
        assert all(path.startswith("/repositories/77") for path in others)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_name_is_a_repository(name: str) -> None:
    """The list that attackers try first."""
    with pytest.raises(BadRef):
        parse_ref(name)


@pytest.mark.parametrize("full_name", [*HOSTILE, "org/team/x", "org", "", "org/team.git"])
async def test_a_canonical_name_that_is_none_is_not_believed(full_name: str) -> None:
    """GitHub's own answers are read with the same suspicion: what they name is put into paths."""
    recorder = Recorder(full_name)

    answer = await github(recorder).read_repository("org/team")

    assert isinstance(answer, Transient)
    recorder.hold()


ELSEWHERE = (
    "https://evil.example/repositories/77",
    "//evil.example/repositories/77",
    "http://api.github.example/repositories/77",
    "https://api.github.example:8443/repositories/77",
    "https://api.github.example.evil.example/repositories/77",
    "https://api.github.example@evil.example/repositories/77",
    "https://me:secret@api.github.example/repositories/77",
    "https:\\\\evil.example/repositories/77",
    "ftp://api.github.example/x",
    "data:,{}",
    "",
)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
async def test_no_answer_leads_the_token_away(status: int, elsewhere: str) -> None:
    """By a redirect of whatever kind, or by the link to a next page."""
    asked: list[httpx.Request] = []

    def lead_away(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path.endswith("/issues") and request.method == "GET":
            link = f'<{elsewhere}>; rel="next"'
            return httpx.Response(200, headers={"Link": link}, content=as_bytes([issue_json()]))
        return httpx.Response(status, headers={"Location": elsewhere}, content=b"{}")

    client = github(lead_away)
    answers = [
        await client.read_repository("org/team-a"),
        await client.list_issues(TARGET),
        await client.read_issue(TARGET, 1),
        await client.create_issue(TARGET, DRAFT, yes),
    ]

    assert not any(isinstance(answer, Found | Created) for answer in answers)
    assert {
        (str(r.url.copy_with(path="/", query=None)), r.headers["Authorization"]) for r in asked
    } == {(f"{API}/", f"Bearer {TOKEN}")}
    assert [request.method for request in asked].count("POST") == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 503])
async def test_a_refusal_that_repeats_the_token_is_quoted_without_it(status: int) -> None:
    """A token of whatever shape: some proxies show the headers of the request in their error pages."""
    token = "no-shape-of-its-own-0123456789"
    body = as_bytes({"message": f"you sent {token}", "errors": [f"token {token}"]})
    headers = {"X-GitHub-Request-Id": token, "Location": token}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, content=body))
    client = HttpGitHub(token, API, transport=transport, patience=PATIENT)

    answers = [
        await client.credential("org/team-a"),
        await client.read_repository("org/team-a"),
        await client.create_issue(TARGET, DRAFT, yes),
    ]

    assert not any(token in repr(answer) for answer in answers)
    assert all("you sent ***" in repr(answer) for answer in answers)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_write_follows_no_redirect_not_even_at_home(status: int) -> None:
    """A repository that was renamed between the look and the write is looked up again first."""
    redirect = Always(status, headers={"Location": f"{API}/repositories/77/issues"})

    outcome = await github(redirect).create_issue(TARGET, DRAFT, yes)

    assert isinstance(outcome, Transient)
    assert [request.url.path for request in redirect.asked] == ["/repos/org/team-a/issues"]
