"""What a person asks for on the page is read as the command reads it."""

from typing import cast
from unittest.mock import Mock

import pytest

from monarch.adapters.valkey.kept.shelf import Shelf
from monarch.adapters.valkey.views.matrix import Matrices
from monarch.app.operator import Operator
from monarch.app.page_means import OperatorsMeans
from monarch.settings import Settings
from monarch.web.acts.means import Wished
from monarch.web.form import RequestForm


def wished(channel: str) -> Wished | str:
    """What becomes of a wish with this channel, without asking Slack."""
    anything = Mock()
    anything.settings = Settings()
    person = cast("Operator", anything)
    means = OperatorsMeans(person, cast("Shelf", None), cast("Matrices", None))
    return means.wished(RequestForm("school/template", ("school/team",), channel))


@pytest.mark.parametrize("channel", ["<!channel>", "@ada", "a/b"])
def test_a_channel_that_can_be_none_is_refused_on_the_page_too(channel: str) -> None:
    """It says what came and what is expected."""
    told = wished(channel)

    assert isinstance(told, str)
    assert told.startswith("The channel should be the id of a Slack channel such as C06GHMZB3M3")
    assert told.endswith(f"not {channel}.")


@pytest.mark.parametrize("channel", ["C06GHMZB3M3", "#cohort", ""])
def test_a_channel_or_none_is_taken(channel: str) -> None:
    """Without one Slack hears nothing."""
    assert isinstance(wished(channel), Wished)
