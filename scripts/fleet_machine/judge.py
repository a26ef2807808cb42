"""What the stand-in holds, held against what it should: every ticket once, in order, word for word.

The expected body is put together here and not by Monarch's own code, which could share its mistakes.
"""

import re
from collections.abc import Iterable

from monarch.sandbox.control.views import IssueView, RepositoryView, StateView
from scripts.fleet_machine.fleet import SOURCE


def tickets_of(state: StateView, source: str = SOURCE) -> list[IssueView]:
    """The tickets of a template, in its order: its open issues."""
    issues = state.repositories[source].issues
    return [issue for issue in issues if issue.state == "open" and not issue.pull_request]


def copies_in(repository: RepositoryView) -> list[IssueView]:
    """What Monarch created in a target, in the order of creation."""
    return [issue for issue in repository.issues if issue.by_api]


def marker_of(ticket: IssueView, target: RepositoryView, source: str = SOURCE) -> str:
    """The marker by which a copy is known again, in that target."""
    return f"<!-- monarch: {source}#{ticket.number} id={ticket.id} target={target.id} -->"


def body_of_copy(ticket: IssueView, target: RepositoryView, source: str = SOURCE) -> str:
    """A ticket's body as it was, the marker below."""
    line_end = "\r\n" if "\r\n" in (ticket.body or "") else "\n"
    gap = line_end * 2 if ticket.body else ""
    return f"{ticket.body or ''}{gap}{marker_of(ticket, target, source)}"


def assert_copied(state: StateView, target: str, source: str = SOURCE) -> None:
    """Every ticket is there once, in the template's order, with its title and its body."""
    tickets = tickets_of(state, source)
    here = state.repositories[target]
    copies = copies_in(here)
    assert [copy.title for copy in copies] == [ticket.title for ticket in tickets], target
    assert [copy.body for copy in copies] == [body_of_copy(t, here, source) for t in tickets], (
        target
    )


def assert_all_copied(state: StateView, targets: Iterable[str], source: str = SOURCE) -> None:
    """`assert_copied` for each target, and for no target twice."""
    for target in targets:
        assert_copied(state, target, source)


def posts(state: StateView) -> list[str]:
    """What the channel reads now, oldest message first."""
    return [message.text for message in state.slack_messages]


def card(state: StateView) -> str:
    """What the one card reads now."""
    [text] = [one.text for one in state.slack_messages if one.blocks]
    return text


def endings(state: StateView) -> list[str]:
    """What was said beside the card and is no failure's reply, oldest first."""
    others = [one.text for one in state.slack_messages if not one.blocks]
    return [text for text in others if not _IS_REPLY.search(text.partition("\n")[0])]


_IS_REPLY = re.compile(r"failed \(\w+\)\.")


def final(state: StateView) -> str:
    """The one ending; beside it there is one card."""
    assert card(state)
    [text] = endings(state)
    return text
