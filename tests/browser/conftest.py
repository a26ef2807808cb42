"""One fleet and one browser for all stories; each story has a window of its own."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from scripts.page_machine.browser import a_browser, chromium
from scripts.page_machine.world import World, a_world
from tests.browser.windows import Window, a_window

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def _why_not() -> str:
    if find_spec("playwright") is None:
        return "playwright is not installed: run scripts/test, which sets it up"
    return "" if chromium() else "no Chromium on the PATH: apt install chromium"


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A fleet of two workers that has something of everything; the first one's page is looked at."""
    if reason := _why_not():
        pytest.skip(reason)
    with a_world(tmp_path_factory.mktemp("world")) as world:
        world.start_worker()
        world.start_worker(port=world.other_port)
        world.fill()
        yield world


# Not for the session: the driver's event loop would be in the way of every asynchronous test that follows.
@pytest.fixture(scope="package")
def browser(world: World) -> Iterator["Browser"]:
    """It starts once; a window is quick."""
    del world
    with a_browser() as browser:
        yield browser


@pytest.fixture
def window(world: World, browser: "Browser") -> Iterator[Window]:
    """Ada's: signed in, wide and light. At its end nothing must have gone wrong in it."""
    with a_window(browser, world.base) as window:
        window.sign_in("ada")
        yield window
    assert not window.troubles
