"""What `verify` makes of a target before it reads anything."""

from typing import Any, cast

import pytest

from monarch.app.verify import _report
from monarch.core.copy.style import Style
from monarch.core.report.summary import MigrationView, State
from monarch.core.request.refs import GITHUB_HOSTS
from tests.core.builders import a_plan


@pytest.mark.parametrize("target", ["a/b c", "https://elsewhere.org/a/b"])
async def test_what_can_be_no_target_is_refused_by_the_installations_hosts(
    target: str,
) -> None:
    """Its advice named github.com, which an Enterprise Server is not."""
    never = cast("Any", None)  # such a target is never read
    view = MigrationView(target, State.DEAD, 0, 0, 0, (), "")

    told = await _report(
        never, a_plan(1), (), view, None, Style(), GITHUB_HOSTS | {"school.ghe.com"}
    )

    assert told.verification is None
    assert "its address on school.ghe.com" in told.problem
    assert "github.com" not in told.problem
