"""Between the socket and an API: note the call, carry out the fault that hits it, answer.

A call has its *effect* in one synchronous step, ``api.handle``. Every fault acts before or after
that step, so that a test knows what was done.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from monarch.sandbox import faults
from monarch.sandbox.http import JSON_TYPE, Api, Call, Reply
from monarch.sandbox.transport import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from monarch.sandbox.faults import ApiName, Faults, Rule
    from monarch.sandbox.http import Clock
    from monarch.sandbox.journal import Journal, LogEntry

    Latency = Callable[[], float]


class Gates:
    """What stopped calls wait for: each fault's release, or the end of everything.

    A release lets the calls go on that wait at that moment, not later ones.
    """

    def __init__(self) -> None:
        """Start without waiting calls."""
        self._events: dict[int, anyio.Event] = {}
        self._is_over = False

    async def wait(self, fault_id: int) -> None:
        """Return when the fault is released."""
        if not self._is_over:
            await self._events.setdefault(fault_id, anyio.Event()).wait()

    def release(self, fault_id: int) -> None:
        """Let the calls go on that wait for this fault."""
        event = self._events.pop(fault_id, None)
        if event is not None:
            event.set()

    def release_all(self) -> None:
        """Let all calls go on."""
        for fault_id in list(self._events):
            self.release(fault_id)

    def end(self) -> None:
        """Let all calls go on, for good."""
        self._is_over = True
        self.release_all()

    @property
    def is_over(self) -> bool:
        """Whether the stand-in is stopping."""
        return self._is_over


class Gateway:
    """The ASGI application in front of one API."""

    def __init__(
        self,
        *,
        name: ApiName,
        api: Api,
        faults: Faults,
        journal: Journal,
        gates: Gates,
        latency_s: Latency,
        clock: Clock,
    ) -> None:
        """Guard an API."""
        self._name = name
        self._api = api
        self._faults = faults
        self._journal = journal
        self._gates = gates
        self._latency_s = latency_s
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        line = Line(scope, receive, send)
        call = await line.call()
        if call is None:
            return
        call = replace(call, named=self._api.path_by_name(call))
        account, budget = self._api.account_of(call), self._api.budget_of(call)
        entry = self._journal.begin(self._name, call, account, budget)
        rule = self._faults.strike(self._name, call)
        entry.fault = rule.id if rule else None
        await anyio.sleep(self._latency_s())
        if await self._before(rule, line):
            await self._after(rule, line, entry, self._effect(rule, call))
        else:
            self._journal.end(entry, "dropped")
            await line.drop()

    def _effect(self, rule: Rule | None, call: Call) -> Reply:
        """Have the effect, unless the fault answers in its place."""
        match rule.fault.action if rule else None:
            case faults.AnswerAfter() as action:
                self._api.handle(call)
                return _told(action)
            case faults.Answer() as action:
                return _told(action)
            case faults.Bomb() as action:
                return action.reply()
            case faults.CannedAnswer(after=after) as action:
                if after:
                    self._api.handle(call)
                return action.reply(self._clock())
            case faults.WrongContentType(value=value):
                return _retyped(self._api.handle(call), value)
            case faults.Truncate(framed=True, keep_bytes=keep_bytes):
                reply = self._api.handle(call)
                return Reply(reply.status, reply.body[:keep_bytes], reply.headers)
            case _:
                return self._api.handle(call)

    async def _before(self, rule: Rule | None, line: Line) -> bool:
        """Do what comes before the effect; return whether there will be one."""
        match rule.fault.action if rule else None:
            case faults.DropBefore():
                return False
            case faults.Delay(seconds=seconds):
                await anyio.sleep(seconds)
            case faults.HangBefore() if rule:
                return await self._hang(rule, line)
            case faults.Hold(after=False) if rule:
                await self._gates.wait(rule.id)
                return not self._gates.is_over
        return True

    async def _after(self, rule: Rule | None, line: Line, entry: LogEntry, reply: Reply) -> None:
        """Do what comes between the effect and the answer."""
        answers = True
        match rule.fault.action if rule else None:
            case faults.DropAfter():
                answers = False
            case faults.HangAfter() if rule:
                answers = await self._hang(rule, line)
            case faults.Hold(after=True) if rule:
                await self._gates.wait(rule.id)
                answers = not self._gates.is_over
            case faults.Truncate(framed=False, keep_bytes=keep_bytes):
                self._journal.end(entry, "answered", reply.status)
                await line.cut(reply, keep_bytes)
                return
        self._journal.end(entry, *(("answered", reply.status) if answers else ("dropped",)))
        await (line.answer(reply) if answers else line.drop())

    async def _hang(self, rule: Rule, line: Line) -> bool:
        """Wait for the release or for the client to go; return whether it was the release."""
        released = False

        async def until(wait: Awaitable[None], *, is_release: bool) -> None:
            nonlocal released
            await wait
            released = released or is_release
            group.cancel_scope.cancel()

        async def until_released() -> None:
            await until(self._gates.wait(rule.id), is_release=True)

        async def until_gone() -> None:
            await until(line.gone(), is_release=False)

        async with anyio.create_task_group() as group:
            group.start_soon(until_released)
            group.start_soon(until_gone)
        return released and not self._gates.is_over


def _told(action: faults.Answer) -> Reply:
    """Make the reply that a fault spells out."""
    is_text = isinstance(action.body, str)
    body = action.body if is_text else json.dumps(action.body)
    named = {name.lower() for name in action.headers}
    kind = "text/html; charset=utf-8" if is_text else JSON_TYPE
    default = () if "content-type" in named else (("Content-Type", kind),)
    return Reply(action.status, body.encode(), (*default, *action.headers.items()))


def _retyped(reply: Reply, content_type: str) -> Reply:
    others = [pair for pair in reply.headers if pair[0].lower() != "content-type"]
    return Reply(reply.status, reply.body, (("Content-Type", content_type), *others))
