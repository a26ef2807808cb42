"""A run in which everything fails and everybody echoes what he was sent: no secret stands anywhere afterwards."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkey

from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import Fleet, a_message
from tests.keys import an_rsa_key

# Shapes that nothing could be recognised by.
GITHUB, SLACK = "s3cr3t.of.the.hub.0123456789", "s3cr3t.of.the.channel.0123456789"
STORE, WRONG = "s3cr3t/of+the:store", "s3cr3t.but.wrong"
SECRETS = (GITHUB, SLACK, STORE, "s3cr3t%2Fof%2Bthe%3Astore", WRONG)
LOOKALIKE = "ghp_LooksLikeOneOfThem0123456789abcdef"
"""It comes in messages, whose bytes are kept as they came; nothing else may show it."""


class Echo(BaseHTTPRequestHandler):
    """GitHub and Slack on a day when every answer repeats the headers of its request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Fail in the way that the path names."""
        found = re.search(r"/status-(\d+)", self.path)
        if self.path.endswith("/user"):
            self._answer(200, {"id": 1, "login": "monarch-bot"})
        else:
            status = int(found[1]) if found else 404
            self._answer(status, {"message": f"no: {self._sent()}", "errors": [self._sent()]})

    def do_POST(self) -> None:
        """Slack refuses its token, and says which."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, {"ok": False, "error": f"invalid_auth {self._sent()}"})

    def _sent(self) -> str:
        return str(self.headers["Authorization"]).partition(" ")[2]

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-GitHub-Request-Id", self._sent())
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    """Where the echo listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def lock_up(fleet: Fleet) -> dict[str, str]:
    """Give the server a password, and what its clients need to know."""
    fleet.client.config_set("requirepass", STORE)
    fleet.client.close()
    port = int(fleet.server.url.rpartition(":")[2].partition("/")[0])
    fleet.client = valkey.Valkey(host="127.0.0.1", port=port, password=STORE, socket_timeout=10)
    return {"VALKEY_PASSWORD": STORE}


def everything_in(client: Any) -> bytes:
    """All keys of the server and all that stands in them."""
    reads = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"list": lambda key: client.lrange(key, 0, -1),
        b"stream": client.xrange,
    }
    kinds = [(key, client.type(key)) for key in client.scan_iter()]
    # What has expired since it was listed is of no kind.
    found = [(key, reads[kind](key)) for key, kind in kinds if kind != b"none"]
    return repr((found, client.client_list())).encode()


def read_page(address: str) -> bytes:
    """A page with its headers, whatever its status."""
    answer = httpx.get(address, timeout=10, trust_env=False)
    return answer.content + repr(answer.headers).encode()


def title_of(worker: "subprocess.Popen[bytes]") -> bytes:
    """What everybody on the machine sees of a process."""
    process = Path(f"/proc/{worker.pid}")
    return (process / "cmdline").read_bytes() + (process / "comm").read_bytes()


def start_in_vain(fleet: Fleet, log: Path, **settings: str) -> "subprocess.Popen[bytes]":
    """A worker that will never hear the channel."""
    with log.open("wb") as file:
        worker = subprocess.Popen(
            [*fleet.program, "run"],
            env=fleet.environment(**settings),
            stdout=file,
            stderr=file,
            cwd=fleet.logs,
        )
    fleet.workers.append(worker)
    return worker


def assert_clean(what: str, text: bytes, *hidden: str) -> None:
    """None of `hidden` stands in it, and it is not empty."""
    assert text, what
    for secret in hidden or SECRETS:
        at = text.find(secret.encode())
        assert at < 0, f"{secret} in {what}: …{text[max(0, at - 200) : at + 60]!r}…"


async def test_a_failing_run_shows_no_secret_anywhere(fleet: Fleet, echo: str) -> None:
    """Logs at their loudest, dead letters, events, every key, metrics, pages, commands, titles of processes."""
    web, metrics = str(free_port()), str(free_port())
    settings = {
        **lock_up(fleet),
        "GH_PAT": GITHUB,
        "SLACK_BOT_TOKEN": SLACK,
        "GITHUB_API_URL": echo,
        "SLACK_API_URL": f"{echo}/api/",
        "MONARCH_LOG_LEVEL": "debug",
        "MONARCH_WEB_PORT": web,
        "MONARCH_METRICS_PORT": metrics,
        "MONARCH_MAX_ATTEMPTS": "1",
    }
    worker = fleet.start(**settings)
    for status in (403, 404, 410, 418, 500, 502):
        fleet.publish(a_message(["team/a"], source=f"org/status-{status}"))
    for malformed in (
        LOOKALIKE.encode(),
        a_message(["team/a"], source=f"https://{LOOKALIKE}@github.com/org/t"),
        a_message(["team/a"], source=f"org/{LOOKALIKE}/x"),
        a_message([f"https://x:{LOOKALIKE}@github.com/org/t"], source="org/status-404"),
        a_message(["team/a"], source="org/status-404", channel=LOOKALIKE),
    ):
        fleet.publish(malformed)
    fleet.until_ended(11)
    # Last, for it closes the gate and everything waits.
    fleet.publish(a_message(["team/a"], source="org/status-401"))
    fleet.until(lambda: fleet.client.zcard("{monarch}:parked") > 0)

    assert len([letter for letter in fleet.dead() if letter["stream"] == "requests"]) == 11
    assert any("notices" in letter["stream"] for letter in fleet.dead())
    assert_clean("Valkey", everything_in(fleet.client))
    for shown in (fleet.dead(), fleet.events(), fleet.requests()):
        for fields in shown:
            fields.pop("payload", None)
            assert_clean("what people are shown", repr(fields).encode(), *SECRETS, LOOKALIKE)
    pages = [
        read_page(f"http://127.0.0.1:{port}{path}")
        for port, path in ((metrics, "/metrics"), (web, "/health"), (web, "/ready"), (web, "/"))
    ]
    pages.append(read_page(f"http://127.0.0.1:{web}/?token={LOOKALIKE}"))
    for page in pages:
        assert_clean("a page", page, *SECRETS, LOOKALIKE)
    assert_clean("the title of the process", title_of(worker))
    commands = (
        "status",
        "requests --json",
        "events --json",
        "dead list --json",
        "doctor",
        "plan org/status-403 team/a",
    )
    with ThreadPoolExecutor() as pool:
        for ended in pool.map(lambda command: fleet.run(*command.split(), **settings), commands):
            assert_clean(f"{ended.args}", (ended.stdout + ended.stderr).encode())
    worker.terminate()
    worker.wait(timeout=20)
    log = fleet.log_of(worker).encode()
    assert_clean("the log", log, *SECRETS, LOOKALIKE)
    assert b'"level": "debug"' in log


async def test_an_app_shows_neither_its_key_nor_what_it_signs(fleet: Fleet, echo: str) -> None:
    """Every answer repeats the signature that it was asked with; logs, store and doctor stay without it."""
    key = an_rsa_key()
    settings = {
        "GH_PAT": "",
        "GITHUB_APP_ID": "1001",
        "GITHUB_APP_PRIVATE_KEY": key.replace("\n", "\\n"),
        "GITHUB_API_URL": echo,
        "MONARCH_LOG_LEVEL": "debug",
        "MONARCH_MAX_ATTEMPTS": "1",
    }
    worker = fleet.start(**settings)
    for status in (403, 418, 500):
        fleet.publish(a_message(["team/a"], source=f"org/status-{status}"))
    fleet.until_ended(3)
    told = fleet.run("doctor", **settings)
    worker.terminate()
    worker.wait(timeout=20)

    # A signature begins as every JSON web token does.
    hidden = (*key.splitlines()[1:-1], "eyJ")
    assert_clean("the log", fleet.log_of(worker).encode(), *hidden)
    assert_clean("Valkey", everything_in(fleet.client), *hidden)
    assert_clean("what the doctor says", (told.stdout + told.stderr).encode(), *hidden)
    assert "github app" in told.stdout


async def test_mistaken_settings_and_a_wrong_password_are_told_without_their_values(
    fleet: Fleet,
) -> None:
    """A URL that carries a password, a token with a line end, a password that the server does not take."""
    lock_up(fleet)
    port = fleet.server.url.rpartition(":")[2].partition("/")[0]
    mistakes = (
        {"VALKEY_URL": f"valkey://:{WRONG}@127.0.0.1:{port}/0"},
        {"VALKEY_URL": f"valkey://{WRONG}:{WRONG}@127.0.0.1:1/0"},
        {"VALKEY_URL": f"nonsense://{WRONG}@127.0.0.1"},
        {"VALKEY_PASSWORD": WRONG},
        {"GITHUB_API_URL": f"http://me:{WRONG}@127.0.0.1:1"},
        {"SLACK_API_URL": f"http://me:{WRONG}@127.0.0.1:1/api/"},
        {"GH_PAT": f"{WRONG} {WRONG}"},
        {"SLACK_BOT_TOKEN": f"{WRONG}\n{WRONG}"},
        {
            "GITHUB_APP_ID": "1",
            "GITHUB_APP_PRIVATE_KEY": f"-----BEGIN RSA PRIVATE KEY-----\n{WRONG}",
        },
        {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY_FILE": f"/nowhere/{WRONG}"},
        {"MONARCH_LEASE_SECONDS": WRONG},
    )
    # A few at a time: most of a command's seconds go by while it tries again to connect.
    with ThreadPoolExecutor(max_workers=6) as pool:
        tried = [
            (
                mistake,
                command,
                pool.submit(fleet.run, command, MONARCH_LOG_LEVEL="debug", **mistake),
            )
            for mistake in mistakes
            for command in ("doctor", "status")
        ]
    for mistake, command, future in tried:
        ended = future.result()
        if "MONARCH_LEASE_SECONDS" not in mistake:
            assert_clean(str(mistake), (ended.stdout + ended.stderr).encode())
        assert ended.returncode != 0, (mistake, command)


async def test_a_worker_with_a_wrong_password_says_so_without_it(fleet: Fleet) -> None:
    """At the loudest, until SIGTERM."""
    lock_up(fleet)
    log = fleet.logs / "wrong.log"
    worker = start_in_vain(fleet, log, VALKEY_PASSWORD=WRONG, MONARCH_LOG_LEVEL="debug")

    fleet.until(lambda: worker.poll() is not None or log.stat().st_size > 200)
    worker.terminate()
    worker.wait(timeout=20)

    assert_clean("the log", log.read_bytes())
