"""What holds for all tests: the order in which they begin, and what Hypothesis may take."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# It tries many cases; how long one of them takes on a busy machine says nothing.
settings.register_profile("tests", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("tests")

# A shell without job control starts what runs beside it deaf to Ctrl-C, and so would be every process that a test
# starts: those that are to be interrupted would go on for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

STORIES = Path(__file__).parent / "system"


@pytest.fixture
def anyio_backend() -> str:
    """The Valkey client and uvicorn need asyncio; the stages, which do not, run on a virtual clock."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the stories of real processes begin first, and of these the longest before all.

    They wait nearly all the time. A long one that begins last is waited for alone, with every core idle.
    """
    items.sort(key=lambda item: (STORIES not in item.path.parents, -_seconds_needed(item)))


def _seconds_needed(story: pytest.Item) -> float:
    """What its markers say of it, for a story: not exact, but long ones have a marker. 0 for other tests."""
    if STORIES not in story.path.parents:
        return 0
    given = story.get_closest_marker("timeout")
    return float(given.args[0]) if given else 60.0 * bool(story.get_closest_marker("slow"))
