"""A user of Valkey that has lost a right: everything reads well, and nothing new is taken in."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from valkey.asyncio import Valkey
from valkey.exceptions import NoPermissionError, ResponseError

import monarch.adapters.valkey.scripts
from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.rights import NEEDED, why_forbidden
from monarch.core.budget.ceilings import Ceilings
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.telemetry.obstacles import Cause, obstacles

SCRIPTS = Path(monarch.adapters.valkey.scripts.__file__).parent


@pytest.fixture
async def limited(client: Valkey, server: EmbeddedValkey) -> AsyncIterator[Valkey]:
    """A client of the user "limited", who may do all at first."""
    await client.acl_setuser("limited", enabled=True, nopass=True, keys=["*"], commands=["+@all"])
    mine = connect(server.url.replace("//", "//limited:any@"), "test")
    yield mine
    await mine.aclose()
    await client.acl_deluser("limited")


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (["-xadd"], "right to XADD (NOPERM)"),
        (["-xreadgroup", "-hset"], "right to HSET, XREADGROUP (NOPERM)"),
        (["-hset", "-hdel", "-xadd", "-xdel", "-xack"], " and others (NOPERM)"),
        (["-eval"], "right to EVAL (NOPERM)"),
    ],
)
async def test_a_right_that_was_lost_stops_all_work_and_is_said(
    limited: Valkey, client: Valkey, lost: list[str], words: str
) -> None:
    """Where everybody looks, and not in the worker's log alone."""
    standing = FleetReader(limited, Keys("rights"), "channel", Ceilings())
    assert (await standing.snapshot()).refuses_writes == ""

    await client.acl_setuser("limited", enabled=True, commands=lost)

    snapshot = await standing.snapshot()
    assert words in snapshot.refuses_writes
    (said, *_) = obstacles(snapshot)
    assert said.cause is Cause.STORE_REFUSES
    assert "docs/valkey.md" in said.words


async def test_a_user_of_our_keys_alone_lacks_nothing(limited: Valkey, client: Valkey) -> None:
    """As docs/valkey.md makes one: no key of others is asked for."""
    await client.acl_setuser(
        "limited",
        enabled=True,
        reset_keys=True,
        keys=["{rights}:*"],
        categories=["+@all", "-@admin", "-@dangerous"],
        commands=["+info", "+role", "+config|get"],
    )

    snapshot = await FleetReader(limited, Keys("rights"), "channel", Ceilings()).snapshot()

    assert snapshot.refuses_writes == ""


@pytest.mark.parametrize(
    ("answer", "is_said"),
    [([], False), ([b"XADD"], True), (NoPermissionError("eval"), True), (ResponseError(), False)],
)
def test_what_a_server_does_not_say_forbids_nothing(answer: object, *, is_said: bool) -> None:
    """It may be an older one, or another kind."""
    assert bool(why_forbidden(answer)) == is_said


def test_what_the_scripts_call_is_needed() -> None:
    """A command that is new in a script is asked for, too."""
    text = "".join(one.read_text("utf-8") for one in SCRIPTS.rglob("*.lua"))
    called = set(re.findall(r"call\('([A-Z]+)'", text))

    assert called - {"XGROUP", "XINFO"} == set(NEEDED) - {"XREADGROUP"}
