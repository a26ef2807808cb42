"""Valkey behind TLS, with an authority of one's own and a user who may do no more than docs/valkey.md says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monarch.sandbox.program import ROOT
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, assert_copied
from tests.tls import AUTHORITY, tls_in_front_of

SECRET = "open/sesame@home"
QUOTED = "open%2Fsesame%40home"
USER = "monarch"


def rights() -> list[str]:
    """What the page tells operators to type, without user and password."""
    page = (ROOT / "docs" / "valkey.md").read_text(encoding="utf-8")
    found = re.search(rf"ACL SETUSER {USER} on '>[^']+' (.+)", page)
    assert found is not None
    return found[1].replace("'", "").split()


@dataclass(frozen=True)
class Secured:
    """A fleet, and where its Valkey is reached by TLS."""

    fleet: Fleet
    place: str

    def url(self, *, password: str = QUOTED, authority: Path | None = AUTHORITY) -> str:
        """`VALKEY_URL`, with credentials."""
        query = f"?ssl_ca_certs={authority}" if authority else ""
        return f"valkeys://{USER}:{password}@{self.place}{query}"


@pytest.fixture
def secured(fleet: Fleet) -> Iterator[Secured]:
    """A fleet whose Valkey answers by TLS, and knows a user who may do what Monarch has to."""
    fleet.client.execute_command("ACL", "SETUSER", USER, "on", f">{SECRET}", *rights())
    with tls_in_front_of(fleet.server.port) as port:
        yield Secured(fleet, f"127.0.0.1:{port}/0")


async def test_the_whole_way_by_tls_with_the_rights_of_the_page(secured: Secured) -> None:
    """Worker, publisher and doctor; nothing is refused to them, and nothing else is allowed."""
    fleet, url = secured.fleet, secured.url()
    await fleet.sandbox.seed(a_seed(3, ["team/a", "team/b"]))
    worker = fleet.start(1, VALKEY_URL=url)
    fleet.publish(a_message(["team/a"]))
    assert fleet.run("submit", SOURCE, "team/b", VALKEY_URL=url).returncode == 0
    assert fleet.run("status", VALKEY_URL=url).returncode == 0
    requests = fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert [request["state"] for request in requests] == ["done", "done"]
    assert_all_copied(state, ["team/a", "team/b"])
    found = fleet.run("doctor", VALKEY_URL=url)
    assert "appendfsync" in found.stdout
    assert "FAIL" not in found.stdout
    log = fleet.log_of(worker)
    assert "valkey.unavailable" not in log
    assert not any(secret in log + found.stdout for secret in (SECRET, QUOTED))


async def test_what_the_doctor_says_of_a_door_that_stays_shut(secured: Secured) -> None:
    """Wrong password, unknown authority, missing right: each has its own sentence, and no password is shown."""
    fleet = secured.fleet
    fleet.client.execute_command("ACL", "SETUSER", USER, "-info")
    urls = {
        "Correct VALKEY_USERNAME and VALKEY_PASSWORD": secured.url(password="0pen"),
        "ssl_ca_certs": secured.url(authority=None),
        "rights": secured.url(),
    }

    for advice, url in urls.items():
        found = fleet.run("doctor", VALKEY_URL=url, COLUMNS="400")
        assert found.returncode == 1
        assert advice in found.stdout
        assert not any(secret in found.stdout + found.stderr for secret in (QUOTED, SECRET, "0pen"))


async def test_a_worker_says_why_it_is_not_let_in(secured: Secured) -> None:
    """It tries again and again, loudly, and comes in once it may."""
    fleet = secured.fleet
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    fleet.client.execute_command("ACL", "SETUSER", USER, "resetpass", ">another")
    worker = fleet.spawn(VALKEY_URL=secured.url())
    fleet.until(lambda: "invalid username-password pair" in fleet.log_of(worker))
    fleet.client.execute_command("ACL", "SETUSER", USER, "resetpass", f">{SECRET}")
    fleet.until(lambda: fleet.subscribed() == 1)
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")
    assert not any(secret in fleet.log_of(worker) for secret in (QUOTED, SECRET))
