"""What a target must be before anything is written to it."""

from dataclasses import replace

import pytest

from monarch.core.ids import TargetId
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.preflight import unwritable
from monarch.core.ticket import Repository

TARGET = Repository(TargetId(1), "org/team-a", archived=False, has_issues=True, may_push=True)
PLAN = Plan("org/template", ())


@pytest.mark.parametrize(
    ("target", "code", "todo"),
    [
        (replace(TARGET, archived=True), Code.ARCHIVED, "unarchive it"),
        (replace(TARGET, has_issues=False), Code.ISSUES_DISABLED, "switch them on"),
        (replace(TARGET, full_name="Org/Template"), Code.TARGET_IS_SOURCE, "the team's repository"),
        (replace(TARGET, archived=True, has_issues=False), Code.ARCHIVED, "unarchive it"),
    ],
)
def test_what_cannot_be_written_to_says_what_a_person_must_do(
    target: Repository, code: Code, todo: str
) -> None:
    """By its own code, with its name."""
    dead = unwritable(target, PLAN)

    assert dead is not None
    assert dead.code is code
    assert target.full_name in dead.reason
    assert todo in dead.reason


@pytest.mark.parametrize("may_push", [True, False, None])
def test_whoever_may_not_push_may_still_open_issues(may_push: bool | None) -> None:
    """It is noted elsewhere, and fails nothing."""
    assert unwritable(replace(TARGET, may_push=may_push), PLAN) is None
