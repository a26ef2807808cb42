"""`/plan`: source and targets in, the plan out. It reads GitHub, so its bounds are its own (`web.page.slow`)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from monarch.core.report.target_plan import DryRun
from monarch.web.documents import plan_document
from monarch.web.door.guard import wants_json
from monarch.web.form import ASKS, RequestForm, asked_in
from monarch.web.page.choices import mistakes
from monarch.web.page.slow import Slow, is_from_here
from monarch.web.page.whole import NOT_KEPT, misasked, sheet
from monarch.web.plain import plain
from monarch.web.views.plan import plan_page

TARGETS: Final = 60
"""How many targets a plan on the page may have; the command takes more."""

FROM_ELSEWHERE: Final = (
    "another site led here, and a plan costs calls to GitHub: press the button to make it"
)

Plan = Callable[[RequestForm], Awaitable[DryRun | str]]
"""Makes a plan; a text says why it cannot."""


class Planning:
    """The address `/plan`. `plan` makes the plans; `github` is where GitHub's pages are."""

    def __init__(self, plan: Plan, github: str) -> None:
        self._slow = Slow(plan)
        self._github = github

    def routes(self) -> list[BaseRoute]:
        """Its routes."""
        return [Route("/plan", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        wrong = mistakes(ASKS, request.query_params.multi_items())
        if wrong and wants_json(request):
            return misasked(wrong)
        asked = asked_in(request.query_params)
        found: DryRun | str | None = None
        now_ms = 0
        if asked.source and asked.targets:
            is_ours = is_from_here(request)
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
        return sheet(request, "Plan", "plan.html", 200, models, wrong)

    async def _found(self, asked: RequestForm) -> tuple[int, DryRun | str]:
        if len(asked.targets) > TARGETS:
            return (
                0,
                f"{len(asked.targets)} targets are too many for the page: {TARGETS} at most, or use the command",
            )
        # Whom Slack tells changes nothing of a plan.
        return await self._slow.found(replace(asked, channel=""))


def _json(found: DryRun | str | None) -> Response:
    if found is None:
        return JSONResponse({"error": "give source and targets"}, 400, NOT_KEPT)
    if isinstance(found, str):
        return JSONResponse({"error": found}, 422, NOT_KEPT)
    return JSONResponse(plain(plan_document(found)), 200, NOT_KEPT)
