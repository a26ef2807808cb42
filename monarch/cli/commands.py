"""The catalogue of commands: their arguments and what they promise. The work is done by the others here."""
# ruff: noqa: PLC0415 - what a command needs is imported when it is given
# ruff: noqa: FBT002 - a flag is a parameter with a default, that is how typer reads it

from typing import Annotated

import typer

import monarch
from monarch.cli import view_commands as views
from monarch.cli.after import commands as after
from monarch.cli.arguments import (
    PORT,
    AsJson,
    By,
    Channel,
    Milestones,
    NotBefore,
    RequestName,
    Source,
    Targets,
)
from monarch.cli.dead.commands import dead
from monarch.cli.terminal.program import Program

_EPILOG = """
**Exit status.** 0: done. 1: it failed, could not show everything, or the request that was followed did not end well.
2: wrong usage or configuration. 3: the request that was followed goes on, but cannot be seen any more.
130: interrupted (Ctrl-C). 141: the output was closed. 143: ended by SIGTERM.

**Errors.** They stand on standard error. With `--json` it has one JSON document a line: `{"error": {…}}` with `message`,
`status`, `expected`, `got`, `advice` and `mistakes` (each `null` or empty where there is none), and `{"note": "…"}` for
what is worth knowing beside the result.

**Environment.** VALKEY_URL (or VALKEY_HOST and VALKEY_PORT), GH_PAT (or GITHUB_APP_ID and its private key),
SLACK_BOT_TOKEN, MONARCH_NAMESPACE and others, also from a file `.env`: see `.env.template`. NO_COLOR switches colours
off.

**Examples.**

monarch submit org/template org/team-a org/team-b --wait

monarch show 1732406400000-0 --json

monarch dead replay --request 1732406400000-0
"""

app = typer.Typer(
    name="monarch",
    cls=Program,
    help="Copies the tickets of a template repository into many team repositories.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(dead, name="dead")


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        print(f"monarch {monarch.__version__}")
        raise typer.Exit


@app.callback()
def everything(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Copies the tickets of a template repository into many team repositories."""


# ----------------------------------------------------------------------------------------- working


@app.command()
def run(
    roles: Annotated[
        str | None,
        typer.Option(help="Any of intake,planner,migrator,notifier,reclaimer; all by default."),
    ] = None,
) -> None:
    """Run a worker until SIGTERM or SIGINT. Run as many as you like."""
    from monarch.cli.run import run_roles

    run_roles(roles)


@app.command()
def web() -> None:
    """Serve the page alone, on a host that does no work, until SIGTERM or SIGINT. Every worker serves it too."""
    from monarch.cli.run import serve_page

    serve_page()


@app.command(
    epilog="Example: monarch submit org/template org/team-a org/team-b --channel C06GHMZB3M3 --wait"
)
def submit(
    source: Source,
    targets: Targets,
    channel: Channel = None,
    not_before: NotBefore = None,
    milestones: Milestones = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the request to its end.")] = False,
    key: Annotated[
        str | None,
        typer.Option(help="Submitting again under the same key makes no second request."),
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a migration, durably. Prints the request's id once it is on disk."""
    from monarch.cli.portions import RequestArguments
    from monarch.cli.submit import submit_message

    asked = RequestArguments(source, targets, channel, not_before, milestones or [])
    submit_message(asked, key, by, wait=wait, as_json=as_json)


@app.command()
def publish(
    source: Annotated[
        str | None, typer.Argument(help="The template: owner/repo or an address.")
    ] = None,
    targets: Annotated[
        list[str] | None, typer.Argument(help="The repositories to copy into, one or more.")
    ] = None,
    channel: Channel = None,
    payload: Annotated[str | None, typer.Option(help="Publish this text as it is.")] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a message as the platform does. Prints how many heard it; fails if none did."""
    from monarch.cli.submit import publish_message

    publish_message(source, targets or [], channel, payload, as_json=as_json)


# --------------------------------------------------------------------------- seeing before, checking after


@app.command(
    epilog="Example: monarch plan org/template org/team-a && monarch submit org/template org/team-a"
)
def plan(
    source: Source,
    targets: Targets,
    not_before: NotBefore = None,
    milestones: Milestones = None,
    as_json: AsJson = False,
) -> None:
    """Show what `submit` would do for each target, and when it would be done. Writes nothing."""
    from monarch.cli.plan import show_plan
    from monarch.cli.portions import RequestArguments

    show_plan(
        RequestArguments(source, targets, None, not_before, milestones or []), as_json=as_json
    )


@app.command(epilog="Example: monarch verify 1732406400000-0 --heal --wait")
def verify(
    request: RequestName,
    heal: Annotated[bool, typer.Option("--heal", help="Make missing copies again.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --heal: follow the request to its end.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Compare the targets of a request with its plan, ticket by ticket. Fails if a copy is missing or doubled."""
    from monarch.cli.verify import verify_request

    verify_request(request, by, heal=heal, wait=wait, as_json=as_json)


@app.command(epilog="Example: monarch missed my-organisation --since 3d --submit")
def missed(
    owners: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OWNER",
            help="Organisations or users, one or more; those of MONARCH_MISSED_OWNERS by default.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="How old a repository may be: 90s, 2h, 3d; 7d by default, or as long as requests are kept.",
        ),
    ] = None,
    submit: Annotated[
        bool, typer.Option("--submit", help="Ask for the tickets of what was missed.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Find repositories that were made from a known template and that no message named."""
    from monarch.cli.missed import show_missed

    show_missed(owners or [], since, by, submit=submit, as_json=as_json)


# ----------------------------------------------------------------------------------------- looking

views.add_to(app)


# ---------------------------------------------------------------------------------------- steering

after.add_to(app)


@app.command()
def pause(by: By = None, as_json: AsJson = False) -> None:
    """Stop starting new work. Running migrations finish; incoming requests are queued."""
    from monarch.cli.steering import pause_fleet

    pause_fleet(by, as_json=as_json)


@app.command()
def resume(by: By = None, as_json: AsJson = False) -> None:
    """Resume work after a pause."""
    from monarch.cli.steering import resume_fleet

    resume_fleet(by, as_json=as_json)


@app.command()
def cancel(
    request: RequestName,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a request. What is done stays; nothing more is written. A replay undoes it."""
    from monarch.cli.steering import cancel_request

    cancel_request(request, by, as_json=as_json)


@app.command("try", epilog="Example: monarch try 1732406400000-0 --by ada")
def try_(request: RequestName, by: By = None, as_json: AsJson = False) -> None:
    """Try at once what a request would try later, when its cause is mended. GitHub's limits hold as ever."""
    from monarch.cli.steering import try_at_once

    try_at_once(request, by, as_json=as_json)


@app.command(epilog="Example: monarch first 1732406400000-0 --by ada")
def first(request: RequestName, by: By = None, as_json: AsJson = False) -> None:
    """Put a request first: its writes go before those of all others, until it has ended."""
    from monarch.cli.steering import put_first

    put_first(request, by, as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check Valkey, GitHub and Slack. Says what to do; fails if something is broken."""
    from monarch.cli.doctor import show_examination

    show_examination(as_json=as_json)


@app.command(epilog="Example: monarch config --set")
def config(
    only_set: Annotated[
        bool, typer.Option("--set", help="Only what was given, without the defaults.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the settings that count here and where each comes from. No secret is shown."""
    from monarch.cli.config import show_config

    show_config(only_set=only_set, as_json=as_json)


# ------------------------------------------------------------------------------------ trying it out


@app.command()
def sandbox(
    port: Annotated[
        int,
        typer.Option(parser=PORT, metavar="PORT", help="Port of the stand-in; 0 takes a free one."),
    ] = 0,
    valkey_port: Annotated[
        int, typer.Option(parser=PORT, metavar="PORT", help="Port of Valkey; 0 takes a free one.")
    ] = 0,
) -> None:
    """Run a stand-in for GitHub and Slack, and a Valkey, until stopped. Needs no account."""
    from monarch.cli.sandbox import run_sandbox

    run_sandbox(port, valkey_port)


@app.command()
def demo() -> None:
    """Show the whole flow on this machine. Needs no account."""
    from monarch.cli.demo.demo import run_demo

    raise typer.Exit(run_demo())
