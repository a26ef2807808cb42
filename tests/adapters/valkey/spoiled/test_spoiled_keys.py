"""Keys that hold something else than they should, on a real server: a refusal by its scripts is not taken for an outage."""

import pytest
from valkey.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from monarch.adapters.valkey.client.connection import is_refusal
from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream
from monarch.core.ids import TicketId
from monarch.core.target.permission import Wish
from monarch.core.target.step import UnreadableRecord
from monarch.ports import StoreError, StoreRefused
from tests.contracts.moves import ME, TARGET, crossing, migrating, taken
from tests.contracts.worlds import World

TICKET = TicketId(101)


@pytest.mark.parametrize("key", ["ledger", "target", "gate", "budget", "slots", "epoch"])
@pytest.mark.parametrize("kind", ["string", "list"])
async def test_a_key_of_another_type_is_a_refusal(world: World, key: str, kind: str) -> None:
    """To take or to write is refused for good, and not only for now."""
    delivery = await migrating(world)
    keys, account = world.keys, ME.account
    name = {
        "ledger": keys.ledger(TARGET),
        "target": keys.target(TARGET),
        "gate": keys.gate(account),
        "budget": keys.budget(account),
        "slots": keys.slots(account),
        "epoch": keys.epoch,
    }[key]
    before = await taken(world, delivery)
    await world.client.delete(name)
    # A target's lock is a string; another text in it only means that it is somebody else's.
    spoil = ("SET", name, "x") if kind == "string" and key != "target" else ("RPUSH", name, "x")
    await world.run(*spoil)

    with pytest.raises(StoreRefused, match="WRONGTYPE"):
        await world.ledger().permit(delivery, TARGET, ME, Wish(before.epoch, TICKET))


@pytest.mark.parametrize("family", ["turns", "asks", "shares", "points", "learned", "ledger"])
async def test_a_refusal_names_the_key_that_is_of_another_type(world: World, family: str) -> None:
    """The message listed the first four keys of the script, and every write stood still for one that was not among them."""
    delivery = await migrating(world)
    before = await taken(world, delivery)
    key = f"{world.keys.prefix}{family}:{TARGET if family == 'ledger' else ME.account}"
    await world.client.delete(key)
    await world.run("SET", key, "x")

    with pytest.raises(StoreRefused) as refused:
        await world.ledger(Ceilings()).permit(delivery, TARGET, ME, Wish(before.epoch, TICKET))

    assert refused.value.key == key
    assert f"WRONGTYPE {key} is a string and should be a " in str(refused.value)
    assert not refused.value.is_untouched


@pytest.mark.parametrize("record", ["moved #5 17", "created", "intended soon nonce", "", "\u00ff"])
async def test_no_write_is_permitted_over_a_record_that_cannot_be_read(
    world: World, record: str
) -> None:
    """Not even where it came after the ledger was read; and it stays as it is."""
    delivery, before = await crossing(world)
    ledger = world.keys.ledger(TARGET)
    await world.run("HSET", ledger, TICKET, record)

    with pytest.raises(StoreRefused, match="UNREADABLE"):
        await world.ledger().permit(delivery, TARGET, ME, Wish(before.epoch, TICKET))

    again = await taken(world, delivery)
    assert again.records == {TICKET: UnreadableRecord(record)}


async def test_a_number_that_is_none_breaks_a_script_and_is_a_refusal(world: World) -> None:
    """Lua's own errors name the script and its line."""
    delivery = await migrating(world)
    gate = world.keys.gate(ME.account)
    await world.run("HSET", gate, "until", "tomorrow")

    with pytest.raises(StoreRefused, match="user_script"):
        await world.ledger().take(delivery, TARGET, ME)


async def test_a_stream_that_is_none_is_a_refusal_to_whoever_reads_it(world: World) -> None:
    """The reading loop backs off and says so."""
    await world.drop(Stream.NOTICES)
    await world.client.set(world.keys.stream(Stream.NOTICES), "x")

    with pytest.raises(StoreError):
        await world.streams().receive(Stream.NOTICES, 1)


@pytest.mark.parametrize(
    "error",
    [
        OSError("the connection broke"),
        TimeoutError(),
        BusyLoadingError("LOADING Valkey is loading the dataset in memory"),
        ReadOnlyError("READONLY You can't write against a read only replica."),
        OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'."),
        NoPermissionError("NOPERM User monarch has no permissions to run the 'evalsha' command"),
        AuthenticationError("WRONGPASS invalid username-password pair or user is disabled."),
        ResponseError("UNBLOCKED force unblock from blocking operation"),
        ResponseError(
            "NOREPLICAS Not enough good replicas to write. script: 1a, on @user_script:12."
        ),
        ResponseError("OOM command not allowed. script: 1a, on @user_script:12."),
        ResponseError("user_script:35: MASTERDOWN Link with MASTER is down script: 1a"),
        ResponseError("user_script:35: LOADING Valkey is loading the dataset in memory"),
        ResponseError("BUSY Valkey is busy running a script."),
        ResponseError("Error running script: Script killed by user with SCRIPT KILL."),
        ResponseError("NOGROUP No such key 'x' or consumer group"),
        ResponseError("unknown command 'EVALSHA'"),
    ],
)
def test_what_may_pass_is_no_refusal(error: Exception) -> None:
    """An outage must never use up an attempt, wherever its words stand."""
    assert not is_refusal(error)
