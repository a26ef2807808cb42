"""The commands below `monarch dead`: their arguments and what they promise. The work is done by `letters`."""
# ruff: noqa: PLC0415 - what a command needs is imported when it is given
# ruff: noqa: FBT002 - a flag is a parameter with a default, that is how typer reads it

from typing import Annotated

import typer

from monarch.cli.arguments import (
    All,
    As,
    AsJson,
    By,
    DryRun,
    Letters,
    Limit,
    NewerThan,
    OfRequest,
    OfTarget,
    OlderThan,
    WithCode,
)
from monarch.cli.terminal.program import Group

dead = typer.Typer(
    cls=Group,
    help="Dead letters: what was given up and why; send it back or delete it.",
    no_args_is_help=True,
)


@dead.command(
    "list", epilog="Example: monarch dead list --code repository_not_found --newer-than 2h"
)
def dead_list(
    context: typer.Context,
    limit: Limit = 50,
    request: OfRequest = None,
    target: OfTarget = None,
    code: WithCode = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first. Several filters all apply."""
    from monarch.cli.choice import choice
    from monarch.cli.dead.letters import show_dead
    from monarch.cli.terminal.most import most

    chosen = choice(request, target, code, older_than, newer_than)
    show_dead(most(context, limit), chosen, as_json=as_json)


@dead.command("show")
def dead_show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="Id of the letter, or of its entry.")],
    sense: As = None,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter in full, or all letters of an entry. As JSON it is the first; `others` are ids."""
    from monarch.cli.dead.letters import show_dead_letter

    show_dead_letter(letter, sense, as_json=as_json)


@dead.command("replay", epilog="Example: monarch dead replay --request 1732406400000-0 --dry-run")
def dead_replay(
    ids: Letters = None,
    sense: As = None,
    request: OfRequest = None,
    target: OfTarget = None,
    code: WithCode = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    everything: All = False,
    dry_run: DryRun = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back, once their cause is fixed. Nothing is copied twice."""
    from monarch.cli.choice import choice
    from monarch.cli.dead.letters import replay_letters
    from monarch.cli.dead.named import Wish

    chosen = choice(request, target, code, older_than, newer_than)
    wish = Wish(ids or [], chosen, sense)
    replay_letters(wish, by, everything=everything, dry_run=dry_run, as_json=as_json)


@dead.command("drop")
def dead_drop(
    ids: Letters = None,
    sense: As = None,
    request: OfRequest = None,
    target: OfTarget = None,
    code: WithCode = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: confirm.")] = False,
    dry_run: DryRun = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Delete dead letters for good. What was not copied will not be."""
    from monarch.cli.choice import choice
    from monarch.cli.dead.letters import drop_letters
    from monarch.cli.dead.named import Wish

    chosen = choice(request, target, code, older_than, newer_than)
    wish = Wish(ids or [], chosen, sense)
    drop_letters(wish, by, everything=everything, yes=yes, dry_run=dry_run, as_json=as_json)
