"""The golden template and the copies that a virgin target must get: `tests/data/golden`, written by hand.

Its numbers have gaps, where closed issues and pull requests stand, so that no copy but the first has its ticket's number.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from monarch.core.plan import Plan, make_plan
from monarch.core.ticket import Issue, Label, Milestone

_FOLDER: Final = Path(__file__).parent / "data" / "golden"
_GITHUB: Final = "https://github.com"
_NEUTRAL: Final = "https://redirect.github.com"


@dataclass(frozen=True, slots=True)
class Copy:
    """What becomes of one ticket.

    Attributes:
        ticket: the ticket's number in the source.
        number: the copy's number in a target that had no issue.
        body: its text without the marker and the blank line before it.
        parent: number of the copy whose sub-issue it is.
    """

    ticket: int
    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    milestone: str | None
    type: str | None
    parent: int | None

    def text(self, marker: str) -> str:
        """The whole text, in the end."""
        line_end = "\r\n" if "\r\n" in self.body else "\n"
        return f"{self.body}{line_end * 2}{marker}" if self.body else marker


@dataclass(frozen=True, slots=True)
class Golden:
    """The template as a seed for the sandbox, and the copies in `target`, ascending."""

    seed: dict[str, Any]
    source: str
    target: str
    copies: tuple[Copy, ...]


def golden(web_url: str = _GITHUB, target: str = "school/team-1") -> Golden:
    """Read the data, for issues that people see at `web_url`; elsewhere than on github.com all links are plain."""
    told = json.loads(_read("copies.json", web_url))
    copies = tuple(
        Copy(
            **{
                **copy,
                "labels": tuple(copy["labels"]),
                "body": copy["body"].replace(told["target"], target),
            }
        )
        for copy in told["copies"]
    )
    return Golden(json.loads(_read("seed.json", web_url)), told["source"], target, copies)


def golden_plan(found: Golden) -> Plan:
    """The plan that a planner makes of the template; the id of each issue is 9000 + its number."""
    (repository,) = found.seed["repositories"]
    labels = {
        label["name"]: Label(label["name"], label["color"], label["description"] or "")
        for label in repository["labels"]
    }
    milestones = {
        one["title"]: Milestone(
            one["title"], one["state"], one["description"] or "", one["due_on"] or ""
        )
        for one in repository["milestones"]
    }
    issues = (
        Issue(
            id=9000 + issue["number"],
            number=issue["number"],
            title=issue["title"],
            body=issue.get("body") or "",
            state=issue.get("state", "open"),
            is_pull=issue.get("pull_request", False),
            author=issue["author"],
            association="MEMBER",
            url=f"https://github.com/{found.source}/issues/{issue['number']}",
            created_at="2026-01-01T00:00:00Z",
            labels=tuple(labels[name] for name in issue.get("labels", ())),
            milestone=milestones.get(issue.get("milestone", "")),
            parent=issue.get("parent"),
            type=issue.get("type", ""),
        )
        for issue in repository["issues"]
    )
    return make_plan(found.source, issues)


def _read(name: str, web_url: str) -> str:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    if web_url == _GITHUB:
        return text
    return text.replace(f"{_NEUTRAL}/", f"{web_url}/").replace(f"{_GITHUB}/", f"{web_url}/")
