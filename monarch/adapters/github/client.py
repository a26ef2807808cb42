"""GitHub as the stages see it (`ports.GitHub`).

*Receives a question or one issue to create, sends it, and says what became of it*, as an outcome and
never as an exception. Reads may be repeated (`reading`); a write is sent once by `adapters.http_send`, which
knows whether its bytes left:

```
`may_send` said no                     Withheld      nothing left
no connection, before the first byte   Transient     nothing left
201 that can be read                   Created
an answer that refuses or redirects    core.classify (certainly not created, unless it is a 5xx)
anything else after the first byte     Unknown       the issue may be there
```

The token stands in the client's headers and nowhere else: not in a repr, not in a reason.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import httpx

import monarch
from monarch.adapters.github.outcomes import read_outcome, write_outcome
from monarch.adapters.github.paging import Foreign, next_page, resolve
from monarch.adapters.github.reading import Answer, Patience, Reader
from monarch.adapters.github.wire import User, read_issue, read_issues, read_repository, read_user
from monarch.adapters.http_send import new_client, send_once
from monarch.core.outcome import (
    Absent,
    Code,
    Found,
    Permanent,
    ReadFailure,
    Transient,
    WriteOutcome,
)
from monarch.core.permission import Credential
from monarch.core.refs import RepoRef
from monarch.core.render import Draft
from monarch.core.reply import Reply, read_reply
from monarch.core.ticket import Issue, Repository

API_URL = "https://api.github.com"

API_VERSION = "2022-11-28"
"""Supported until March 2028, and the newest that every Enterprise Server knows."""

WRITE_DEADLINE_S = 10.0
"""All of a write, connecting and reading its answer included, in seconds.

GitHub itself ends requests after 10 s. The protocols count on it: a reconciling worker waits until 20 s
after the intent, and a lease is trusted only if it outlives a write.
"""

MAX_PAGES = 1000
"""A listing that does not end by then (100,000 issues) is going round in circles."""

_READ_DEFAULTS = Patience()


class HttpGitHub:
    """One credential's way to GitHub. Use it in an `async with`, or close it."""

    def __init__(
        self,
        token: str,
        base_url: str = API_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        write_deadline_s: float = WRITE_DEADLINE_S,
        patience: Patience = _READ_DEFAULTS,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            token: a personal or an installation access token.
            base_url: GitHub's API; that of an Enterprise Server ends in `/api/v3`. A final slash is optional.
            transport: for tests; `None` is the network.
            write_deadline_s: see `WRITE_DEADLINE_S`.
            patience: how long reads may take.

        Raises:
            ValueError: the token cannot stand in a header.
        """
        self._http = new_client(base_url, _headers(token), transport)
        self._base = self._http.base_url
        self._reader = Reader(self._http, patience)
        self._write_deadline_s = write_deadline_s
        self._fingerprint = sha256(token.encode()).hexdigest()[:8]
        self._credential: Credential | None = None

    async def __aenter__(self) -> Self:
        """Begin; connections are made when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub`. Remembered once known; a failure is asked again."""
        if self._credential is None:
            answer = await self._reader.get(self._url("user"))
            who = _read_account(answer, self._fingerprint)
            if not isinstance(who, Found):
                return who
            self._credential = who.value
        return Found(self._credential)

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub`.

        Raises:
            BadRef: `name` is not a canonical `owner/repo`; nothing was sent.
        """
        answer = await self._reader.follow(self._url(_path_of(name)))
        return read_outcome(answer, read_repository)

    async def list_issues(
        self, repository: Repository, state: Literal["open", "all"]
    ) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub`. A failed page fails the whole: half a listing is evidence of nothing."""
        query = f"state={state}&sort=created&direction=asc&per_page=100"
        url = self._url(f"{_path_of(repository.full_name)}/issues?{query}")
        issues: dict[int, Issue] = {}
        for _ in range(MAX_PAGES):
            answer = await self._reader.get(url)
            page = read_outcome(answer, read_issues)
            if not isinstance(page, Found):
                return page
            issues.update((issue.number, issue) for issue in page.value)
            target = _next_of(answer, url)
            if target is None:
                return Found(tuple(issues[number] for number in sorted(issues)))
            if isinstance(target, Foreign):
                return Transient(f"the next page was not read: {target.reason}")
            url = target
        return Transient(f"the listing did not end after {MAX_PAGES} pages")

    async def read_issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub`.

        A missing *repository* answers 404 as well; whoever looks has read its listing before.
        """
        url = self._url(f"{_path_of(repository.full_name)}/issues/{number:d}")
        answer = await self._reader.get(url)
        if _moved_away(answer, url, repository, number):
            return Absent(taken=True)
        outcome = read_outcome(answer, read_issue)
        match outcome:
            case Permanent(code=Code.NOT_FOUND):
                return Absent(taken=False)
            case Permanent(code=Code.ISSUES_DISABLED):
                return Absent(taken=True)
            case Found(issue) if issue.number != number:
                return Transient(f"GitHub was asked for issue {number} and told of {issue.number}")
            case _:
                return outcome

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: Callable[[], bool]
    ) -> WriteOutcome:
        """See `ports.GitHub`. Sent once; nobody below repeats it or follows a redirect."""
        answer = await send_once(
            self._http,
            "POST",
            self._url(f"{_path_of(repository.full_name)}/issues"),
            deadline_s=self._write_deadline_s,
            content=_as_body(draft),
            may_send=may_send,
        )
        return write_outcome(answer)

    def _url(self, path: str) -> httpx.URL:
        """Make the address of `path`, and make sure that it is the one that leaves."""
        url = self._base.copy_with(raw_path=self._base.raw_path + path.encode("ascii"))
        if not url.raw_path.endswith(path.encode("ascii")):
            raise ValueError(f"the path {path!r} would leave as {url.raw_path!r}")
        return url


def _headers(token: str) -> dict[str, str]:
    if not (token.isascii() and token.isprintable() and token) or " " in token:
        raise ValueError("the token for GitHub is empty or has characters that no token has")
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
        "User-Agent": f"monarch/{monarch.__version__} (copies the issues of a template)",
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-cache",
    }


def _path_of(full_name: str) -> str:
    """`repos/<owner>/<name>` and nothing else: a `RepoRef` cannot hold a name that leaves it."""
    owner, _, name = full_name.partition("/")
    ref = RepoRef(owner, name)
    return f"repos/{quote(ref.owner, safe='')}/{quote(ref.name, safe='')}"


def _as_body(draft: Draft) -> bytes:
    """ASCII alone, so that no text whatever can fail to be encoded."""
    return json.dumps({"title": draft.title, "body": draft.body}).encode("ascii")


def _next_of(answer: Answer, here: httpx.URL) -> httpx.URL | Foreign | None:
    return next_page(answer.headers, here) if isinstance(answer, Reply) else None


def _moved_away(answer: Answer, here: httpx.URL, repository: Repository, number: int) -> bool:
    """Whether the issue was moved to another repository.

    A repository that was renamed redirects its issues too, to itself by its id: that one is not away.
    """
    if not (isinstance(answer, Reply) and answer.status == _MOVED):
        return False
    target = resolve(answer.headers.get("location", ""), here)
    itself = f"/repositories/{repository.id}/issues/{number}"
    return isinstance(target, httpx.URL) and not target.path.endswith(itself)


_MOVED = 301
_FORBIDDEN = 403


def _read_account(answer: Answer, fingerprint: str) -> Found[Credential] | ReadFailure:
    """Tell whose budget is used. An installation may not ask who it is: its token then stands for it."""
    if _is_integration(answer):
        return Found(Credential(f"token:{fingerprint}", fingerprint))
    user: Found[User] | ReadFailure = read_outcome(answer, read_user)
    if not isinstance(user, Found):
        return user
    return Found(Credential(f"user:{user.value.id}", fingerprint, user.value.login))


def _is_integration(answer: Answer) -> bool:
    if not (isinstance(answer, Reply) and answer.status == _FORBIDDEN):
        return False
    return read_reply(answer, writing=False).has("resource not accessible by integration")
