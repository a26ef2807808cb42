"""A repository is addressed by its id where the server offers that, and checked where it does not; over real HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.core.ids import TargetId
from monarch.core.outcome import Accepted, Code, Created, Found, Permanent, Transient
from monarch.core.ticket import Label, Milestone, Repository
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import RepositoryChange
from monarch.sandbox.faults import Answer, Match
from monarch.sandbox.process import running_sandbox
from tests.adapters.github.builders import (
    DRAFT,
    PATIENT,
    TARGET,
    as_bytes,
    github,
    repository_json,
    yes,
)
from tests.sandbox.world import a_seed

NAME, OTHER = "org/team-a", "org/team-b"


class NoIds(httpx.AsyncHTTPTransport):
    """The way to a server that has no addresses by id; `asked` is every call, such as `GET /user`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self.asked.append(f"{request.method} {request.url.path}")
        if "/repositories/" in request.url.path:
            return httpx.Response(404, json={"message": "Not Found"})
        return await super().handle_async_request(request)


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxClient]:
    """A seeded stand-in, with another team."""
    async with running_sandbox() as client:
        await client.seed(a_seed())
        await client.seed(
            a_seed().model_validate(
                {"repositories": [{"full_name": OTHER, "collaborators": {"bot": "write"}}]}
            )
        )
        yield client


async def found(client: HttpGitHub, name: str = NAME) -> Repository:
    """The repository of that name."""
    answer = await client.read_repository(name)
    assert isinstance(answer, Found)
    return answer.value


async def regenerate(sandbox: SandboxClient) -> None:
    """It is deleted, and made anew under the same name."""
    await sandbox.delete_repository(NAME)
    await sandbox.seed(
        a_seed().model_validate(
            {"repositories": [{"full_name": NAME, "collaborators": {"bot": "write"}}]}
        )
    )


async def swap(sandbox: SandboxClient) -> None:
    """It is renamed, and the other team takes its name."""
    await sandbox.update_repository(RepositoryChange(repo=NAME, rename_to="org/aside"))
    await sandbox.update_repository(RepositoryChange(repo=OTHER, rename_to=NAME))


CALLS: dict[str, Callable[[HttpGitHub, Repository], Awaitable[Any]]] = {
    "list_issues": lambda client, here: client.list_issues(here),
    "list_labels": lambda client, here: client.list_labels(here),
    "list_milestones": lambda client, here: client.list_milestones(here),
    "create_issue": lambda client, here: client.create_issue(here, DRAFT, yes),
    "create_label": lambda client, here: client.create_label(here, Label("x", "ededed", ""), yes),
    "create_milestone": lambda client, here: client.create_milestone(here, Milestone("x"), yes),
}


@pytest.mark.parametrize("call", CALLS)
async def test_what_was_deleted_and_generated_anew_is_not_found(
    sandbox: SandboxClient, call: str
) -> None:
    """Whatever bears its name by now: nothing is read of it, and nothing written into it."""
    async with HttpGitHub("ghp_bot", sandbox.github_url, patience=PATIENT) as client:
        here = await found(client)
        await regenerate(sandbox)

        answer = await CALLS[call](client, here)
        again = await client.find_repository(here.id, NAME)
        listing = await client.list_issues(await found(client))

    for outcome in (answer, again):
        assert isinstance(outcome, Permanent)
        assert outcome.code is Code.NOT_FOUND
    assert listing == Found(())


async def test_every_path_works_by_id_after_two_names_were_swapped(sandbox: SandboxClient) -> None:
    """The one that was found is written and read, and the other one is not touched."""
    async with HttpGitHub("ghp_bot", sandbox.github_url, patience=PATIENT) as client:
        here, other = await found(client), await found(client, OTHER)
        await swap(sandbox)

        first = await client.create_issue(here, DRAFT, yes)
        second = await client.create_issue(here, DRAFT, yes)
        assert isinstance(first, Created)
        assert isinstance(second, Created)
        edited = await client.edit_body(here, first.number, "text", yes)
        nested = await client.add_sub_issue(here, first.number, second.issue_id, yes)
        label = await client.create_label(here, Label("mine", "ededed", ""), yes)
        milestone = await client.create_milestone(here, Milestone("mine"), yes)
        read = await client.read_issue(here, first.number)
        labels = await client.list_labels(here)
        now = await client.find_repository(here.id, NAME)
        others = [await client.list_issues(other), await client.list_milestones(other)]

    assert [edited, nested, label, milestone] == [Accepted(), Accepted(), Accepted(), Accepted(1)]
    assert isinstance(read, Found)
    assert read.value.body == "text"
    assert isinstance(labels, Found)
    assert "mine" in {one.name for one in labels.value}
    assert isinstance(now, Found)
    assert (now.value.id, now.value.full_name) == (here.id, "org/aside")
    assert others == [Found(()), Found(())]


@pytest.mark.parametrize(
    "call", [name for name in CALLS if name not in {"list_labels", "list_milestones"}]
)
@pytest.mark.parametrize("deed", [regenerate, swap], ids=["regenerated", "swapped"])
async def test_a_server_without_addresses_by_id_is_asked_who_bears_the_name(
    sandbox: SandboxClient, call: str, deed: Callable[[SandboxClient], Awaitable[None]]
) -> None:
    """The same answer, and nothing is written into the other one."""
    network = NoIds()
    async with HttpGitHub(
        "ghp_bot", sandbox.github_url, patience=PATIENT, transport=network
    ) as client:
        here = await found(client)
        before = await CALLS["create_issue"](client, here)
        await deed(sandbox)

        answer = await CALLS[call](client, here)
        again = await client.find_repository(here.id, NAME)
        listing = await client.list_issues(await found(client))

    assert isinstance(before, Created)
    for outcome in (answer, again):
        assert isinstance(outcome, Permanent)
        assert outcome.code is Code.NOT_FOUND
    assert listing == Found(())
    assert sum("/repositories/" in one for one in network.asked) == 1


async def test_whether_a_server_has_addresses_by_id_is_asked_once(sandbox: SandboxClient) -> None:
    """Of the first repository that is found."""
    network = NoIds()
    async with HttpGitHub(
        "ghp_bot", sandbox.github_url, patience=PATIENT, transport=network
    ) as client:
        for name in (NAME, OTHER, NAME):
            await found(client, name)

    assert sum("/repositories/" in one for one in network.asked) == 1


def by_path(answers: dict[str, httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
    """Answers by the beginning of the path; 404 for all else."""

    def answer(request: httpx.Request) -> httpx.Response:
        for path, given in answers.items():
            if request.url.path.startswith(path):
                return httpx.Response(
                    given.status_code, headers=given.headers, content=given.content
                )
        return httpx.Response(404, json={"message": "Not Found"})

    return answer


async def test_nothing_is_learned_from_a_fault() -> None:
    """It is asked again before anything is read or written by name."""
    answers = {
        "/repositories/77": httpx.Response(502),
        "/repos/org/team-a": httpx.Response(200, content=as_bytes(repository_json())),
    }
    client = github(by_path(answers))

    first = await client.read_repository(NAME)
    answers["/repositories/77"] = answers["/repos/org/team-a"]
    second = await client.read_repository(NAME)

    assert isinstance(first, Transient)
    assert isinstance(second, Found)


async def test_an_answer_by_id_that_is_about_another_one_is_not_believed() -> None:
    """An id names one repository."""
    other = httpx.Response(200, content=as_bytes(repository_json(id=78)))
    client = github(by_path({"/repositories/77": other, "/repos/org/team-a": other}))

    answer = await client.find_repository(TargetId(77), NAME)

    assert isinstance(answer, Permanent)
    assert answer.code is Code.NOT_FOUND


async def test_a_page_of_another_repository_ends_the_listing() -> None:
    """The link to it names an id that is not ours."""
    link = '<https://api.github.example/repositories/78/issues?page=2>; rel="next"'
    page = httpx.Response(200, headers={"link": link}, content=b"[]")
    client = github(by_path({"/repos/org/team-a/issues": page}))

    assert isinstance(await client.list_issues(TARGET), Transient)


async def test_the_stand_in_tells_a_call_by_id_by_the_name_as_well(sandbox: SandboxClient) -> None:
    """As long as it has had no other; so that a fault for a repository's calls, and who looks for them, need not know how they are addressed."""
    fault = await sandbox.add_fault(
        Answer(status=410, body="{}"),
        match=Match(method="GET", path_regex=f"^/repos/{OTHER}/issues$"),
    )
    async with HttpGitHub("ghp_bot", sandbox.github_url, patience=PATIENT) as client:
        here = await found(client, OTHER)
        listing = await client.list_issues(here)
        await client.create_issue(here, DRAFT, yes)

    assert isinstance(listing, Permanent)
    (call,) = [entry for entry in await sandbox.log() if entry.fault == fault]
    assert (call.path, call.asked) == (f"/repos/{OTHER}/issues", f"/repositories/{here.id}/issues")
    assert len(await sandbox.writes(OTHER)) == 1
