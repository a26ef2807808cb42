"""What the contract of `ports.Meter` does not hold: a Valkey that is away, spoiled keys, and a real look over HTTP."""

from dataclasses import replace
from types import SimpleNamespace

import anyio
import pytest

import monarch.adapters.valkey.meter as meter_module
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.client.connection import connect, connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.meter import UNASKED_S, ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.budget.ceilings import POINTS, Ceilings, Pace
from monarch.core.outcome import Found
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.moves import ME

ACCOUNT = ME.account
TIME_SCALE, FEW, GAPS = 60, 10, 20


class Time:
    """Stands in for anyio's clock: a wait passes at once, and is noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def current_time(self) -> float:
        """What the worker's clock says, in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        self.waits.append(seconds)
        self.now += seconds

    def place(self) -> SimpleNamespace:
        """What the meter finds under anyio's name."""
        return SimpleNamespace(
            sleep=self.sleep, current_time=self.current_time, move_on_after=anyio.move_on_after
        )


async def test_where_valkey_is_away_reads_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither raises; and it is asked again only a little later, so that one that hangs holds up nothing."""
    time = Time()
    monkeypatch.setattr(meter_module, "anyio", time.place())
    gone, asked = connect("valkey://127.0.0.1:1/0", "tests"), 0
    scripts = Scripts(gone, Keys().prefix)
    call = scripts.call

    async def counted(name: str, keys: list[str], *args: str | int | bytes) -> object:
        nonlocal asked
        asked += 1
        return await call(name, keys, *args)

    monkeypatch.setattr(scripts, "call", counted)
    meter = ValkeyMeter(scripts, Keys(), Ceilings())

    for _ in range(5):
        await meter.admit(ACCOUNT)
        await meter.standing(ACCOUNT, 10, 60)
    assert (asked, time.waits) == (1, [])
    time.now += UNASKED_S
    await meter.admit(ACCOUNT)
    assert asked == 2
    await gone.aclose()


@pytest.mark.parametrize("kind", ["points", "primary"])
async def test_a_spoiled_key_lets_reads_pass(server: EmbeddedValkey, kind: str) -> None:
    """Reading goes on whatever stands there."""
    async with connected(server.url, "tests") as client:
        keys = Keys(f"spoiled-{kind}")
        key = keys.points(ACCOUNT) if kind == "points" else keys.primary(ACCOUNT)
        await client.set(key, "x")
        meter = ValkeyMeter(Scripts(client, keys.prefix), keys, Ceilings())

        with anyio.fail_after(30):
            await meter.admit(ACCOUNT)
            await meter.standing(ACCOUNT, 10, 60)
        assert await client.get(key) == b"x"


async def rejected_for_points(server: EmbeddedValkey, *, metered: bool) -> int:
    """Let two workers look at each number of a long list of gaps; how many of their reads were refused for points."""
    async with (
        running_sandbox() as sandbox,
        connected(server.url, "tests", connections=4) as client,
    ):
        pushing = {"collaborators": {"bot": "write"}}
        await sandbox.seed(
            Seed.model_validate(
                {
                    "accounts": [{"login": "org", "kind": "Organization"}, {"login": "bot"}],
                    "tokens": [{"token": "ghp_bot", "login": "bot"}],
                    "repositories": [{"full_name": "org/team", **pushing}],
                }
            )
        )
        # Both workers ask who they are, and nobody pays for that.
        await sandbox.settings(points_per_minute=FEW + 2, time_scale=TIME_SCALE)
        keys = Keys("meter-over-http")
        # Time is faster, and the way to the stand-in is not.
        pace = replace(Pace().faster(TIME_SCALE), margin_ms=1000)

        async def look() -> None:
            meter = ValkeyMeter(Scripts(client, keys.prefix), keys, Ceilings(), pace)
            async with HttpGitHub(
                "ghp_bot", sandbox.github_url, meter=meter if metered else None
            ) as github:
                await github.credential("org/team")
                repository = await github.read_repository("org/team")
                assert isinstance(repository, Found)
                for number in range(1, GAPS + 1):
                    await github.read_issue(repository.value, number)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            tasks.start_soon(look)
        return (await sandbox.state()).rejected.get("points", 0)


async def test_a_look_at_many_gaps_is_never_refused_for_points(
    server: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, four times as many reads as a minute allows, on a minute of one second."""
    monkeypatch.setattr("monarch.core.budget.ceilings.POINTS", FEW)
    assert POINTS > FEW
    assert await rejected_for_points(server, metered=True) == 0


async def test_without_a_meter_the_same_look_is_refused(server: EmbeddedValkey) -> None:
    """So the test above shows something."""
    assert await rejected_for_points(server, metered=False) > 0
