"""Checks an installation from outside: Valkey, who hears, GitHub's token, Slack's token.

Each check says how it is and, where it is not well, what to do. FAIL: Monarch cannot keep its promises.
WARN: it can, but something is worth a look. No check writes anything, posts anything or shows a secret.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from monarch.adapters.http_send import (
    NeverLeft,
    NoAnswer,
    Sent,
    new_client,
    send_once,
    without_secret,
)
from monarch.adapters.valkey.standing import ServerFacts
from monarch.app.operator import Operator
from monarch.app.valkey_checks import Check, Status, advice_on, check_server
from monarch.core.reply import Reply
from monarch.ports import StoreError
from monarch.settings import Settings
from monarch.telemetry import Snapshot

ANSWER_WITHIN_S: Final = 10.0


async def examine(operator: Operator) -> tuple[Check, ...]:
    """Look at everything; one thing that is broken hides no other."""
    settings = operator.settings
    return (
        *await _valkey(operator),
        await _github(settings),
        await _slack(settings),
    )


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
    return (reached, *server, check_hearing(facts, snapshot), check_dead(snapshot))


def check_hearing(facts: ServerFacts, snapshot: Snapshot) -> Check:
    """Whether messages are heard, and by no more than ourselves: pub/sub knows no namespace."""
    heard, workers = facts.subscribers, snapshot.workers
    detail = f"{heard} subscribed, {workers} working"
    if heard is None:
        return Check("subscribers", Status.WARN, "not said", "See that a worker is subscribed.")
    if heard == 0:
        advice = "Start `monarch run`: what is published now is lost."
        return Check("subscribers", Status.WARN, detail, advice)
    if heard > workers:
        advice = (
            "See what else is subscribed: another installation, or the predecessor, on the same"
            " channel would copy everything twice. (Workers with the role intake alone are not"
            " counted as working.)"
        )
        return Check("subscribers", Status.WARN, detail, advice)
    return Check("subscribers", Status.OK, detail)


def check_dead(snapshot: Snapshot) -> Check:
    """Whether something was given up that nobody has looked at."""
    if not snapshot.dead:
        return Check("dead letters", Status.OK, "none")
    return Check("dead letters", Status.WARN, str(snapshot.dead), "See `monarch dead list`.")


# ---------------------------------------------------------------------------------------- GitHub

CLASSIC: Final = frozenset({"repo", "public_repo"})


async def _github(settings: Settings) -> Check:
    if settings.gh_pat is None:
        return Check("github", Status.FAIL, "GH_PAT is not set", "Set GH_PAT to a token.")
    token = settings.gh_pat.get_secret_value()
    return check_github(await _asked(settings.github_api_url, token, "GET", "user"))


def check_github(sent: Sent) -> Check:
    """Whether the token is valid, whose it is, what it may do and how much is left."""
    if not isinstance(sent, Reply):
        return Check("github", Status.FAIL, _why(sent), "Check the network and GITHUB_API_URL.")
    match sent.status:
        case 200:
            return _github_rights(sent)
        case 401:
            advice = "Set GH_PAT to a token that is neither expired nor revoked."
            return Check("github", Status.FAIL, "the token is refused (401)", advice)
        case 403 | 429:
            advice = "Wait for the limit to pass, or see what GitHub says of this account."
            return Check("github", Status.WARN, f"not now ({sent.status})", advice)
        case status:
            return Check("github", Status.FAIL, f"answered {status}", "Check GITHUB_API_URL.")


def _github_rights(reply: Reply) -> Check:
    login = _fields(reply.body).get("login", "somebody")
    scopes = reply.headers.get("x-oauth-scopes")
    left = reply.headers.get("x-ratelimit-remaining")
    detail = f"token of {login}" + (f", {left} calls left this hour" if left else "")
    if scopes is None:
        # A fine-grained token does not tell what it may do: the first preflight of a target does.
        return Check("github", Status.OK, f"{detail}; fine-grained: needs Issues (read and write)")
    detail += f"; scopes: {scopes or 'none'}"
    granted = {scope.strip() for scope in scopes.split(",")}
    if granted & CLASSIC:
        return Check("github", Status.OK, detail)
    advice = "Give the token the scope `repo` (`public_repo` where all is public)."
    return Check("github", Status.FAIL, detail, advice)


# ----------------------------------------------------------------------------------------- Slack


async def _slack(settings: Settings) -> Check:
    if settings.slack_bot_token is None:
        advice = "Set SLACK_BOT_TOKEN, if channels are to be told."
        return Check("slack", Status.WARN, "SLACK_BOT_TOKEN is not set", advice)
    token = settings.slack_bot_token.get_secret_value()
    return check_slack(await _asked(settings.slack_api_url, token, "POST", "auth.test"))


def check_slack(sent: Sent) -> Check:
    """Whether the token is valid and may post. Slack answers 200 to nearly everything."""
    if not isinstance(sent, Reply):
        return Check("slack", Status.FAIL, _why(sent), "Check the network and SLACK_API_URL.")
    fields = _fields(sent.body)
    if fields.get("ok") is not True:
        said = fields.get("error") or f"answered {sent.status}"
        advice = "Set SLACK_BOT_TOKEN to the bot token (xoxb-…) of an installed app."
        return Check("slack", Status.FAIL, str(said), advice)
    detail = f"{fields.get('user', 'a bot')} in {fields.get('team', 'a workspace')}"
    scopes = sent.headers.get("x-oauth-scopes")
    if scopes is not None and "chat:write" not in {one.strip() for one in scopes.split(",")}:
        advice = "Give the app the scope chat:write and install it again."
        return Check("slack", Status.FAIL, detail, advice)
    return Check("slack", Status.OK, detail)


# -------------------------------------------------------------------------------------- by HTTP


async def _asked(base_url: str, token: str, method: str, path: str) -> Sent:
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "monarch"}
    async with new_client(base_url, headers, None) as client:
        sent = await send_once(client, method, quote(path), deadline_s=ANSWER_WITHIN_S)
        # What a check found is shown, and Slack refuses with a 200.
        return without_secret(sent, client.headers) if isinstance(sent, Reply) else sent


def _why(sent: Sent) -> str:
    return sent.reason if isinstance(sent, NeverLeft | NoAnswer) else "nothing was sent"


_OBJECT: Final = TypeAdapter(dict[str, Any])


def _fields(body: bytes) -> Mapping[str, Any]:
    """A JSON object, or nothing where it is none: another server may be behind the address."""
    try:
        return _OBJECT.validate_json(body)
    except ValidationError:
        return {}
