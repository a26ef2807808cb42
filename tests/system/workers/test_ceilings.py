"""A shell whose settings differ from the workers': figures go by what the workers do."""

import json

from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed

THEIRS = {
    "MONARCH_WRITES_PER_MINUTE": "70",
    "MONARCH_WRITES_PER_HOUR": "300",
    "MONARCH_WRITE_INTERVAL_SECONDS": "0",
}
OURS = {"MONARCH_WRITES_PER_MINUTE": "10", "MONARCH_WRITES_PER_HOUR": "20"}


async def test_a_shell_with_other_ceilings_than_the_workers_shows_no_false_figures(
    fleet: Fleet,
) -> None:
    """`status` said how many writes are left, and `plan` how long it takes, by a shell that no worker goes by."""
    await fleet.sandbox.seed(a_seed(25, ["team/a", "team/b"]))
    fleet.start(**THEIRS)
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    status = json.loads(fleet.run("status", "--json", **OURS).stdout)
    plan = json.loads(fleet.run("plan", SOURCE, "team/b", "--json", **OURS).stdout)
    doctor = " ".join(fleet.run("doctor", **OURS, COLUMNS="200").stdout.split())

    [account] = status["accounts"]
    written = account["written_hour"]
    assert written >= 25
    assert account["hour_left"] == 300 - written
    assert status["ceilings"] == {
        "per_minute": 70,
        "per_hour": 300,
        "interval_ms": 0,
        "at_once": 1,
    }
    # By the shell's ten a minute it would be minutes, and by its twenty an hour, an hour.
    assert plan["seconds"] < 60
    assert "the workers go by 70 a minute, 300 an hour, 0 s apart, 1 at once" in doctor
    assert "this shell has 10 a minute, 20 an hour, " in doctor


async def test_a_running_worker_is_known_again_after_valkey_was_emptied(fleet: Fleet) -> None:
    """And that Valkey has lost its memory. Its version, its roles and its ceilings were lost until it was restarted, and figures went by the reader's shell."""
    await fleet.sandbox.seed(a_seed(1, ["team/a", "team/b"]))
    fleet.start(**THEIRS)
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()
    before = json.loads(fleet.run("workers", "--json").stdout)

    fleet.client.flushall()
    fleet.until(lambda: bool(json.loads(fleet.run("status", "--json", **OURS).stdout)["ceilings"]))
    after = json.loads(fleet.run("workers", "--json").stdout)

    assert "send again what was under way then" in fleet.run("status").stdout
    shown = ("name", "version", "since_ms")
    assert [[one[k] for k in shown] for one in after] == [[one[k] for k in shown] for one in before]
