"""Checks an installation from outside: Valkey, the subscribers, who signs at GitHub, what copies look like, Slack's token.

Each check says what it found and, if something is wrong, what to do. FAIL: Monarch cannot keep its promises.
WARN: it can, but something is worth a look. No check writes anything, posts anything or shows a secret.
"""

from dataclasses import replace

from monarch.adapters.http_send import Sent
from monarch.adapters.valkey.client.refusal import REPLICA
from monarch.adapters.valkey.client.remedies import advice_on
from monarch.adapters.valkey.views.server import ServerFacts
from monarch.app.doctor.asked import asked, fields_of, unreached, why
from monarch.app.doctor.github_checks import github_checks
from monarch.app.doctor.missed_checks import missed_checks
from monarch.app.doctor.refusals import LATER, slack_refusal
from monarch.app.doctor.valkey_checks import Check, Status, check_server
from monarch.app.operator import Operator
from monarch.app.wiring import ceilings_of
from monarch.core.advice import FIT, as_sentence, find_out
from monarch.core.budget.ceilings import Ceilings
from monarch.core.copy.frame import NAMES
from monarch.core.github.reply import Reply
from monarch.core.moments import date_of
from monarch.core.redact import Redactor
from monarch.ports import StoreError
from monarch.ports.spoiled import is_spoiled, spoiled_so_far
from monarch.settings import Settings
from monarch.telemetry import RefusalSnapshot, Snapshot
from monarch.telemetry.obstacles import LACKING, refusals
from monarch.telemetry.snapshot import LOST_MEMORY


async def examine(operator: Operator) -> tuple[Check, ...]:
    """Check everything; one broken thing hides no other."""
    settings = operator.settings
    found = (
        *await _valkey(operator),
        *await github_checks(settings),
        *await missed_checks(settings),
        *check_lists(settings),
        check_template(settings),
        await _slack(settings),
    )
    # In every check, because a secret may have been put where a shown value belongs.
    hide = Redactor(settings.secrets())
    return tuple(replace(one, detail=hide(one.detail), advice=hide(one.advice)) for one in found)


# ---------------------------------------------------------------------------------------- Valkey


async def _valkey(operator: Operator) -> tuple[Check, ...]:
    address = operator.settings.valkey_url_safe
    try:
        facts = await operator.standing.server()
        snapshot = await operator.standing.snapshot()
    except StoreError as error:
        return (Check("valkey", Status.FAIL, f"{address}: {error}", advice_on(str(error))),)
    reached = Check("valkey", Status.OK, f"{address} answers")
    watched = bool(operator.settings.valkey_sentinels)
    server = check_server(facts, watched=watched)
    hearing = check_hearing(facts, snapshot)
    refused = check_refused(snapshot)
    keys = check_keys(snapshot)
    return (
        reached,
        *server,
        *check_memory(snapshot),
        *check_writes(snapshot),
        *keys,
        hearing,
        *check_waits(snapshot),
        *check_ceilings(snapshot, ceilings_of(operator.settings)),
        check_dead(snapshot),
        *refused,
    )


def check_memory(snapshot: Snapshot) -> tuple[Check, ...]:
    """A line if Valkey has lost its memory beside workers that are still there: all else looks new, and well."""
    if snapshot.lost_ms is None:
        return ()
    detail = f"Valkey lost it {_moment(snapshot.lost_ms)}, with all requests that were in it"
    return (Check("memory", Status.WARN, detail, as_sentence(LOST_MEMORY)),)


def check_writes(snapshot: Snapshot) -> tuple[Check, ...]:
    """Lines if Valkey takes in nothing new, from all or from our user: it answers every question, and looks well."""
    checks: list[Check] = []
    if snapshot.refuses_writes:
        found, _, advice = snapshot.refuses_writes.partition("; ")
        checks.append(Check("writes", Status.FAIL, f"refused: {found}", as_sentence(advice)))
    if snapshot.lacks_rights:
        detail = f"this shell's user lacks the right to {snapshot.lacks_rights} (NOPERM)"
        checks.append(Check("rights", Status.FAIL, detail, LACKING))
    return tuple(checks)


def check_keys(snapshot: Snapshot) -> tuple[Check, ...]:
    """A line if keys hold something else than records; that of the dead letters has its own (`check_dead`)."""
    broken = [key for key in snapshot.broken_keys if not is_spoiled((key,), "dead")]
    if not broken:
        return ()
    detail = f"something else than Monarch's record: {', '.join(broken)}"
    return (Check("keys", Status.FAIL, detail, f"{find_out('what it is')}."),)


def check_refused(snapshot: Snapshot) -> tuple[Check, ...]:
    """A line for each refusal that the workers meet: their credential may be another than that of this shell."""
    return tuple(map(_refused, refusals(snapshot)))


_FORGOTTEN = "A refusal is forgotten within 3 min after it is mended."


def _refused(refusal: RefusalSnapshot) -> Check:
    owner = "" if refusal.owner == "*" else f" for {refusal.owner}"
    since = _moment(refusal.since_ms)
    if FIT in refusal.reason:
        detail = f"GitHub refuses what the workers ask{owner} since {since}: {refusal.reason.rstrip('.')}"
        return Check("workers' github", Status.FAIL, detail, f"{as_sentence(FIT)} {_FORGOTTEN}")
    detail = (
        f"GitHub refuses the workers' credential{owner} since {since}: {refusal.reason.rstrip('.')}"
    )
    advice = (
        "If the credential of this shell is fine, the workers have another one: put the right one into their environment"
        f" or .env, and restart them. {_FORGOTTEN}"
    )
    return Check("workers' github", Status.FAIL, detail, advice)


def check_hearing(facts: ServerFacts, snapshot: Snapshot) -> Check:
    """Whether messages are heard, and by our fleet alone: pub/sub has no namespaces."""
    heard, workers, is_hidden = facts.subscribers, snapshot.workers, snapshot.hides_workers
    working = "workers not known" if is_hidden else f"{workers} working"
    detail = f"{heard} subscribed, {working}"
    if facts.role == REPLICA:
        detail = f"not known here, {working}"
        advice = "Ask the primary: a replica does not see who subscribes there."
        return Check("subscribers", Status.WARN, detail, advice)
    if heard is None:
        return Check("subscribers", Status.WARN, "not said", "See that a worker is subscribed.")
    if heard == 0:
        do = (
            "See the workers' log for why they do not listen, and docs/valkey.md for the rights that they need, or set"
            " MONARCH_CHANNEL as they have it"
            if workers or is_hidden
            else "Start `monarch run`"
        )
        return Check("subscribers", Status.FAIL, detail, f"{do}: what is published now is lost.")
    if heard > workers:
        return Check("subscribers", Status.WARN, detail, _on_more_ears(snapshot))
    return Check("subscribers", Status.OK, detail)


def _on_more_ears(snapshot: Snapshot) -> str:
    """What to do where more are subscribed than workers are seen."""
    if snapshot.refuses_writes:
        return "Mend what Valkey refuses: until then no worker can show there that it lives."
    if snapshot.hides_workers:
        return "Give this shell's user the right to see the workers: until then it is not known whether others listen, too."
    if snapshot.lacks_rights:
        return (
            "Give this shell's user the rights that it lacks, then look again: a worker with the same user may be unable to"
            " show that it lives. Workers with another user can, so see what else is subscribed."
        )
    return (
        "See what else is subscribed: another installation, or the predecessor, on the same"
        " channel would copy everything twice. (Workers that are frozen, and workers with the role intake alone,"
        " are not counted as working.)"
    )


def check_waits(snapshot: Snapshot) -> tuple[Check, ...]:
    """A line for each reason why work waits though nothing is broken: a pause, and a gate that GitHub had us close."""
    checks: list[Check] = []
    if snapshot.paused_by:
        since = "" if snapshot.paused_ms is None else f" since {_moment(snapshot.paused_ms)}"
        detail = f"paused by {snapshot.paused_by}{since}"
        checks.append(Check("fleet", Status.WARN, detail, "`monarch resume` lets it go on."))
    for account in snapshot.accounts:
        if account.gate_closed_s:
            advice = "Wait: no worker asks GitHub before, and work goes on by itself then."
            # A refusal closes the gate of the credential, a limit that of the account.
            if account.account.startswith("token:"):
                what = "this" if FIT in account.gate_cause else "the credential"
                advice = f"Mend {what}: until then GitHub is asked once in a minute, and the gate closed again."
            opens = _moment(snapshot.at_ms + round(account.gate_closed_s * 1000))
            who = f" for {account.login}" if account.login else ""
            detail = f"closed{who} until {opens}: {account.gate_cause.rstrip('.')}"
            checks.append(Check("gate", Status.WARN, detail, advice))
    return tuple(checks)


def check_ceilings(snapshot: Snapshot, own: Ceilings) -> tuple[Check, ...]:
    """A line if the workers go by other ceilings than this shell: by a `.env` that was changed since they started."""
    theirs = snapshot.ceilings
    if theirs is None or theirs == own:
        return ()
    detail = f"the workers go by {_in_words(theirs)}; this shell has {_in_words(own)}"
    advice = (
        "Every figure goes by the workers'. To change theirs, set MONARCH_WRITES_PER_MINUTE and the like where they start,"
        " and restart them."
    )
    return (Check("ceilings", Status.WARN, detail, advice),)


def _in_words(ceilings: Ceilings) -> str:
    counts = {"a minute": ceilings.per_minute, "an hour": ceilings.per_hour}
    writes = ", ".join(f"{count or 'any number'} {window}" for window, count in counts.items())
    return f"{writes}, {ceilings.interval_ms / 1000:g} s apart, {ceilings.at_once or 'any number'} at once"


def _moment(ms: int) -> str:
    return f"{date_of(ms):%Y-%m-%d %H:%M:%S} UTC"


def check_dead(snapshot: Snapshot) -> Check:
    """Whether there are dead letters that no person has dealt with."""
    broken = next((key for key in spoiled_so_far() if is_spoiled((key,), "dead")), None)
    if broken:
        advice = f"{find_out(f'what the key {broken} holds')}."
        return Check("dead letters", Status.FAIL, "cannot be read", advice)
    if snapshot.is_unread("dead"):
        return Check("dead letters", Status.FAIL, "cannot be counted", "Give Monarch's user XLEN.")
    if not snapshot.dead:
        return Check("dead letters", Status.OK, "none")
    return Check("dead letters", Status.WARN, str(snapshot.dead), "See `monarch dead list`.")


# ---------------------------------------------------------------------------------------- copies


def check_lists(settings: Settings) -> tuple[Check, Check]:
    """Which repositories a publisher may name: everything that the token reaches, unless a list says less."""
    return (
        _list("MONARCH_ALLOWED_SOURCES", settings.allowed_sources, "read"),
        _list("MONARCH_ALLOWED_TARGETS", settings.allowed_targets, "filled"),
    )


def _list(variable: str, globs: tuple[str, ...], verb: str) -> Check:
    name = variable.removeprefix("MONARCH_").lower().replace("_", " ")
    if globs:
        return Check(name, Status.OK, ", ".join(globs))
    detail = f"every repository that the token reaches may be {verb}"
    advice = (
        f"Set {variable} to globs such as owner/*: every publisher on the channel can name one."
    )
    return Check(name, Status.WARN, detail, advice)


def check_template(settings: Settings) -> Check:
    """What stands around the text of a copy; the settings have already refused a wrong template."""
    template = settings.issue_template
    if template is None:
        return Check("template", Status.OK, "none: a copy has the ticket's text alone")
    used = ", ".join(f"${{{name}}}" for name in NAMES if name in template.get_identifiers())
    return Check("template", Status.OK, f"{len(template.template)} characters with {used}")


# ----------------------------------------------------------------------------------------- Slack


async def _slack(settings: Settings) -> Check:
    if settings.slack_bot_token is None:
        advice = "Set SLACK_BOT_TOKEN to report to channels."
        return Check("slack", Status.WARN, "SLACK_BOT_TOKEN is not set", advice)
    token = settings.slack_bot_token.get_secret_value()
    return check_slack(
        await asked(settings.slack_api_url, token, "POST", "auth.test", settings.slack_proxy)
    )


def check_slack(sent: Sent) -> Check:
    """Whether the token is valid and may post. Slack answers 200 to nearly everything."""
    if not isinstance(sent, Reply):
        return Check("slack", Status.FAIL, why(sent), unreached(sent, "SLACK_API_URL"))
    fields = fields_of(sent.body)
    if sent.status == 429 or sent.status >= 500:  # noqa: PLR2004 - HTTP's own numbers
        return Check("slack", Status.WARN, f"not now ({sent.status})", LATER)
    if "ok" not in fields:
        advice = "Correct SLACK_API_URL: what is there does not answer as Slack does."
        return Check("slack", Status.FAIL, f"answered {sent.status}, and not as Slack does", advice)
    if fields["ok"] is not True:
        return slack_refusal("slack", str(fields.get("error") or f"answered {sent.status}"))
    detail = f"{fields.get('user', 'a bot')} in {fields.get('team', 'a workspace')}"
    scopes = sent.headers.get("x-oauth-scopes")
    if scopes is not None and "chat:write" not in {one.strip() for one in scopes.split(",")}:
        advice = "Give the app the scope chat:write and install it again."
        return Check("slack", Status.FAIL, detail, advice)
    return Check("slack", Status.OK, detail)
