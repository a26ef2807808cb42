"""What a target must be before anything is written to it."""

from dataclasses import replace

import pytest

from monarch.core.ids import TargetId
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.request.rules import Rules
from monarch.core.target.preflight import unwritable
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
    dead = unwritable(target, PLAN, Rules())

    assert dead is not None
    assert dead.code is code
    assert target.full_name in dead.reason
    assert todo in dead.letter


@pytest.mark.parametrize(
    ("asked", "says"), [("org/Template", ""), ("org/old", "org/old is its former name")]
)
def test_a_former_name_is_only_spoken_of_where_there_was_one(asked: str, says: str) -> None:
    """A source that was sent back as its own target was "the source itself, under a former name"."""
    dead = unwritable(replace(TARGET, full_name="org/template"), PLAN, Rules(), asked)

    assert dead is not None
    assert dead.reason == "org/template is the source itself" + (f" ({says})" if says else "")


@pytest.mark.parametrize("may_push", [True, False, None])
def test_whoever_may_not_push_may_still_open_issues(may_push: bool | None) -> None:
    """It is noted elsewhere, and fails nothing."""
    assert unwritable(replace(TARGET, may_push=may_push), PLAN, Rules()) is None


@pytest.mark.parametrize(
    ("source_private", "target_private", "allowed", "refused"),
    [
        (True, False, False, True),
        (True, False, True, False),
        (True, True, False, False),
        (False, False, False, False),
        (False, True, False, False),
    ],
)
def test_a_private_source_is_not_published_unless_it_is_allowed(
    *, source_private: bool, target_private: bool, allowed: bool, refused: bool
) -> None:
    """Opening issues needs no right in a public repository: any publisher could read a private one that way."""
    plan = Plan("org/template", (), source_private)

    dead = unwritable(
        replace(TARGET, private=target_private), plan, Rules(private_to_public=allowed)
    )

    assert (dead is not None) is refused
    if dead is not None:
        assert dead.code is Code.PRIVATE_SOURCE
        assert "MONARCH_PRIVATE_TO_PUBLIC=true" in dead.letter
