"""The catalogue of these commands: their arguments and what they promise. The work is done by the others here."""
# ruff: noqa: PLC0415 - what a command needs is imported when it is given
# ruff: noqa: FBT002 - a flag is a parameter with a default, that is how typer reads it

from typing import Annotated

import typer

from monarch.cli.arguments import AsJson, By, RequestName

_Targets = Annotated[
    list[str] | None,
    typer.Option("--target", help="Only this target: owner/repo. May be given several times."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
_Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(epilog="Example: monarch recall 1732406400000-0 --dry-run")(recall)
    app.command(epilog="Example: monarch update 1732406400000-0 --dry-run")(update)


def recall(
    request: RequestName,
    target: _Targets = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Reopen exactly the copies that a recall has closed.")
    ] = False,
    dry_run: _DryRun = False,
    wait: _Wait = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Close the untouched copies of a request, and list those that people have touched. --undo reopens them."""
    from monarch.cli.after.acting import act_on, rehearse
    from monarch.core.after.acts import Act

    act = Act.UNDO if undo else Act.RECALL
    if dry_run:
        rehearse(request, act, target or [], wait=wait, by=by, as_json=as_json)
    else:
        act_on(request, act, target or [], by, wait=wait, as_json=as_json)


def update(
    request: Annotated[
        str | None, typer.Argument(help="A request's id; or name a template with --source.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Every target that requests for this template have reached: owner/repo."),
    ] = None,
    target: _Targets = None,
    close: Annotated[
        bool,
        typer.Option(
            "--close",
            help="Also close the untouched copies of tickets that the template has closed since.",
        ),
    ] = False,
    dry_run: _DryRun = False,
    wait: _Wait = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Bring later edits of the template into copies that are still as Monarch wrote them, and copy what is new."""
    from monarch.cli.after.updating import foresee_update, update_copies

    if dry_run:
        foresee_update(request, source, target or [], by, close=close, wait=wait, as_json=as_json)
    else:
        update_copies(request, source, target or [], by, close=close, wait=wait, as_json=as_json)
