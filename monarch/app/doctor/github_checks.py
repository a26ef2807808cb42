"""Checks who signs at GitHub: a personal token, an App, where the App is installed, and what each may do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from monarch.adapters.clock import BootClock
from monarch.adapters.github.auth.app import AppCaller, AppKey
from monarch.adapters.github.auth.personal import is_integration
from monarch.adapters.github.client import API_VERSION, HEADERS
from monarch.adapters.github.outcomes import Answer
from monarch.adapters.github.retries import Patience, Reader
from monarch.adapters.github.shapes import read_as
from monarch.adapters.http_send import Sent, new_client
from monarch.app.doctor.asked import ANSWER_WITHIN_S, asked, fields_of, unreached, why
from monarch.app.doctor.refusals import github_refusal, is_from_a_proxy
from monarch.app.doctor.valkey_checks import Check, Status
from monarch.app.wiring import app_of, proxy_of
from monarch.core.github.reply import Reply, read_reply
from monarch.settings import Settings

APP: Final = "github app"
_OK: Final = 200


async def github_checks(settings: Settings) -> tuple[Check, ...]:
    """Check every credential that may sign; nothing is written."""
    app = app_of(settings)
    if settings.gh_pat is None and app is None:
        advice = "Set GH_PAT to a token, or GITHUB_APP_ID and the App's private key."
        return (Check("github", Status.FAIL, "GH_PAT is not set, and there is no App", advice),)
    checks: list[Check] = []
    if settings.gh_pat is not None:
        token = settings.gh_pat.get_secret_value()
        checks.append(
            check_github(
                await asked(
                    settings.github_api_url,
                    token,
                    "GET",
                    "user",
                    settings.github_proxy,
                    {"X-GitHub-Api-Version": API_VERSION},
                )
            )
        )
    if app is not None:
        checks += await _app_checks(settings, app)
    return tuple(checks)


# ------------------------------------------------------------------------------------- personal token


_NAMELESS: Final = "the token does not say who it is (an installation's, such as GITHUB_TOKEN)"
_NAMELESS_ADVICE: Final = (
    "Monarch learns its account from the first issue that it creates. Until then issues by any bot that carry its marker"
    " count as its own. Set GITHUB_APP_ID and the App's key instead, or MONARCH_MARKER_KEY."
)


def check_github(sent: Sent) -> Check:
    """Whether the token is valid, whose it is, what it may do and how much is left."""
    if not isinstance(sent, Reply):
        return Check("github", Status.FAIL, why(sent), unreached(sent, "GITHUB_API_URL"))
    if sent.status == _OK:
        return _github_rights(sent)
    if is_integration(sent):
        return Check("github", Status.WARN, _NAMELESS, _NAMELESS_ADVICE)
    return github_refusal("github", sent, "Check GITHUB_API_URL.")


def _github_rights(reply: Reply) -> Check:
    login = fields_of(reply.body).get("login")
    if login is None:
        advice = "Correct GITHUB_API_URL: what is there does not answer as GitHub does."
        return Check("github", Status.FAIL, "answered 200 and named no account", advice)
    scopes = reply.headers.get("x-oauth-scopes")
    left = reply.headers.get("x-ratelimit-remaining")
    detail = f"token of {login}" + (f", {left} calls left this hour" if left else "")
    if scopes is None:
        # A fine-grained token does not show what it may do; the first preflight of a target does.
        return Check("github", Status.OK, f"{detail}; fine-grained: needs Issues (read and write)")
    detail += f"; scopes: {scopes or 'none'}"
    granted = {scope.strip() for scope in scopes.split(",")}
    if "repo" in granted:
        return Check("github", Status.OK, detail)
    if "public_repo" in granted:
        advice = "Give it `repo`, if a repository is private or the template uses issue types."
        return Check("github", Status.WARN, detail, advice)
    advice = "Give the token the scope `repo` (`public_repo` where all is public)."
    return Check("github", Status.FAIL, detail, advice)


# ----------------------------------------------------------------------------------------------- App

_NEEDED: Final = {"issues": "write", "metadata": "read"}
_GRANT: Final = (
    "Give the App the repository permissions Issues (read and write) and Metadata (read)"
)


class _Owner(BaseModel):
    """A person or an organisation has a login, an enterprise a slug."""

    login: str = ""
    slug: str = ""


class _Installation(BaseModel):
    """An installation as `GET /app/installations` lists it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    account: _Owner | None = None
    repository_selection: str = "all"
    suspended_at: str | None = None
    permissions: dict[str, str] = {}


_INSTALLATIONS: Final = TypeAdapter(list[_Installation])


async def _app_checks(settings: Settings, key: AppKey) -> tuple[Check, ...]:
    async with new_client(
        settings.github_api_url, HEADERS, None, proxy_of(settings.github_proxy)
    ) as client:
        reader = Reader(client, Patience(try_s=ANSWER_WITHIN_S, all_s=ANSWER_WITHIN_S))
        caller = AppCaller(key, reader, client.base_url, BootClock())
        app = check_app(await caller.call("GET", "app"))
        if app.status is Status.FAIL:
            return (app,)
        pages = await pages_of(lambda number: _page(caller, number))
    alone = settings.gh_pat is None
    first, *others = pages
    return (
        app,
        *check_installations(first, alone=alone),
        *(each for page in others for each in check_installations(page, alone=False)),
    )


_PAGE: Final = 100
_MOST_PAGES: Final = 20


async def _page(caller: AppCaller, number: int) -> Answer:
    return await caller.call("GET", f"app/installations?per_page={_PAGE}&page={number}")


async def pages_of(page: Callable[[int], Awaitable[Answer]]) -> list[Answer]:
    """Every page of a listing, by its number, until one is not full; at most `_MOST_PAGES`."""
    pages = [await page(1)]
    while _is_full(pages[-1]) and len(pages) < _MOST_PAGES:
        pages.append(await page(len(pages) + 1))
    return pages


def _is_full(answer: Answer) -> bool:
    listed = read_as(_INSTALLATIONS, answer.body) if isinstance(answer, Reply) else None
    return listed is not None and len(listed) == _PAGE


_NO_SUCH_APP: Final = frozenset({401, 404})
_OTHER_APP: Final = (
    "Set GITHUB_APP_ID and the private key to those of one App, as its page shows them, and see that this"
    " machine's clock is right."
)


def check_app(answer: Answer) -> Check:
    """Whether GitHub knows the App by its signature, and whether it asks its owners for what it needs."""
    if not isinstance(answer, Reply):
        return Check(APP, Status.FAIL, why(answer), unreached(answer, "GITHUB_API_URL"))
    if answer.status in _NO_SUCH_APP and not is_from_a_proxy(answer):
        said = read_reply(answer, writing=False).because()
        return Check(APP, Status.FAIL, said, _OTHER_APP)
    if answer.status != _OK:
        return github_refusal(APP, answer, "Check GITHUB_API_URL.")
    fields = fields_of(answer.body)
    detail = f"signs as {fields.get('slug', 'an App')}[bot]"
    return _with_rights(APP, detail, fields.get("permissions"), f"{_GRANT} on its page.")


def check_installations(answer: Answer, *, alone: bool) -> tuple[Check, ...]:
    """Where the App is installed, one line for each owner; `alone`: there is no personal token for other owners."""
    name, see = f"{APP} installed", "See it on the App's page."
    if isinstance(answer, Reply) and answer.status != _OK:
        return (replace(github_refusal(name, answer, see), status=Status.WARN),)
    listed = read_as(_INSTALLATIONS, answer.body) if isinstance(answer, Reply) else None
    if listed is None:
        detail = "what GitHub said of where it is installed cannot be read"
        return (Check(name, Status.WARN, detail, see),)
    if not listed:
        advice = "Install it on the owners of the template and of the targets."
        status = Status.FAIL if alone else Status.WARN
        return (Check(name, status, "nowhere", advice),)
    return tuple(_check_installation(each) for each in listed)


def _check_installation(installation: _Installation) -> Check:
    account = installation.account or _Owner()
    owner = account.login or account.slug or "an account that GitHub does not name"
    name = f"{APP} on {owner}"
    if installation.suspended_at is not None:
        advice = f"Lift the suspension in the settings of {owner}, or set GH_PAT."
        return Check(name, Status.FAIL, "suspended", advice)
    detail = f"{installation.repository_selection} repositories"
    advice = f"{_GRANT}, and accept them in the settings of {owner}."
    return _with_rights(name, detail, installation.permissions, advice)


def _with_rights(name: str, detail: str, permissions: object, advice: str) -> Check:
    granted: Mapping[str, Any] = permissions if isinstance(permissions, dict) else {}
    missing = [
        f"{right}: {level}"
        for right, level in _NEEDED.items()
        if not _is_enough(granted.get(right), level)
    ]
    if missing:
        return Check(name, Status.FAIL, f"{detail}; lacks {', '.join(missing)}", advice)
    return Check(name, Status.OK, detail)


def _is_enough(granted: object, needed: str) -> bool:
    return granted in {needed, "write", "admin"}
