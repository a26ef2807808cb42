"""The catalogue of commands: their arguments and what they promise. The work is done by the others here."""
# ruff: noqa: PLC0415 - what a command needs is imported when it is given
# ruff: noqa: FBT002 - a flag is a parameter with a default, that is how typer reads it

from typing import Annotated

import typer

import monarch

_EPILOG = """
**Exit status.** 0: done. 1: it failed, or what was followed did not end well. 2: wrong usage or configuration.
3: what was followed cannot be seen any more, and goes on. 130: interrupted (Ctrl-C). 141: nobody reads the output any more.

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
    help="Copies the tickets of a template repository into many team repositories.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
dead = typer.Typer(help="What was given up, why, and what becomes of it.", no_args_is_help=True)
app.add_typer(dead, name="dead")

AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most, the newest.")]
Source = Annotated[str, typer.Argument(help="Whose tickets are copied: owner/repo or an address.")]
Targets = Annotated[list[str], typer.Argument(help="Where to: owner/repo, one or more.")]
Channel = Annotated[str | None, typer.Option(help="The Slack channel that is told; none: nobody.")]
RequestName = Annotated[str, typer.Argument(help="A request's id, such as 1732406400000-0.")]
By = Annotated[str | None, typer.Option(help="Who does it, for the others to see; else user@host.")]

Letters = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Ids of dead letters, or of their entries."),
]
OfRequest = Annotated[str | None, typer.Option("--request", help="Only those of this request.")]
OfTarget = Annotated[str | None, typer.Option("--target", help="Only those of this owner/repo.")]
WithCode = Annotated[str | None, typer.Option("--code", help="Only those given up for this.")]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", help="Only those given up so long ago: 90s, 2h, 3d.")
]
NewerThan = Annotated[
    str | None, typer.Option("--newer-than", help="Only those given up since: 90s, 2h, 3d.")
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show which are meant; change nothing.")]


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
        str,
        typer.Option(help="Some of intake,planner,migrator,notifier,reclaimer; all by default."),
    ] = "",
) -> None:
    """Work until SIGTERM or SIGINT: hear, plan, migrate, tell, reclaim. Run as many as you like."""
    from monarch.cli.working import run_roles

    run_roles(roles)


@app.command(
    epilog="Example: monarch submit org/template org/team-a org/team-b --channel C06GHMZB3M3 --wait"
)
def submit(
    source: Source,
    targets: Targets,
    channel: Channel = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it to its end.")] = False,
    key: Annotated[
        str | None,
        typer.Option(help="Submitting again under the same key makes no second request."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a migration, durably: prints the request's id once it is on disk."""
    from monarch.cli.asking import submit_message

    submit_message(source, targets, channel, key, wait=wait, as_json=as_json)


@app.command()
def publish(
    source: Annotated[str | None, typer.Argument(help="Whose tickets are copied.")] = None,
    targets: Annotated[list[str] | None, typer.Argument(help="Where to, one or more.")] = None,
    channel: Channel = None,
    payload: Annotated[
        str | None, typer.Option(help="Publish this text, as it is, instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a message as the platform does: prints how many heard it, and fails where nobody did."""
    from monarch.cli.asking import publish_message

    publish_message(source, targets or [], channel, payload, as_json=as_json)


# --------------------------------------------------------------------------- seeing before, checking after


@app.command(
    epilog="Example: monarch plan org/template org/team-a && monarch submit org/template org/team-a"
)
def plan(source: Source, targets: Targets, as_json: AsJson = False) -> None:
    """What `submit` would do, for each target, and when it would be done; writes nothing."""
    from monarch.cli.planning import show_plan

    show_plan(source, targets, as_json=as_json)


@app.command(epilog="Example: monarch verify 1732406400000-0 --heal --wait")
def verify(
    request: RequestName,
    heal: Annotated[
        bool, typer.Option("--heal", help="Have the copies made again that are missing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --heal: follow it to its end.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """What the targets hold of a request, ticket by ticket; fails where a copy is missing or doubled."""
    from monarch.cli.verifying import verify_request

    verify_request(request, by, heal=heal, wait=wait, as_json=as_json)


# ----------------------------------------------------------------------------------------- looking


@app.command()
def status(as_json: AsJson = False) -> None:
    """How the fleet stands: what waits, what is held, what may still be written."""
    from monarch.cli.looking import show_status

    show_status(as_json=as_json)


@app.command(epilog="Example: monarch requests --state failed --limit 100")
def requests(
    limit: Limit = 20,
    state: Annotated[
        str | None,
        typer.Option(help="Only those: queued, running, done, failed, skipped, dead, cancelled."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The newest requests."""
    from monarch.cli.looking import show_requests

    show_requests(limit, state, as_json=as_json)


@app.command()
def show(
    request: Annotated[str, typer.Argument(help="A request's id, such as 1732406400000-0.")],
    as_json: AsJson = False,
) -> None:
    """One request with all its targets."""
    from monarch.cli.looking import show_request

    show_request(request, as_json=as_json)


@app.command(epilog="Example: monarch events -f --json")
def events(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they happen.")] = False,
    limit: Limit = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: a JSON line each.")
    ] = False,
) -> None:
    """What happened, oldest first."""
    from monarch.cli.looking import show_events

    show_events(limit, follow=follow, as_json=as_json)


@dead.command(
    "list", epilog="Example: monarch dead list --code repository_not_found --newer-than 2h"
)
def dead_list(
    limit: Limit = 50,
    request: OfRequest = None,
    target: OfTarget = None,
    code: WithCode = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    as_json: AsJson = False,
) -> None:
    """What was given up, newest first; of several filters all hold."""
    from monarch.cli.choosing import choice
    from monarch.cli.letters import show_dead

    show_dead(limit, choice(request, target, code, older_than, newer_than), as_json=as_json)


@dead.command("show")
def dead_show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="Its id, or that of its entry.")],
    as_json: AsJson = False,
) -> None:
    """One dead letter, whole."""
    from monarch.cli.letters import show_dead_letter

    show_dead_letter(letter, as_json=as_json)


@dead.command("replay", epilog="Example: monarch dead replay --request 1732406400000-0 --dry-run")
def dead_replay(
    ids: Letters = None,
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
    """Send it back, once its reason is put right: what is copied already is not copied again."""
    from monarch.cli.choosing import choice
    from monarch.cli.letters import replay_letters

    chosen = choice(request, target, code, older_than, newer_than)
    replay_letters(ids or [], chosen, by, everything=everything, dry_run=dry_run, as_json=as_json)


@dead.command("drop")
def dead_drop(
    ids: Letters = None,
    request: OfRequest = None,
    target: OfTarget = None,
    code: WithCode = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: it is meant so.")] = False,
    dry_run: DryRun = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Throw it away, for good: what was not copied will not be."""
    from monarch.cli.choosing import choice
    from monarch.cli.letters import drop_letters

    chosen = choice(request, target, code, older_than, newer_than)
    drop_letters(
        ids or [], chosen, by, everything=everything, yes=yes, dry_run=dry_run, as_json=as_json
    )


# ---------------------------------------------------------------------------------------- steering


@app.command()
def pause(by: By = None, as_json: AsJson = False) -> None:
    """Have nobody begin anything new; what runs, runs on, and what comes in is kept."""
    from monarch.cli.steering import pause_fleet

    pause_fleet(by, as_json=as_json)


@app.command()
def resume(by: By = None, as_json: AsJson = False) -> None:
    """Go on after a pause."""
    from monarch.cli.steering import resume_fleet

    resume_fleet(by, as_json=as_json)


@app.command()
def cancel(
    request: Annotated[str, typer.Argument(help="A request's id, such as 1732406400000-0.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Call a request off: what has not been copied is not; a replay undoes it."""
    from monarch.cli.steering import cancel_request

    cancel_request(request, by, as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check Valkey, GitHub's token and Slack's token; says what to do, fails where something is broken."""
    from monarch.cli.examining import show_examination

    show_examination(as_json=as_json)


# ------------------------------------------------------------------------------------ trying it out


@app.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the stand-in; 0 takes a free one.")
    ] = 0,
    valkey_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of Valkey; 0 takes a free one.")
    ] = 0,
) -> None:
    """Run a stand-in for GitHub and Slack, and a Valkey, until stopped. No account is needed."""
    from monarch.cli.sandbox import run_sandbox

    run_sandbox(port, valkey_port)


@app.command()
def demo() -> None:
    """Show the whole flow on this machine, without an account anywhere."""
    from monarch.cli.demo import run_demo

    raise typer.Exit(run_demo())
