"""A cohort: a template whose tickets have all that a ticket can have, six teams, and what their copies must say.

What a copy must say is put together here, from the same pieces as the template, and not by Monarch's own code: a
reference becomes the copy's number, a mention gets its zero-width space, and everything else stays as it is.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.control.views import RepositoryView, StateView
from monarch.sandbox.judge.texts import marker_of
from scripts.fleet_machine.fleet import SLACK_CHANNEL, SOURCE, a_target

TICKETS: Final = 28
CLOSED: Final = TICKETS + 1
"""The template's last number is a closed issue, which is no ticket."""

TARGETS: Final = tuple(f"school/team-{n}" for n in range(6))
OWN_ISSUES: Final = {target: n % 3 for n, target in enumerate(TARGETS)}
"""So many issues each team has opened itself before; where there are none the numbers of template and copies agree."""

LABELS: Final[list[dict[str, Any]]] = [
    {"name": "bug", "color": "d73a4a", "description": "It is broken"},
    {"name": "Good First Issue", "color": "7057ff", "description": "für den Anfang ✓"},
    {"name": "docs", "color": "0075ca", "description": None},
]
MILESTONES: Final[list[dict[str, Any]]] = [
    {
        "title": "Sprint 1",
        "state": "closed",
        "description": "Done",
        "due_on": "2026-02-01T12:00:00Z",
    },
    {"title": "Sprint 2: größer", "due_on": "2026-03-01T12:00:00Z"},
]
TYPES: Final = ("Task", "Bug")


class Reader:
    """Puts a text together: as the template has it, or as the copies of one target must have it.

    Args:
        shift: by so much the copies' numbers are higher; `None` for the template itself.
        web_url: where people see the stand-in.
    """

    def __init__(self, shift: int | None, web_url: str = "") -> None:
        self._shift = shift
        self._web_url = web_url

    def ticket(self, number: int, spelled: str = "#{}") -> str:
        """A reference to a ticket of the template."""
        agrees = not self._shift and (self._shift is None or not spelled.startswith(SOURCE))
        return spelled.format(number) if agrees else f"#{number + (self._shift or 0)}"

    def closed(self) -> str:
        """A reference to the closed issue: a link that does not depend on the target."""
        if self._shift is None:
            return f"#{CLOSED}"
        return f"[{SOURCE}#{CLOSED}]({self._web_url}/{SOURCE}/issues/{CLOSED})"

    def mention(self, name: str) -> str:
        """A person who is to get no mail."""
        return f"@{name}" if self._shift is None else f"@\u200b{name}"


def _forwards(n: int, read: Reader) -> str:
    return f"Before {read.ticket(min(n + 3, TICKETS))} and {read.ticket(TICKETS, 'GH-{}')}.\n"


def _backwards(n: int, read: Reader) -> str:
    by_name = read.ticket(max(n - 2, 1), SOURCE + "#{}")
    return f"# After {read.ticket(max(n - 1, 1))}\n\nSee {by_name}, and {read.closed()}."


def _mentions(n: int, read: Reader) -> str:
    ask = f"Ask {read.mention('octocat')} or {read.mention('school/teachers')}"
    return f"{ask}, not me@school.example ({n}).\n\n> {read.mention('hubot')} said so"


def _code(n: int, _read: Reader) -> str:
    return f"```python\n# see #1 and GH-2 @octocat\nx = {n}  # school/template#3\n```\n\nand `#4 @x`, ok"


def _windows(n: int, read: Reader) -> str:
    open_, done = read.ticket(max(n - 1, 1)), read.ticket(min(n + 1, TICKETS))
    return f"Größe 🦋\r\n\r\n- [ ] {open_}\r\n- [x] {done}\r\n"


def _html(n: int, read: Reader) -> str:
    image = f'<img src="https://example.org/{n}.png" alt="#4 @x">'
    return f"<details>\n\n{image}\n\n</details>\n<!-- #5 -->\n\nThen {read.ticket(1)}.\t"


def _nothing(_n: int, _read: Reader) -> str:
    return ""


_KINDS: Final[tuple[Callable[[int, Reader], str], ...]] = (
    _forwards,
    _backwards,
    _mentions,
    _code,
    _windows,
    _html,
    _nothing,
)


def _text(n: int, read: Reader) -> str:
    return _KINDS[n % len(_KINDS)](n, read)


def _details(n: int) -> dict[str, Any]:
    """What ticket `n` has beside its text: every fourth begins a family of three."""
    return {
        "labels": tuple(LABELS[at]["name"] for at in range(3) if n % (at + 2) == 0),
        "milestone": {0: MILESTONES[0]["title"], 1: MILESTONES[1]["title"]}.get(n % 5),
        "type": TYPES[n % 2] if n % 3 == 0 else None,
        "parent": n - n % 4 if n % 4 in {1, 2} and n > 4 else None,
    }


def a_cohort() -> Seed:
    """The template, and the teams with what they have already."""
    read = Reader(None)
    issues: list[dict[str, Any]] = [
        {"title": f"Ticket {n}", "body": _text(n, read) or None, **_details(n)}
        for n in range(1, TICKETS + 1)
    ]
    issues.append({"title": "Closed", "state": "closed"})
    template = {"full_name": SOURCE, "is_template": True, "issue_types": TYPES}
    return Seed.model_validate(
        {
            "accounts": [
                {"login": "monarch-bot", "kind": "User"},
                {"login": "school", "kind": "Organization"},
            ],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic"}],
            "repositories": [
                {**template, "labels": LABELS, "milestones": MILESTONES, "issues": issues},
                *_teams(),
            ],
            "slack": {
                "tokens": [{"token": "xoxb-monarch"}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort"}],
            },
        }
    )


def _teams() -> Iterator[dict[str, Any]]:
    for target, count in OWN_ISSUES.items():
        own = [{"title": f"Ours {n}", "body": f"see #{n}"} for n in range(count)]
        yield {**a_target(target), "issues": own}


def assert_faithful(state: StateView, target: str, web_url: str) -> None:
    """Every copy byte for byte, with all that its ticket has; and the target has what they need, once."""
    source, here = state.repositories[SOURCE], state.repositories[target]
    shift = OWN_ISSUES[target]
    read = Reader(shift, web_url)
    copies = here.issues[shift:]
    assert [copy.title for copy in copies] == [f"Ticket {n}" for n in range(1, TICKETS + 1)]
    for n, copy in enumerate(copies, start=1):
        ticket = source.issues[n - 1]
        text = _text(n, read)
        line_end = "\r\n" if "\r\n" in text else "\n"
        marker = marker_of(ticket, here, SOURCE)
        assert copy.body == (f"{text}{line_end * 2}{marker}" if text else marker), copy.title
        assert copy.labels == ticket.labels
        assert (copy.milestone, copy.type) == (ticket.milestone, ticket.type)
        parent = _details(n)["parent"]
        assert copy.parent == (None if parent is None else f"{target}#{parent + shift}")
    assert _needs(here) == _needs(source)
    assert [_ours(issue.title, issue.body) for issue in here.issues[:shift]] == [True] * shift


def _ours(title: str, body: str | None) -> bool:
    return body == f"see #{title.removeprefix('Ours ')}"


def _needs(repository: RepositoryView) -> tuple[list[Any], list[Any]]:
    """Labels and milestones, whatever their order."""
    labels = [(one.name, one.color, one.description or "") for one in repository.labels]
    milestones = [
        (one.title, one.state, one.description or "", one.due_on) for one in repository.milestones
    ]
    return sorted(labels), sorted(milestones)
