"""A typed client of the control API, for the demo and for tests."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Any, Self

import httpx
from pydantic import TypeAdapter

from monarch.sandbox.control.settings import Settings
from monarch.sandbox.control.views import RepositoryView, StateView
from monarch.sandbox.faults import Action, Fault, FaultReport, Match
from monarch.sandbox.journal import LogEntry, Outcome

if TYPE_CHECKING:
    from types import TracebackType

    from monarch.sandbox.control.seed import InstallationChange, IssueChange, RepositoryChange, Seed

MARGIN_S = 5.0
"""How much longer the client waits than it asks the stand-in to."""


STATE_WITHIN_S = 60.0
"""How long the whole state may take; after half an hour of chaos it is large."""

READS = {"GET", "HEAD", "OPTIONS"}
TOKEN_PATH = re.compile(r"/app/installations/\d+/access_tokens")


def no_tls() -> ssl.SSLContext:
    """Return a TLS context that trusts no authority: enough for plain HTTP, and made at once.

    httpx makes one for each client, and by default loads all certificate authorities into it.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class SandboxError(Exception):
    """The stand-in did not do what it was asked to; the message is its answer."""


class SandboxClient:
    """Talks to the stand-in at ``base_url`` (without ``/_sandbox``). Close it, or use ``with``."""

    def __init__(self, base_url: str) -> None:
        """Prepare; nothing is sent yet."""
        self.base_url = base_url.rstrip("/")
        # Dropped well before the stand-in closes it (uvicorn: 5 s idle), or a call may coincide with the closing.
        idle = httpx.Limits(keepalive_expiry=2)
        self._http = httpx.AsyncClient(
            base_url=f"{self.base_url}/_sandbox",
            timeout=10,
            trust_env=False,
            verify=no_tls(),
            limits=idle,
        )

    @property
    def github_url(self) -> str:
        """Return what ``GITHUB_API_URL`` has to be."""
        return f"{self.base_url}/github"

    @property
    def slack_url(self) -> str:
        """Return what ``SLACK_API_URL`` has to be."""
        return f"{self.base_url}/slack/api/"

    async def __aenter__(self) -> Self:
        """Begin a ``with`` block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close at the end of a ``with`` block."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def seed(self, seed: Seed) -> dict[str, int]:
        """Add to the world; returns the repositories' ids by full name."""
        answer = await self._send("POST", "/seed", seed.model_dump(mode="json"))
        repositories: dict[str, int] = answer["repositories"]
        return repositories

    async def reset(self) -> None:
        """Forget everything, settings and faults too."""
        await self._send("POST", "/reset")

    async def state(self) -> StateView:
        """Return the whole state."""
        return StateView.model_validate(await self._send("GET", "/state", timeout=STATE_WITHIN_S))

    async def repository(self, repo: str) -> RepositoryView:
        """Return the state of one repository."""
        answer = await self._send("GET", "/state", query={"repo": repo})
        [found] = StateView.model_validate(answer).repositories.values()
        return found

    async def log(self) -> list[LogEntry]:
        """Return every call, in order."""
        return TypeAdapter(list[LogEntry]).validate_python(
            await self._send("GET", "/log", timeout=STATE_WITHIN_S)
        )

    async def writes(self, repo: str = "") -> list[LogEntry]:
        """Return every call that could change something on GitHub, answered or not, in order.

        Args:
            repo: only those below this ``owner/name``.

        """
        below = f"/repos/{repo}/".lower() if repo else ""
        return [
            entry
            for entry in await self.log()
            if entry.api == "github"
            and entry.method not in READS
            and not TOKEN_PATH.fullmatch(entry.path)
            and entry.path.lower().startswith(below)
        ]

    async def settings(self, **changes: Any) -> Settings:
        """Change the named settings (none: just look) and return them all."""
        answer = await self._send("POST", "/settings", changes)
        return Settings.model_validate(answer)

    async def add_fault(
        self, action: Action, *, match: Match | None = None, nth: int = 1, times: int | None = 1
    ) -> int:
        """Put a rule in force and return its id; ``times=None`` is for ever."""
        fault = Fault(match=match or Match(), nth=nth, times=times, action=action)
        answer = await self._send("POST", "/faults", fault.model_dump(mode="json"))
        fault_id: int = answer["id"]
        return fault_id

    async def faults(self) -> list[FaultReport]:
        """Return the rules in force with their counts."""
        return TypeAdapter(list[FaultReport]).validate_python(await self._send("GET", "/faults"))

    async def remove_faults(self, fault_id: int | None = None) -> None:
        """Remove one rule, or all of them, and release the calls that they hold."""
        await self._send("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")

    async def release(self, fault_id: int) -> None:
        """Release the calls that the rule holds now."""
        await self._send("POST", f"/faults/{fault_id}/release")

    async def delete_issue(self, repo: str, number: int) -> None:
        """Delete an issue for good."""
        await self._send("POST", "/issues/delete", {"repo": repo, "number": number})

    async def update_issue(self, change: IssueChange) -> None:
        """Do to an issue what a person may do."""
        await self._send("POST", "/issues/update", change.model_dump(mode="json"))

    async def transfer_issue(self, repo: str, number: int, to: str) -> int:
        """Move an issue and return its number there."""
        wish = {"repo": repo, "number": number, "to": to}
        moved_to: int = (await self._send("POST", "/issues/transfer", wish))["number"]
        return moved_to

    async def update_repository(self, change: RepositoryChange) -> None:
        """Rename, archive or otherwise change a repository."""
        await self._send("POST", "/repositories/update", change.model_dump(mode="json"))

    async def delete_repository(self, repo: str) -> None:
        """Delete a repository; seeded again it has another id."""
        await self._send("POST", "/repositories/delete", {"repo": repo})

    async def update_installation(self, change: InstallationChange) -> None:
        """Suspend an app, change what it may do, end its tokens."""
        await self._send("POST", "/installations/update", change.model_dump(mode="json"))

    async def spend(self, budget: str, *, calls: int = 0, content: int = 0) -> None:
        """Be a stranger who uses the same budget: a login, or ``installation 5001``."""
        wish = {"budget": budget, "calls": calls, "content": content}
        await self._send("POST", "/spend", wish)

    async def wait(
        self,
        *,
        timeout_seconds: float = 60,
        created: int | None = None,
        repo: str | None = None,
        calls: int | None = None,
        pending: int | None = None,
        api: str | None = None,
        method: str | None = None,
        path_regex: str | None = None,
        status: int | None = None,
        outcome: Outcome | None = None,
        slack_messages: int | None = None,
        slack_text: str | None = None,
        channel: str | None = None,
        fault: int | None = None,
        hits: int | None = None,
    ) -> bool:
        """Return whether all given conditions held in time; see ``WaitFor``.

        The timeout is for calls that hang, and long enough for a busy machine.
        """
        given = {key: value for key, value in locals().items() if key != "self"}
        query = {key: value for key, value in given.items() if value is not None}
        timeout = timeout_seconds + MARGIN_S
        met: bool = (await self._send("GET", "/wait", query=query, timeout=timeout))["met"]
        return met

    async def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: dict[str, Any] | None = None,
        timeout: float = 10,
    ) -> Any:
        reply = await self._http.request(method, path, json=body, params=query, timeout=timeout)
        if reply.is_error:
            msg = f"{method} /_sandbox{path} answered {reply.status_code}: {reply.text}"
            raise SandboxError(msg)
        return reply.json()
