"""`/plan`: source and targets in, the plan out. It reads GitHub, so its bounds are its own.

One plan is made at a time, and shown again for a minute; a failure is not, since it may be over. Another site cannot
have a browser make a plan: each costs calls that the workers need.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from monarch.core.report.foretold import DryRun
from monarch.ports import StoreError
from monarch.web.asking import Asked, asked_in
from monarch.web.documents import plan_document
from monarch.web.door.guard import wants_json
from monarch.web.page.whole import NOT_KEPT, sheet
from monarch.web.plain import plain
from monarch.web.views.plan import plan_page

WITHIN_S: Final = 60.0
"""How long making a plan may take, and how long it may wait for others before it, in seconds."""

SHOWN_FOR_S: Final = 60.0
KEPT: Final = 16
TARGETS: Final = 60
"""How many targets a plan on the page may have; the command takes more."""

FROM_ELSEWHERE: Final = (
    "another site led here, and a plan costs calls to GitHub: press the button to make it"
)

Plan = Callable[[Asked], Awaitable[DryRun | str]]
"""Makes a plan; a text says why it cannot."""


class Planning:
    """The address `/plan`. `plan` makes the plans; `github` is where GitHub's pages are."""

    def __init__(self, plan: Plan, github: str) -> None:
        self._plan = plan
        self._github = github
        self._one = anyio.Lock()
        self._made: OrderedDict[Asked, tuple[float, int, DryRun]] = OrderedDict()

    def routes(self) -> list[BaseRoute]:
        """Its routes."""
        return [Route("/plan", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        asked = asked_in(request.query_params)
        found: DryRun | str | None = None
        now_ms = 0
        if asked.source and asked.targets:
            is_ours = _is_from_here(request)
            now_ms, found = await self._found(asked) if is_ours else (0, FROM_ELSEWHERE)
        if wants_json(request):
            return _json(found)
        models = {
            "asked": asked,
            "targets": "\n".join(asked.targets),
            "milestones": "\n".join(asked.milestones),
            "problem": found if isinstance(found, str) else "",
            "plan": plan_page(found, now_ms, self._github) if isinstance(found, DryRun) else None,
            "command": asked.command("plan") if asked.source else "monarch plan SOURCE TARGET…",
            "submit_command": asked.command("submit"),
            "submits": f"/acts/submit?{asked.query()}",
            "now_ms": now_ms,
        }
        return sheet(request, "Plan", "plan.html", 200, models)

    async def _found(self, asked: Asked) -> tuple[int, DryRun | str]:
        if len(asked.targets) > TARGETS:
            return (
                0,
                f"{len(asked.targets)} targets are too many for the page: {TARGETS} at most, or use the command",
            )
        # The Slack channel does not change a plan.
        name = replace(asked, channel="")
        try:
            with anyio.fail_after(WITHIN_S):
                await self._one.acquire()
        except TimeoutError:
            return 0, "others wait for plans: try again in a minute, or use the command"
        try:
            return await self._kept_or_made(name)
        finally:
            self._one.release()

    async def _kept_or_made(self, name: Asked) -> tuple[int, DryRun | str]:
        kept = self._made.get(name)
        if kept and time.monotonic() - kept[0] <= SHOWN_FOR_S:
            return kept[1:]
        made_ms, found = round(time.time() * 1000), await self._make(name)
        if isinstance(found, DryRun):
            self._made[name] = (time.monotonic(), made_ms, found)
            self._made.move_to_end(name)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made_ms, found

    async def _make(self, asked: Asked) -> DryRun | str:
        try:
            with anyio.fail_after(WITHIN_S):
                return await self._plan(asked)
        except TimeoutError:
            return f"it takes longer than {WITHIN_S:.0f} s: use the command"
        except StoreError as error:
            return f"Valkey does not answer: {error}"


def _is_from_here(request: Request) -> bool:
    """Whether it comes from a person who types the address or follows a link in a message, from a program, or the page."""
    return request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}


def _json(found: DryRun | str | None) -> Response:
    if found is None:
        return JSONResponse({"error": "give source and targets"}, 400, NOT_KEPT)
    if isinstance(found, str):
        return JSONResponse({"error": found}, 422, NOT_KEPT)
    return JSONResponse(plain(plan_document(found)), 200, NOT_KEPT)
