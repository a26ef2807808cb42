"""The client against the stand-in, in a process of its own and over real HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.retries import Patience
from monarch.core.outcome import Absent, Code, Created, Found, Permanent, Unknown
from monarch.core.plan import make_plan
from monarch.core.ticket import Repository
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import RepositoryChange
from monarch.sandbox.faults import AnswerAfter, DropAfter, Match
from monarch.sandbox.process import running_sandbox
from monarch.stages.crossing.looks import Reading, read_whole
from tests.adapters.github.builders import DRAFT, yes
from tests.sandbox.world import a_seed

WRITES = Match(api="github", method="POST")
PATIENCE = Patience(try_s=5, all_s=10, wait_s=0)


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxClient]:
    """A seeded stand-in."""
    async with running_sandbox() as client:
        await client.seed(a_seed())
        yield client


@pytest.fixture
async def github(sandbox: SandboxClient) -> AsyncIterator[HttpGitHub]:
    """A client with a pusher's token."""
    async with HttpGitHub("ghp_bot", sandbox.github_url, patience=PATIENCE) as client:
        yield client


async def target(github: HttpGitHub, name: str = "org/team-a") -> Repository:
    """The repository to write to."""
    answer = await github.read_repository(name)
    assert isinstance(answer, Found)
    return answer.value


async def test_a_copy_is_created_listed_and_read(github: HttpGitHub) -> None:
    """The whole way of one ticket."""
    repository = await target(github)

    created = await github.create_issue(repository, DRAFT, yes)
    assert isinstance(created, Created)
    listing = await github.list_issues(repository)
    issue = await github.read_issue(repository, created.number)

    assert isinstance(issue, Found)
    assert issue.value.id == created.issue_id
    assert (issue.value.title, issue.value.body, issue.value.author) == ("A title", "A body", "bot")
    assert listing == Found((issue.value,))
    assert await github.read_issue(repository, created.number + 1) == Absent(taken=False)


async def test_a_template_is_read_with_all_that_it_holds(github: HttpGitHub) -> None:
    """Pull requests and closed issues are there and can be told."""
    listing = await github.list_issues(await target(github, "org/template"))

    assert isinstance(listing, Found)
    assert [(issue.title, issue.is_pull, issue.state) for issue in listing.value] == [
        ("First", False, "open"),
        ("A pull request", True, "open"),
        ("Third", False, "open"),
        ("Done", False, "closed"),
    ]


@pytest.mark.parametrize("cursors", [False, True])
async def test_every_page_is_read(
    sandbox: SandboxClient, github: HttpGitHub, cursors: bool
) -> None:
    """By number or by cursor: the links say how."""
    await sandbox.settings(cursor_links=cursors)
    issues = [{"title": f"Nr {n}"} for n in range(250)]
    seed = a_seed().model_validate({"repositories": [{"full_name": "org/big", "issues": issues}]})
    await sandbox.seed(seed)

    listing = await github.list_issues(await target(github, "org/big"))

    assert isinstance(listing, Found)
    assert [issue.number for issue in listing.value] == list(range(1, 251))


class Meanwhile(httpx.AsyncHTTPTransport):
    """The network; behind the first page of a listing a person closes or deletes an issue."""

    def __init__(self, change: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._change = change
        self._changed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        answer = await super().handle_async_request(request)
        if not self._changed and request.url.path.endswith("/issues"):
            self._changed = True
            await answer.aread()
            await self._change()
        return answer


@pytest.mark.parametrize("cursors", [False, True])
@pytest.mark.parametrize("deed", ["close", "delete"])
async def test_an_issue_closed_between_two_pages_hides_no_other_one(
    sandbox: SandboxClient, cursors: bool, deed: str
) -> None:
    """#101 moves from the second page to the first, which has been read; it was open all the time."""
    await sandbox.settings(cursor_links=cursors)
    issues = [{"title": f"Nr {n}"} for n in range(150)]
    seed = a_seed().model_validate({"repositories": [{"full_name": "org/big", "issues": issues}]})
    await sandbox.seed(seed)

    async def close() -> None:
        url, body = f"{sandbox.github_url}/repos/org/big/issues/3", {"state": "closed"}
        async with httpx.AsyncClient(headers={"Authorization": "Bearer ghp_admin"}) as person:
            (await person.patch(url, json=body)).raise_for_status()

    async def delete() -> None:
        await sandbox.delete_issue("org/big", 3)

    network = Meanwhile(close if deed == "close" else delete)
    async with HttpGitHub(
        "ghp_bot", sandbox.github_url, patience=PATIENCE, transport=network
    ) as github:
        reading = await read_whole(github, await target(github, "org/big"), lambda: None)

    assert isinstance(reading, Reading)
    plan = make_plan("org/big", reading.issues.values())
    assert {ticket.number for ticket in plan.tickets} >= set(range(1, 151)) - {3}


@pytest.mark.parametrize("deed", ["delete", "transfer"])
@pytest.mark.parametrize("on_record", [0, 35])
async def test_thirty_five_issues_that_are_gone_are_no_switched_off_issues(
    sandbox: SandboxClient, github: HttpGitHub, deed: str, on_record: int
) -> None:
    """410 and 301 are answers about an issue; of the repository GitHub says that its issues are on."""
    issues = [{"title": f"Nr {n}"} for n in range(35)]
    repositories = [{"full_name": "org/big", "issues": issues}, {"full_name": "org/attic"}]
    await sandbox.seed(a_seed().model_validate({"repositories": repositories}))
    for number in range(1, 36):
        if deed == "delete":
            await sandbox.delete_issue("org/big", number)
        else:
            await sandbox.transfer_issue("org/big", number, "org/attic")

    repository = await target(github, "org/big")
    reading = await read_whole(github, repository, lambda: None, on_record)

    assert reading == Reading({}, 35, frozenset(range(1, 36)))


@pytest.mark.parametrize("action", [DropAfter(), AnswerAfter()])
async def test_a_write_that_was_done_and_not_answered_is_unknown_and_done_once(
    sandbox: SandboxClient, github: HttpGitHub, action: DropAfter | AnswerAfter
) -> None:
    """The issue is there, and only one of it."""
    repository = await target(github)
    await sandbox.add_fault(action, match=WRITES)

    outcome = await github.create_issue(repository, DRAFT, yes)
    listing = await github.list_issues(repository)

    assert isinstance(outcome, Unknown)
    assert isinstance(listing, Found)
    assert len(listing.value) == 1


async def test_a_renamed_target_stays_the_target(
    sandbox: SandboxClient, github: HttpGitHub
) -> None:
    """It was found once, and is written and read by its id from then on."""
    before = await target(github)
    created = await github.create_issue(before, DRAFT, yes)
    assert isinstance(created, Created)
    await sandbox.update_repository(RepositoryChange(repo="org/team-a", rename_to="org/team-z"))

    written = await github.create_issue(before, DRAFT, yes)
    read = await github.read_issue(before, created.number)
    after = await target(github)

    assert isinstance(written, Created)
    assert isinstance(read, Found)
    assert after.full_name == "org/team-z"
    assert after.id == before.id


async def test_deleted_and_transferred_issues_are_numbers_taken(
    sandbox: SandboxClient, github: HttpGitHub
) -> None:
    """Both were used once and will not be again."""
    repository = await target(github)
    for _ in range(2):
        await github.create_issue(repository, DRAFT, yes)
    await sandbox.delete_issue("org/team-a", 1)
    await sandbox.transfer_issue("org/team-a", 2, "org/public")

    assert await github.read_issue(repository, 1) == Absent(taken=True)
    assert await github.read_issue(repository, 2) == Absent(taken=True)


@pytest.mark.parametrize(
    ("name", "code"), [("org/archived", Code.ARCHIVED), ("org/no-issues", Code.ISSUES_DISABLED)]
)
async def test_refusals_say_why(github: HttpGitHub, name: str, code: Code) -> None:
    """Each by its own code."""
    outcome = await github.create_issue(await target(github, name), DRAFT, yes)

    assert isinstance(outcome, Permanent)
    assert outcome.code is code


@pytest.mark.parametrize(("token", "account"), [("ghp_bot", "user:"), ("ghs_app", "token:")])
async def test_every_kind_of_token_has_an_account(
    sandbox: SandboxClient, token: str, account: str
) -> None:
    """An installation's is its token."""
    async with HttpGitHub(token, sandbox.github_url) as client:
        answer = await client.credential("org/team-a")

    assert isinstance(answer, Found)
    assert answer.value.account.startswith(account)
