"""The world of the demo and of the sandbox: a template, teams, a Slack channel, and the platform's message about them."""

import json
from collections.abc import Sequence
from typing import Any, Final

from monarch.sandbox.control.seed import Seed

CHANNEL: Final = "channel_migrate_issue_tickets"
SLACK_CHANNEL: Final = "C06GHMZB3M3"
GITHUB_TOKEN: Final = "ghp_demo"  # noqa: S105 - the stand-in's
SLACK_TOKEN: Final = "xoxb-demo"  # noqa: S105 - likewise

SOURCE: Final = "demo-school/cider-falls"
FIRST_TEAMS: Final = ("demo-school/team-ash", "demo-school/team-birch", "demo-school/team-cedar")
SECOND_TEAMS: Final = ("demo-school/team-elm", "demo-school/team-fir", "demo-school/team-hazel")

_LABELS: Final = (
    ("setup", "c5def5", "Once, at the beginning"),
    ("planning", "fbca04", "Think before you type"),
    ("story", "0e8a16", "What a guest of the park wants"),
    ("design", "d4c5f9", None),
    ("quality", "b60205", "So that it stays good"),
    ("good first issue", "7057ff", "Good for newcomers"),
)
_MILESTONES: Final = (
    ("Sprint 1", "Something to look at", "2027-01-15T08:00:00Z"),
    ("Sprint 2", "Something to show", "2027-01-29T08:00:00Z"),
)
_TYPES: Final = ("Feature", "Task")

# References below are to numbers in the template: the pull request is #4, the closed issue is #8.
_TICKETS: Final[tuple[dict[str, Any], ...]] = (
    {
        "title": "Set up the repository",
        "body": "Clone it and run `npm install`.",
        "labels": ("setup",),
        "milestone": "Sprint 1",
        "type": "Task",
    },
    {
        "title": "Draw the entity relationship diagram",
        "body": "Parks, areas, services, guests.\n",
        "labels": ("planning",),
        "milestone": "Sprint 1",
    },
    {
        "title": "List the park areas",
        "body": "As a guest I want to see all areas.\r\n\r\n- [ ] name\r\n- [ ] services: #5\r\n- [ ] guests: #6\r\n",
        "labels": ("story",),
        "milestone": "Sprint 1",
        "type": "Feature",
    },
    {
        "title": "List the services of an area",
        "body": "Costs `$5` in the café ☕.",
        "labels": ("story",),
        "milestone": "Sprint 1",
        "type": "Feature",
        "parent": 3,
    },
    {
        "title": "Show the guests on site",
        "body": None,
        "labels": ("story",),
        "milestone": "Sprint 2",
        "type": "Feature",
        "parent": 3,
    },
    {
        "title": "Count the guests of an area",
        "body": 'A click on an area says "{n} guests". Needs #6.',
        "labels": ("story",),
        "milestone": "Sprint 2",
        "type": "Feature",
        "parent": 6,
    },
    {
        "title": "Filter the guests by service",
        "body": "After #5 and #7:\n\n```js\nguests.filter(g => g.service) // not #5\n```\n",
        "labels": ("story",),
        "milestone": "Sprint 2",
        "type": "Feature",
    },
    {
        "title": "Style the header",
        "body": "The colours are in the style guide.",
        "labels": ("design", "good first issue"),
    },
    {"title": "Style the map", "body": "Grid, not floats.", "labels": ("design",)},
    {"title": "Test on a phone", "body": "360 pixels wide.", "labels": ("quality",)},
    {"title": "Write the README", "body": "How to run it, who made it."},
    {
        "title": "Present the project",
        "body": "Ten minutes, everybody speaks. #13 is your script.",
        "labels": ("planning",),
        "milestone": "Sprint 2",
    },
)
TICKETS: Final = len(_TICKETS)


def seed(source: str = SOURCE, names: Sequence[str] = (*FIRST_TEAMS, *SECOND_TEAMS)) -> Seed:
    """Twelve open tickets, among them a closed one and a pull request; empty teams with these names."""
    teams = [{"full_name": name, "collaborators": {"monarch-bot": "write"}} for name in names]
    return Seed.model_validate(
        {
            "accounts": [{"login": "monarch-bot"}],
            "tokens": [{"token": GITHUB_TOKEN, "login": "monarch-bot"}],
            "repositories": [_template(source), *teams],
            "slack": {
                "tokens": [{"token": SLACK_TOKEN}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort-42"}],
            },
        }
    )


def _template(source: str) -> dict[str, Any]:
    """The template; its types are the organization's, and so the teams' as well."""
    issues = list(_TICKETS)
    issues.insert(3, {"title": "Draft of the areas", "body": "code", "pull_request": True})
    issues.insert(7, {"title": "Choose a name", "body": "Done.", "state": "closed"})
    return {
        "full_name": source,
        "is_template": True,
        "issue_types": _TYPES,
        "labels": [
            {"name": name, "color": color, "description": description}
            for name, color, description in _LABELS
        ],
        "milestones": [
            {"title": title, "description": description, "due_on": due_on}
            for title, description, due_on in _MILESTONES
        ],
        "issues": issues,
    }


def message(teams: Sequence[str]) -> str:
    """What the platform publishes, in its own format."""
    return json.dumps(
        {
            "notification_channel": SLACK_CHANNEL,
            "source_repo": SOURCE,
            "all_target_repositories": list(teams),
        }
    )
