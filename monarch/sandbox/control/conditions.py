"""What ``GET /_sandbox/wait`` can wait for, so that tests wait for events and not for time.

All given conditions must hold at once. A condition that is left out does not count.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import Field

from monarch.sandbox.control.wire import Wire
from monarch.sandbox.faults import ApiName, Faults  # pydantic needs it at run time
from monarch.sandbox.journal import Outcome  # pydantic needs it at run time

if TYPE_CHECKING:
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.journal import Journal, LogEntry
    from monarch.sandbox.slack.workspace import Workspace


class WaitFor(Wire):
    """The query of a wait.

    ``created`` counts issues that came through the API (in ``repo``, or everywhere);
    ``calls`` counts calls so far that fit ``api``, ``method``, ``path_regex``, ``outcome`` and
    ``status`` (with a status, only answered ones can fit); ``pending`` counts fitting calls that have no
    answer yet; ``slack_messages`` counts messages (in ``channel``, or everywhere), and
    ``slack_text`` is contained in one of them as it reads now; ``hits`` is of fault ``fault``.
    """

    created: int | None = None
    repo: str | None = None
    calls: int | None = None
    pending: int | None = None
    api: ApiName | None = None
    method: str | None = None
    path_regex: str = ""
    status: int | None = None
    outcome: Outcome | None = None
    slack_messages: int | None = None
    slack_text: str | None = None
    channel: str | None = None
    fault: int | None = None
    hits: int = 1
    timeout_seconds: float = Field(default=10, ge=0, le=600)


def is_met(
    wanted: WaitFor, world: World, workspace: Workspace, journal: Journal, faults: Faults
) -> bool:
    """Whether all conditions hold now."""
    asks_for_calls = wanted.calls is not None or wanted.pending is not None
    entries = journal.entries if asks_for_calls else []
    fitting = [entry for entry in entries if _fits(wanted, entry)]
    pending = sum(entry.outcome == "pending" for entry in fitting)
    texts = [
        message.text for message in workspace.messages if wanted.channel in {None, message.channel}
    ]
    rule = None if wanted.fault is None else faults.get(wanted.fault)
    return (
        _reached(wanted.created, _created(wanted, world))
        and _reached(wanted.calls, len(fitting))
        and _reached(wanted.pending, pending)
        and _reached(wanted.slack_messages, len(texts))
        and (wanted.slack_text is None or any(wanted.slack_text in text for text in texts))
        and (wanted.fault is None or (rule is not None and rule.hits >= wanted.hits))
    )


def _reached(wanted: int | None, there: int) -> bool:
    return wanted is None or there >= wanted


def _created(wanted: WaitFor, world: World) -> int:
    if wanted.repo is None:
        return len(world.created_by_api)
    repository = world.named(wanted.repo)
    return sum(repository is not None and id_ == repository.id for id_, _ in world.created_by_api)


def _fits(wanted: WaitFor, entry: LogEntry) -> bool:
    return (
        wanted.api in {None, entry.api}
        and (wanted.method is None or wanted.method.upper() == entry.method)
        and wanted.status in {None, entry.status}
        and wanted.outcome in {None, entry.outcome}
        and any(re.search(wanted.path_regex, path) for path in (entry.path, entry.asked))
    )
