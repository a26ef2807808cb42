"""All writes.

Each write is sent once, by `adapters.http_send`, which knows whether its bytes left:

```
`may_send` said no                     Withheld      nothing left
no pass, or no connection in time      Transient, or why there is no pass; nothing left
the documented success, as asked       Created, Accepted
an answer that refuses or redirects    core.github.classify (certainly not done, unless it is a 5xx)
anything else after the first byte     Unknown       it may be done
```

One deadline covers all of it, including asking for a pass.

A write goes to the repository's id if the server offers that. If it does not, the name is checked right before the write
to still lead to that id; then one write can still go astray, in the round trip between the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio
import httpx

from monarch.adapters.github import bodies
from monarch.adapters.github.addresses import Addresses
from monarch.adapters.github.auth.passes import Pass, Passes
from monarch.adapters.github.finder import Finder
from monarch.adapters.github.outcomes import Success, detail_outcome, issue_outcome
from monarch.adapters.github.wire import read_object
from monarch.adapters.http_send import NeverLeft, Sent, send_once
from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.copy.render import Draft
from monarch.core.github.reply import Reply
from monarch.core.outcome import (
    Accepted,
    DetailOutcome,
    ReadFailure,
    Transient,
    WriteOutcome,
)
from monarch.core.ticket import Label, Milestone, Repository

_UNAUTHORIZED: Final = 401

MaySend = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Write:
    """What is sent; `path` is below the repository's own."""

    repository: Repository
    method: str
    path: str
    content: bytes


class Writes:
    """Writes that `passes` sign."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        passes: Passes,
        addresses: Addresses,
        finder: Finder,
        deadline_s: float,
    ) -> None:
        self._client = client
        self._passes = passes
        self._addresses = addresses
        self._finder = finder
        self._deadline_s = deadline_s

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: MaySend
    ) -> WriteOutcome:
        """See `ports.GitHub.create_issue`."""
        write = _Write(repository, "POST", "issues", bodies.of_issue(draft))
        return issue_outcome(await self._send(write, may_send), draft)

    async def create_label(
        self, repository: Repository, label: Label, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.create_label`."""
        write = _Write(repository, "POST", "labels", bodies.of_label(label))
        success = Success(201, lambda body: _accepted(body, "name", label.name))
        return await self._detail(write, may_send, success)

    async def create_milestone(
        self, repository: Repository, milestone: Milestone, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.create_milestone`."""
        write = _Write(repository, "POST", "milestones", bodies.of_milestone(milestone))
        return await self._detail(write, may_send, Success(201, _numbered))

    async def edit_body(
        self, repository: Repository, number: int, body: str, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.edit_body`."""
        write = _Write(repository, "PATCH", f"issues/{number:d}", bodies.of_text(body))
        return await self._detail(write, may_send, _shows("number", number))

    async def revise_issue(
        self, repository: Repository, number: int, edit: Edit, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.revise_issue`."""
        write = _Write(repository, "PATCH", f"issues/{number:d}", bodies.of_edit(edit))
        return await self._detail(write, may_send, _shows("number", number))

    async def change_state(
        self, repository: Repository, number: int, change: Change, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.change_state`."""
        state = "closed" if change is Change.CLOSE else "open"
        write = _Write(repository, "PATCH", f"issues/{number:d}", bodies.of_state(change))
        return await self._detail(write, may_send, _shows("state", state))

    async def add_sub_issue(
        self, repository: Repository, parent: int, child: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.add_sub_issue`."""
        path = f"issues/{parent:d}/sub_issues"
        write = _Write(repository, "POST", path, bodies.of_sub_issue(child))
        return await self._detail(write, may_send, _LINKED)

    async def add_blocker(
        self, repository: Repository, number: int, blocker: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub.add_blocker`."""
        path = f"issues/{number:d}/dependencies/blocked_by"
        write = _Write(repository, "POST", path, bodies.of_blocker(blocker))
        return await self._detail(write, may_send, _LINKED)

    async def _detail(self, write: _Write, may_send: MaySend, success: Success) -> DetailOutcome:
        return detail_outcome(await self._send(write, may_send), success)

    async def _send(self, write: _Write, may_send: MaySend) -> Sent | ReadFailure:
        """Send once; no code below repeats it or follows a redirect."""
        began = anyio.current_time()
        signed: Pass | ReadFailure | NeverLeft = NeverLeft("no pass in time")
        with anyio.move_on_after(self._deadline_s):
            signed = await self._prepared(write.repository)
        if not isinstance(signed, Pass):
            return signed
        url = self._addresses.below(write.repository, write.path)
        answer = await send_once(
            self._client,
            write.method,
            url,
            deadline_s=self._deadline_s - (anyio.current_time() - began),
            content=write.content,
            headers=signed.headers,
            may_send=may_send,
        )
        refused = isinstance(answer, Reply) and answer.status == _UNAUTHORIZED
        if refused and self._passes.refused(signed):
            return Transient(
                "GitHub refused the token of the App (401); the next call has a new one"
            )
        return answer

    async def _prepared(self, repository: Repository) -> Pass | ReadFailure:
        """What a write needs before it leaves."""
        signed = await self._passes.pass_for(repository.full_name)
        other = await self._finder.confirm(repository) if isinstance(signed, Pass) else None
        return signed if other is None else other


def _shows(name: str, value: str | int) -> Success:
    """An edited issue, as it was to become."""
    return Success(200, lambda reply: _accepted(reply, name, value), of_issue=True)


def _accepted(body: bytes, name: str, value: str | int) -> Accepted | None:
    """`Accepted` if the body is about what was written; names are compared without case."""
    shown = (read_object(body) or {}).get(name)
    same = shown.casefold() if isinstance(shown, str) else shown
    return Accepted() if same == (value.casefold() if isinstance(value, str) else value) else None


def _numbered(body: bytes) -> Accepted | None:
    number = (read_object(body) or {}).get("number")
    return Accepted(number) if isinstance(number, int) and number > 0 else None


def _is_issue(body: bytes) -> Accepted | None:
    """`Accepted` if the body is an issue; GitHub does not document whether it is the parent or the child."""
    shown = read_object(body) or {}
    return Accepted() if isinstance(shown.get("number"), int) else None


_LINKED: Final = Success(201, _is_issue, of_issue=True)
