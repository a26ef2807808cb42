"""The administrator's API, through its typed client and over a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from monarch.sandbox.control.client import SandboxError
from monarch.sandbox.control.seed import IssueChange, RepositoryChange, Seed
from monarch.sandbox.faults import Hold

if TYPE_CHECKING:
    import httpx

    from monarch.sandbox.control.client import SandboxClient


ISSUES = "repos/org/team-a/issues"


async def test_the_state_shows_everything(
    sandbox: SandboxClient, github: httpx.AsyncClient, slack: httpx.AsyncClient
) -> None:
    """Repositories with issues in order, and messages with their edits."""
    await github.post(ISSUES, json={"title": "Copy", "body": "B", "labels": ["bug"]})
    ts = (await slack.post("chat.postMessage", json={"channel": "C1", "text": "a"})).json()["ts"]
    await slack.post("chat.update", data={"channel": "C1", "ts": ts, "text": "b"})
    state = await sandbox.state()

    [copy] = state.repositories["org/team-a"].issues
    assert (copy.number, copy.title, copy.body, copy.author) == (1, "Copy", "B", "bot")
    assert (copy.labels, copy.by_api) == (("bug",), True)
    template = state.repositories["org/template"]
    assert [issue.number for issue in template.issues] == [1, 2, 3, 4]
    assert template.issues[0].milestone == "Sprint 1"
    [message] = state.slack_messages
    assert (message.channel, message.text, message.edits) == ("C1", "b", ("a",))


async def test_the_log_has_every_call_in_order(
    sandbox: SandboxClient, github: httpx.AsyncClient, slack: httpx.AsyncClient
) -> None:
    """With who called, what was sent and what was answered; control calls are not in it."""
    await github.get(f"{ISSUES}?state=all")
    await github.post(ISSUES, json={"title": "Copy"})
    await github.post(ISSUES, content=b"{", headers={"Authorization": "Bearer no"})
    await slack.post("auth.test")
    log = await sandbox.log()

    assert [(e.n, e.api, e.method, e.path, e.status, e.account) for e in log] == [
        (1, "github", "GET", f"/{ISSUES}", 200, "bot"),
        (2, "github", "POST", f"/{ISSUES}", 201, "bot"),
        (3, "github", "POST", f"/{ISSUES}", 401, None),
        (4, "slack", "POST", "/auth.test", 200, "U0MONARCH"),
    ]
    assert log[0].query == {"state": "all"}
    assert [entry.body for entry in log] == [None, {"title": "Copy"}, "{", None]


async def test_a_wait_ends_when_it_happens(
    sandbox: SandboxClient, github: httpx.AsyncClient, slack: httpx.AsyncClient
) -> None:
    """All waits below are met by one issue and one message, not by time."""
    met: list[bool] = []

    async def wait(**wanted: int | str) -> None:
        met.append(await sandbox.wait(timeout_seconds=10, **wanted))  # type: ignore[arg-type]  # a table of conditions

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: wait(created=1))
        group.start_soon(lambda: wait(created=1, repo="org/Team-A"))
        group.start_soon(lambda: wait(calls=1, method="POST", path_regex="issues$", status=201))
        group.start_soon(lambda: wait(slack_messages=1, channel="C1"))
        group.start_soon(lambda: wait(slack_text="done", created=1))
        await github.post(ISSUES, json={"title": "x"})
        await slack.post("chat.postMessage", json={"channel": "C1", "text": "all done"})

    assert met == [True] * 5


async def test_a_wait_in_vain_says_so(sandbox: SandboxClient) -> None:
    """Each condition that does not hold; the stand-in answers, nothing is raised."""

    async def wait(**wanted: int | str) -> bool:
        return await sandbox.wait(timeout_seconds=0, **wanted)  # type: ignore[arg-type]  # a table of conditions

    assert not await wait(created=1)
    assert not await wait(created=1, repo="org/nowhere")
    assert not await wait(calls=1)
    assert not await wait(slack_messages=1)
    assert not await wait(slack_text="")
    assert not await wait(fault=1)


async def test_settings_change_in_part(sandbox: SandboxClient, github: httpx.AsyncClient) -> None:
    """The rest stays, what is wrong changes nothing."""
    await sandbox.settings(content_per_minute=1)
    settings = await sandbox.settings(time_scale=60)
    with pytest.raises(SandboxError, match="no_such_setting"):
        await sandbox.settings(no_such_setting=1, time_scale=1)

    assert (settings.content_per_minute, settings.time_scale) == (1, 60)
    assert await sandbox.settings() == settings
    statuses = [(await github.post(ISSUES, json={"title": "x"})).status_code for _ in range(2)]
    assert statuses == [201, 403]
    assert (await sandbox.state()).rejected == {"content": 1}


async def test_concurrency_counts_calls_under_way(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """A held call takes its place."""
    await sandbox.settings(concurrent=1)
    fault = await sandbox.add_fault(Hold(after=True))
    async with anyio.create_task_group() as group:
        group.start_soon(github.get, ISSUES)
        assert await sandbox.wait(fault=fault)
        assert (await github.get(ISSUES)).status_code == 403
        await sandbox.release(fault)

    assert (await github.get(ISSUES)).status_code == 200


async def test_an_owner_deletes_transfers_renames_and_archives(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """What people do while a copier is at work."""
    await sandbox.delete_issue("org/template", 1)
    number = await sandbox.transfer_issue("org/template", 3, "org/team-a")
    await sandbox.update_repository(RepositoryChange(repo="org/team-a", rename_to="org/team-z"))
    await sandbox.update_repository(
        RepositoryChange(
            repo="org/public",
            archived=True,
            hidden_from_lists=(1,),
            listing_lag_seconds=3,
            collaborators={"bot": "admin"},
        )
    )
    await sandbox.delete_repository("org/private")
    state = await sandbox.state()

    assert state.repositories["org/template"].deleted == (1,)
    assert [i.number for i in state.repositories["org/team-z"].issues] == [number]
    assert state.repositories["org/public"].archived
    assert "org/private" not in state.repositories
    assert (await github.get("repos/org/team-a")).status_code == 301
    followed = await github.get("repos/org/team-a/issues", follow_redirects=True)
    assert [issue["title"] for issue in followed.json()] == ["Third"]


async def test_a_reset_forgets_everything(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """State, log, settings, faults; held calls go."""
    await sandbox.settings(time_scale=60)
    await sandbox.add_fault(Hold())
    async with anyio.create_task_group() as group:
        group.start_soon(github.get, ISSUES)
        assert await sandbox.wait(pending=1)
        await sandbox.reset()

    state = await sandbox.state()
    assert (state.repositories, state.slack_messages) == ({}, ())
    assert (await sandbox.log(), await sandbox.faults()) == ([], [])
    assert (await sandbox.settings()).time_scale == 1


async def test_seeding_adds(sandbox: SandboxClient) -> None:
    """Issues of a later seed follow; a number may leave a gap."""
    more = {
        "repositories": [
            {"full_name": "org/team-a", "issues": [{"title": "A"}, {"title": "B", "number": 7}]}
        ]
    }
    await sandbox.seed(Seed.model_validate(more))

    issues = (await sandbox.state()).repositories["org/team-a"].issues
    assert [(issue.number, issue.title, issue.by_api) for issue in issues] == [
        (1, "A", False),
        (7, "B", False),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("seed", b'{"repos": []}', 400),
        ("seed", b"{", 400),
        (
            "seed",
            b'{"repositories": [{"full_name": "a/b", "issues": [{"title": "x", "milestone": "M"}]}]}',
            400,
        ),
        (
            "seed",
            b'{"repositories": [{"full_name": "org/template", "issues": [{"title": "x", "number": 2}]}]}',
            400,
        ),
        ("faults", b'{"action": {"kind": "explode"}}', 400),
        ("settings", b"{", 400),
        ("faults/9/release", b"", 404),
        ("issues/delete", b'{"repo": "org/nowhere", "number": 1}', 400),
        ("issues/delete", b'{"repo": "org/template", "number": 99}', 400),
        ("issues/transfer", b'{"repo": "org/template", "number": 99, "to": "org/team-a"}', 400),
        # The repository had half a name after that, and the next renaming ended in a traceback.
        ("repositories/update", b'{"repo": "org/team-a", "rename_to": "team-z"}', 400),
        ("repositories/update", b'{"repo": "org/team-a", "rename_to": "org/template"}', 400),
    ],
)
async def test_a_wrong_wish_is_refused_with_its_reason(
    sandbox: SandboxClient, github: httpx.AsyncClient, path: str, body: bytes, status: int
) -> None:
    """A misspelt key is a mistake, never ignored."""
    reply = await github.post(f"{sandbox.base_url}/_sandbox/{path}", content=body)

    assert reply.status_code == status
    assert reply.json()["error"]


async def test_the_state_knows_who_bore_a_name_when(sandbox: SandboxClient) -> None:
    """By id: a name may lead to another repository afterwards, and a deleted one is still shown."""
    await sandbox.update_repository(RepositoryChange(repo="org/team-a", rename_to="org/team-b"))
    made = await sandbox.seed(Seed.model_validate({"repositories": [{"full_name": "org/Team-A"}]}))
    await sandbox.delete_repository("org/team-b")
    state = await sandbox.state()

    [gone] = state.gone
    ours = [one for one in state.namings if one.full_name in {"org/team-a", "org/team-b"}]
    assert [(one.full_name, one.repository, one.former) for one in ours] == [
        ("org/team-a", gone.id, False),
        ("org/team-a", gone.id, True),
        ("org/team-b", gone.id, False),
        ("org/team-a", made["org/Team-A"], False),
    ]
    assert [one.until is None for one in ours] == [False, False, False, True]
    assert ours[2].until == gone.removed_at


async def test_the_state_remembers_what_people_changed_and_deleted(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """A judge knows a copy by what it was made as, not by what became of it."""
    await github.post(ISSUES, json={"title": "Copy", "body": "B"})
    await github.post(ISSUES, json={"title": "Other", "body": "C"})
    change = IssueChange(repo="org/team-a", number=1, title="Mine", further_comments=2)
    await sandbox.update_issue(change)
    await sandbox.update_issue(IssueChange(repo="org/team-a", number=1, body="D", state="closed"))
    await sandbox.delete_issue("org/team-a", 2)
    team = (await sandbox.state()).repositories["org/team-a"]

    assert team.issues[0].former == (("Copy", "B"), ("Mine", "B"))
    assert (await github.get(f"{ISSUES}/1")).json()["comments"] == 2
    assert team.issues[0].closed_at is not None
    assert [(one.number, one.title) for one in team.removed] == [(2, "Other")]
    with pytest.raises(SandboxError, match="has no issue 2"):
        await sandbox.update_issue(IssueChange(repo="org/team-a", number=2, state="open"))
