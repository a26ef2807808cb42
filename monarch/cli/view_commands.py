"""The commands that show what is: their arguments and what they promise. The work is done by `status`, `show` and `events`."""
# ruff: noqa: PLC0415 - what a command needs is imported when it is given
# ruff: noqa: FBT002 - a flag is a parameter with a default, that is how typer reads it

from typing import Annotated

import typer

from monarch.cli.arguments import AsJson, Limit, RequestName

_Since = Annotated[
    str | None, typer.Option("--since", help="Only those not older than this: 90s, 2h, 3d.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(status)
    app.command()(workers)
    app.command(epilog="Example: monarch requests --state failed --limit 100")(requests)
    app.command()(show)
    app.command(epilog="Example: monarch events -f --json")(events)


def status(
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Look again every two seconds, until Ctrl-C; with --json a line each.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the fleet: what waits, what is in hand, what may still be written."""
    from monarch.cli.status import show_status

    show_status(watch=watch, as_json=as_json)


def workers(as_json: AsJson = False) -> None:
    """List who works, its last sign of life, and what it has in hand."""
    from monarch.cli.status import show_workers

    show_workers(as_json=as_json)


def requests(
    context: typer.Context,
    limit: Limit = 20,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only this state: queued, running, done, failed, skipped, dead, cancelled."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Only requests of this template: owner/repo.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Only requests with this target: owner/repo.")
    ] = None,
    since: _Since = None,
    as_json: AsJson = False,
) -> None:
    """List the newest requests."""
    from monarch.cli.show import show_requests
    from monarch.cli.terminal.most import most

    show_requests(most(context, limit), state, source, target, since, as_json=as_json)


def show(
    request: RequestName,
    as_json: AsJson = False,
) -> None:
    """Show one request with all its targets."""
    from monarch.cli.show import show_request

    show_request(request, as_json=as_json)


def events(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing events as they happen.")
    ] = False,
    limit: Limit = 50,
    request: Annotated[
        str | None, typer.Option("--request", help="Only events of this request.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Only events of this target: owner/repo.")
    ] = None,
    since: _Since = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON line per event.")
    ] = False,
) -> None:
    """List what happened, oldest first."""
    from monarch.cli.choice import wanted
    from monarch.cli.events import show_events
    from monarch.cli.terminal.most import most

    chosen = wanted(request, target, since)
    show_events(most(context, limit), chosen, follow=follow, as_json=as_json)
