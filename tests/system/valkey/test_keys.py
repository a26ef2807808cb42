"""What an operator reads in `valkey-cli` tells the story without Monarch."""

from typing import Any

from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.judge.findings import tickets_in
from scripts.fleet_machine.fleet import SLACK_CHANNEL, SOURCE, Fleet, a_message, a_seed, path_of

MIGRATIONS = "{monarch}:migrations"


async def test_work_in_hand_is_seen_with_stock_commands(fleet: Fleet) -> None:
    """`XINFO GROUPS` and `XPENDING` say how much is left and which process has it."""
    await fleet.sandbox.seed(a_seed(3, ["team/a"]))
    path = await path_of(fleet.sandbox, "team/a", "/issues$")
    write = Match(method="POST", path_regex=path)
    held = await fleet.sandbox.add_fault(Hold(), match=write, nth=2)
    worker = fleet.start()
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    [group] = fleet.client.xinfo_groups(MIGRATIONS)
    assert group["name"] == b"workers"
    assert (group["pending"], group["lag"]) == (1, 0)
    [pending] = fleet.client.xpending_range(MIGRATIONS, "workers", "-", "+", 10)
    assert f".{worker.pid}." in pending["consumer"].decode()
    assert pending["times_delivered"] == 1
    [request] = fleet.requests()
    assert request["state"] == "running"
    migration = fleet.migration(request, "team/a")
    assert (migration["state"], migration["copied"]) == ("running", "1")
    [entry] = _texts(fleet.client.xrange(MIGRATIONS))
    assert (entry["request"], entry["target"], entry["v"]) == (request["id"], "team/a", "1")

    await fleet.sandbox.release(held)
    fleet.until_ended()
    assert fleet.client.xlen(MIGRATIONS) == 0
    assert fleet.client.xpending(MIGRATIONS, "workers")["pending"] == 0


async def test_the_hashes_tell_what_became_of_a_request(fleet: Fleet) -> None:
    """Request, migration, ledger and dead letter have fields that a person can read."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start(MONARCH_TARGET_PATIENCE_SECONDS="0")
    fleet.publish(a_message(["team/a", "team/gone"]))
    [request] = fleet.until_ended()

    assert request["state"] == "failed"
    assert (request["source"], request["channel"]) == (SOURCE, SLACK_CHANNEL)
    assert request["tickets"] == "2"
    assert request["targets"].splitlines() == ["team/a", "team/gone"]
    assert int(request["appended_ms"]) <= int(request["planned_ms"]) <= int(request["ended_ms"])

    state = await fleet.sandbox.state()
    done = fleet.migration(request, "team/a")
    assert (done["state"], done["copied"], done["present"]) == ("done", "2", "0")
    assert int(done["target_id"]) == state.repositories["team/a"].id
    ledger = fleet.client.hgetall(f"{{monarch}}:ledger:{done['target_id']}")
    told = {field.decode(): record.decode().split()[:2] for field, record in ledger.items()}
    read = {field: record for field, record in told.items() if field.isdigit()}
    tickets = tickets_in(state.repositories[SOURCE])
    assert read == {str(t.id): ["created", f"#{n}"] for n, t in enumerate(tickets, start=1)}

    [dead] = _texts(fleet.client.xrange("{monarch}:dead"))
    assert dead["stream"] == "migrations"
    assert dead["request"] == request["id"]
    assert dead["migration"] == f"{request['id']}:team/gone"
    assert dead["code"] == "repository_not_found"
    assert " " in dead["reason"]
    assert {"entry", "payload", "attempts", "deliveries", "at"} <= dead.keys()


def _texts(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> list[dict[str, Any]]:
    return [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in entries]
