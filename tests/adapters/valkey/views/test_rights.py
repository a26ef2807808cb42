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
from monarch.adapters.valkey.views.rights import (
    NEEDED,
    NEEDED_IN_FULL,
    channels_lacking,
    rights_lacking,
)
from monarch.adapters.valkey.views.workers import Workers
from monarch.app.doctor.examination import check_dead
from monarch.app.doctor.valkey_checks import Status
from monarch.core.budget.ceilings import Ceilings
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.telemetry.obstacles import Cause, obstacles
from monarch.web.documents import status_document

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
        (["-xadd"], "XADD"),
        (["-xreadgroup", "-hset"], "HSET, XREADGROUP"),
        (["-hset", "-hdel", "-xadd", "-xdel", "-xack"], " and others"),
        (["-eval"], "EVAL"),
        (["-evalsha"], "EVALSHA"),
        (["-xread"], "XREAD"),
        (["-xinfo"], "XINFO CONSUMERS, XINFO GROUPS, XINFO STREAM"),
        (["-xinfo|consumers"], " to XINFO CONSUMERS"),
        (["-xgroup"], "XGROUP CREATE, XGROUP DELCONSUMER"),
        (["-xgroup|create"], " to XGROUP CREATE"),
        (["-pubsub"], "PUBSUB NUMSUB"),
        (["-pubsub|numsub"], "PUBSUB NUMSUB"),
        (["-waitaof", "-wait"], "WAIT, WAITAOF"),
    ],
)
async def test_a_right_that_was_lost_stops_all_work_and_is_said(
    limited: Valkey, client: Valkey, lost: list[str], words: str
) -> None:
    """Where everybody looks, and not in the worker's log alone."""
    standing = FleetReader(limited, Keys("rights"), "channel", Ceilings())
    assert (await standing.snapshot()).lacks_rights == ""

    await client.acl_setuser("limited", enabled=True, commands=lost)

    snapshot = await standing.snapshot()
    assert f" to {snapshot.lacks_rights}".endswith(words)
    (said, *_) = obstacles(snapshot)
    assert said.cause is Cause.STORE_REFUSES
    assert f"{words} (NOPERM)" in said.words
    assert "docs/valkey.md" in said.advice


async def test_a_shell_whose_user_may_ask_for_little_says_nothing_of_the_fleet(
    limited: Valkey, client: Valkey
) -> None:
    """The workers have another user and go on: `status` told of messages that are lost with them."""
    await client.acl_setuser("limited", enabled=True, commands=["-info", "-role"])

    snapshot = await FleetReader(limited, Keys("rights"), "channel", Ceilings()).snapshot()

    assert (snapshot.refuses_writes, snapshot.lacks_rights) == ("", "INFO, ROLE")
    (said, *_) = obstacles(snapshot)
    assert said.words.startswith(
        "the user of Valkey that this was read with lacks the right to INFO"
    )
    assert "workers with another user go on" in said.advice
    theirs = await FleetReader(client, Keys("rights"), "channel", Ceilings()).snapshot()
    assert not theirs.writes_fail


@pytest.mark.parametrize("lost", ["-xinfo", "-xinfo|consumers"])
async def test_a_user_that_may_not_see_the_workers_does_not_miss_them(
    limited: Valkey, client: Valkey, lost: str
) -> None:
    """It said that no worker is running, beside workers that were well."""
    await client.acl_setuser("limited", enabled=True, commands=[lost])
    keys = Keys("rights")

    snapshot = await FleetReader(limited, keys, "channel", Ceilings()).snapshot()

    assert snapshot.hides_workers
    causes = [one.cause for one in obstacles(snapshot)]
    assert causes == [Cause.STORE_REFUSES, Cause.NO_SUBSCRIBER]
    with pytest.raises(StoreError, match="no permissions") as caught:
        await Workers(limited, keys).all()
    assert "docs/valkey.md" in caught.value.remedy
    assert await Workers(client, keys).all() == ()


async def test_a_user_without_the_channel_is_found(limited: Valkey, client: Valkey) -> None:
    """`publish` failed and sent people to the doctor, where every line was OK."""
    standing = FleetReader(limited, Keys("rights"), "school", Ceilings())
    for channels, lacking in (
        ([], ("SUBSCRIBE and PUBLISH on school",)),
        (["school"], ()),
    ):
        await client.acl_setuser(
            "limited", enabled=True, reset_channels=True, channels=[*channels, "{rights}:*"]
        )

        assert (await standing.server()).no_channel == lacking

    await client.acl_setuser("limited", enabled=True, commands=["-publish"])
    found = (await standing.server()).no_channel
    assert found == ("PUBLISH on school", "PUBLISH on {rights}:canary:*")
    await client.acl_setuser("limited", enabled=True, commands=["-eval"])
    assert await channels_lacking(limited, "{rights}:epoch", "school") == ()


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

    assert not snapshot.writes_fail


@pytest.mark.parametrize(
    ("answer", "is_said"),
    [([], False), ([b"XADD"], True), (NoPermissionError("eval"), True), (ResponseError(), False)],
)
def test_what_a_server_does_not_say_forbids_nothing(answer: object, *, is_said: bool) -> None:
    """It may be an older one, or another kind."""
    assert bool(rights_lacking(answer)) == is_said


READ = {"HVALS", "MGET", "XLEN", "XREADGROUP", "XREVRANGE", "ZMSCORE", "ZREVRANGEBYSCORE"}
"""What the readings call and no script does."""


def test_what_the_readings_call_is_needed() -> None:
    """Without XLEN there were no dead letters, and every light was green."""
    text = "".join(one.read_text("utf-8") for one in SCRIPTS.parent.rglob("*.py"))

    assert {name for name in READ if f".{name.lower()}(" in text} == READ
    assert set(NEEDED) >= READ


async def test_what_may_not_be_counted_is_not_nought(limited: Valkey, client: Valkey) -> None:
    """`dead letters 0`, and `OK none`, where there was one."""
    keys = Keys("rights")
    await client.xadd(keys.dead, {"reason": "x"})
    await client.acl_setuser("limited", enabled=True, commands=["-xlen"])

    snapshot = await FleetReader(limited, keys, "channel", Ceilings()).snapshot()

    assert snapshot.is_unread("dead")
    assert status_document(snapshot)["dead"] is None
    assert check_dead(snapshot).status is Status.FAIL
    assert snapshot.lacks_rights == "XLEN"


def test_what_the_scripts_call_is_needed() -> None:
    """A command that is new in a script is asked for, too."""
    text = "".join(one.read_text("utf-8") for one in SCRIPTS.rglob("*.lua"))
    called = set(re.findall(r"call\('([A-Z]+)'", text))
    in_full = set(re.findall(r"call\('(XGROUP|XINFO)', '([A-Z]+)'", text))

    assert called - {"XGROUP", "XINFO"} == set(NEEDED) - READ
    assert in_full <= {tuple(one.split()[:2]) for one in NEEDED_IN_FULL}
