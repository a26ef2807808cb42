"""Work beside the event loop: the loop turns while it is done."""

import threading

import anyio
import pytest

from monarch.adapters.threads import Threads


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Both: the stages, which run on either, hand it in."""
    backend: str = request.param
    return backend


async def test_the_loop_turns_while_a_text_is_worked_on() -> None:
    """The work ends only once the loop had its turn: on the loop it would wait for ever."""
    aside, turned = Threads(), threading.Event()
    done: list[bool] = []

    async def work() -> None:
        done.append(await aside(turned.wait))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.lowlevel.checkpoint()
        turned.set()

    assert done == [True]


async def test_a_small_text_does_not_wait_for_a_large_one() -> None:
    """One that takes long leaves a place for another crossing."""
    aside, small_is_done = Threads(), threading.Event()

    async def large() -> None:
        await aside(small_is_done.wait)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(large)
        await aside(small_is_done.set)

    assert small_is_done.is_set()


async def test_what_goes_wrong_aside_goes_wrong_for_its_caller() -> None:
    """It is classified like any other error of a handler."""

    def fail() -> None:
        message = "no"
        raise ValueError(message)

    with pytest.raises(ValueError, match="no"):
        await Threads()(fail)
