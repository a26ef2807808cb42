"""What the stand-in holds, held against what it should: every ticket once, in order, word for word."""

from collections.abc import Iterable

from monarch.sandbox.control.views import StateView
from monarch.sandbox.judge.claims import failure_in
from monarch.sandbox.judge.findings import copies_in, tickets_in
from monarch.sandbox.judge.texts import body_of_copy
from scripts.fleet_machine.fleet import SOURCE


def assert_copied(state: StateView, target: str, source: str = SOURCE) -> None:
    """Every ticket is there once, in the template's order, with its title and its body."""
    tickets = tickets_in(state.repositories[source])
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
    return [text for text in others if failure_in(text) is None]


def final(state: StateView) -> str:
    """The one ending; beside it there is one card."""
    assert card(state)
    [text] = endings(state)
    return text
