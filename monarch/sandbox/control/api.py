"""The administrator's HTTP API, below ``/_sandbox/``. JSON in, JSON out.

=========================================  ======================================================
``POST /seed``                             a ``Seed`` → ``{"repositories": {full name: id}}``
``POST /reset``                            forgets everything → ``{}``
``GET /state?repo=o/r``                    → ``StateView``, of only one repository if named
``GET /log``                               → a list of ``LogEntry``, oldest first
``GET, POST /settings``                    any part of ``Settings`` → ``Settings``
``GET /faults``                            → a list of ``FaultReport``
``POST /faults``                           a ``Fault`` → ``{"id": 1}``
``DELETE /faults``, ``/faults/{id}``       removes rules and releases the calls that they hold → ``{}``
``POST /faults/{id}/release``              releases the calls that the rule holds now → ``{}``
``POST /issues/delete``                    ``{"repo": "o/r", "number": 3}`` → ``{}``
``POST /issues/update``                    an ``IssueChange`` → ``{}``
``POST /issues/transfer``                  ``{"repo", "number", "to": "o/other"}`` → ``{"number"}``
``POST /repositories/update``              a ``RepositoryChange`` → ``{}``
``POST /repositories/delete``              ``{"repo": "o/r"}`` → ``{}``
``POST /installations/update``             an ``InstallationChange`` → ``{}``
``POST /spend``                            a ``Spending`` → ``{}``
``GET /wait?created=3&repo=o/r&…``         a ``WaitFor`` → ``{"met": true}``, or false in time
=========================================  ======================================================

A wrong request answers 400 ``{"error": …}`` with what was expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from pydantic import Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from monarch.sandbox.control.conditions import WaitFor, is_met
from monarch.sandbox.control.planting import change_issue, change_repository, existing, plant
from monarch.sandbox.control.planting_apps import change_installation
from monarch.sandbox.control.seed import (
    BadSeedError,
    InstallationChange,
    IssueChange,
    RepositoryChange,
    Seed,
)
from monarch.sandbox.control.views import state_view
from monarch.sandbox.control.wire import Wire
from monarch.sandbox.faults import Fault

if TYPE_CHECKING:
    from starlette.requests import Request

    from monarch.sandbox.stage import Stage

CHANGE = TypeAdapter(dict[str, object])


class IssueChoice(Wire):
    """Which issue; ``to`` only for a transfer."""

    repo: str
    number: int
    to: str = ""


class RepositoryChoice(Wire):
    """Which repository."""

    repo: str


class Spending(Wire):
    """What a stranger did on another's budget; ``content`` counts created things."""

    budget: str
    """An account's login, or ``installation 5001``."""
    calls: int = Field(default=0, ge=0)
    content: int = Field(default=0, ge=0)


class Control:
    """The endpoints; each one reads, does one thing to the stage and answers."""

    def __init__(self, stage: Stage) -> None:
        """Administrate a stage."""
        self._stage = stage

    async def seed(self, request: Request) -> JSONResponse:
        """Add to the world."""
        seed = Seed.model_validate_json(await request.body())
        planted = plant(self._stage.world, self._stage.workspace, seed)
        self._stage.bell.ring()
        return JSONResponse({"repositories": planted})

    async def reset(self, _: Request) -> JSONResponse:
        """Forget everything and begin anew."""
        self._stage.reset()
        return JSONResponse({})

    async def state(self, request: Request) -> JSONResponse:
        """Show everything, or only one repository."""
        stage, name = self._stage, request.query_params.get("repo")
        only = existing(stage.world, name) if name else None
        view = state_view(stage.world, stage.workspace, dict(stage.quotas.rejected), only)
        return JSONResponse(view.model_dump())

    async def log(self, _: Request) -> JSONResponse:
        """Show every call."""
        return JSONResponse([entry.model_dump() for entry in self._stage.journal.entries])

    async def settings(self, request: Request) -> JSONResponse:
        """Show the settings, or change some of them."""
        if request.method == "POST":
            change = CHANGE.validate_json(await request.body())
            self._stage.settings = self._stage.settings.changed_by(change)
        return JSONResponse(self._stage.settings.model_dump())

    async def list_faults(self, _: Request) -> JSONResponse:
        """Show the rules in force."""
        return JSONResponse([report.model_dump() for report in self._stage.faults.reports()])

    async def add_fault(self, request: Request) -> JSONResponse:
        """Put a rule in force."""
        fault = Fault.model_validate_json(await request.body())
        return JSONResponse({"id": self._stage.faults.add(fault)}, 201)

    async def remove_fault(self, request: Request) -> JSONResponse:
        """Remove a rule and release the calls that it holds."""
        fault_id = _fault_id(request)
        if not self._stage.faults.remove(fault_id):
            return _no_such_fault(fault_id)
        self._stage.gates.release(fault_id)
        return JSONResponse({})

    async def remove_faults(self, _: Request) -> JSONResponse:
        """Remove all rules and release all calls."""
        self._stage.faults.clear()
        self._stage.gates.release_all()
        return JSONResponse({})

    async def release(self, request: Request) -> JSONResponse:
        """Release the calls that a rule holds now."""
        fault_id = _fault_id(request)
        if self._stage.faults.get(fault_id) is None:
            return _no_such_fault(fault_id)
        self._stage.gates.release(fault_id)
        return JSONResponse({})

    async def delete_issue(self, request: Request) -> JSONResponse:
        """Delete an issue, as an administrator can."""
        choice = IssueChoice.model_validate_json(await request.body())
        repository = existing(self._stage.world, choice.repo)
        if choice.number not in repository.issues:
            raise BadSeedError(f"{choice.repo} has no issue {choice.number}")
        self._stage.world.delete_issue(repository, choice.number)
        return JSONResponse({})

    async def update_issue(self, request: Request) -> JSONResponse:
        """Edit, close, reopen, comment: everything that a person may do to an issue."""
        change = IssueChange.model_validate_json(await request.body())
        change_issue(self._stage.world, change)
        return JSONResponse({})

    async def transfer_issue(self, request: Request) -> JSONResponse:
        """Move an issue to another repository."""
        choice = IssueChoice.model_validate_json(await request.body())
        world = self._stage.world
        source, target = existing(world, choice.repo), existing(world, choice.to)
        if choice.number not in source.issues:
            raise BadSeedError(f"{choice.repo} has no issue {choice.number}")
        return JSONResponse({"number": world.transfer_issue(source, choice.number, target).number})

    async def update_repository(self, request: Request) -> JSONResponse:
        """Rename, archive, hide: everything that an owner may do meanwhile."""
        change = RepositoryChange.model_validate_json(await request.body())
        change_repository(self._stage.world, change)
        return JSONResponse({})

    async def delete_repository(self, request: Request) -> JSONResponse:
        """Delete a repository; seeded again it has another id."""
        choice = RepositoryChoice.model_validate_json(await request.body())
        world = self._stage.world
        world.remove_repository(existing(world, choice.repo))
        return JSONResponse({})

    async def update_installation(self, request: Request) -> JSONResponse:
        """Suspend an app, change what it may do, end its tokens."""
        change = InstallationChange.model_validate_json(await request.body())
        change_installation(self._stage.world, change)
        return JSONResponse({})

    async def spend(self, request: Request) -> JSONResponse:
        """Spend from a budget as another program would, without a log entry."""
        spent, stage = Spending.model_validate_json(await request.body()), self._stage
        now = stage.world.clock()
        stage.quotas.spend(spent.budget, spent.calls, spent.content, stage.settings, now)
        return JSONResponse({})

    async def wait(self, request: Request) -> JSONResponse:
        """Answer when the conditions hold, or false when the time is up."""
        wanted = WaitFor.model_validate(dict(request.query_params))
        met = False
        with anyio.move_on_after(wanted.timeout_seconds):
            while not (met := self._is_met(wanted)) and not self._stage.gates.is_over:
                await self._stage.bell.wait()
        return JSONResponse({"met": met})

    def _is_met(self, wanted: WaitFor) -> bool:
        stage = self._stage
        return is_met(wanted, stage.world, stage.workspace, stage.journal, stage.faults)


def control_app(stage: Stage) -> Starlette:
    """Build the control API of a stage."""
    control = Control(stage)
    return Starlette(
        routes=[
            Route("/seed", control.seed, methods=["POST"]),
            Route("/reset", control.reset, methods=["POST"]),
            Route("/state", control.state),
            Route("/log", control.log),
            Route("/settings", control.settings, methods=["GET", "POST"]),
            Route("/faults", control.list_faults, methods=["GET"]),
            Route("/faults", control.add_fault, methods=["POST"]),
            Route("/faults", control.remove_faults, methods=["DELETE"]),
            Route("/faults/{id:int}", control.remove_fault, methods=["DELETE"]),
            Route("/faults/{id:int}/release", control.release, methods=["POST"]),
            Route("/issues/delete", control.delete_issue, methods=["POST"]),
            Route("/issues/update", control.update_issue, methods=["POST"]),
            Route("/issues/transfer", control.transfer_issue, methods=["POST"]),
            Route("/repositories/update", control.update_repository, methods=["POST"]),
            Route("/repositories/delete", control.delete_repository, methods=["POST"]),
            Route("/installations/update", control.update_installation, methods=["POST"]),
            Route("/spend", control.spend, methods=["POST"]),
            Route("/wait", control.wait),
        ],
        exception_handlers={ValidationError: _bad_request, BadSeedError: _bad_request},
    )


def _fault_id(request: Request) -> int:
    fault_id: int = request.path_params["id"]
    return fault_id


def _no_such_fault(fault_id: int) -> JSONResponse:
    return JSONResponse({"error": f"there is no fault {fault_id}"}, 404)


async def _bad_request(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ValidationError):
        details: Any = error.errors(include_url=False, include_input=False, include_context=False)
        return JSONResponse({"error": details}, 400)
    return JSONResponse({"error": str(error)}, 400)
