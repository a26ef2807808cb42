"""Gathers the truth: the stand-in's state and journal, Monarch's own words, and the machine's diary."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from monarch.sandbox.control.views import MessageView, NamingView, StateView
from monarch.sandbox.fleet import ask_left_over, texts
from monarch.sandbox.journal import LogEntry
from scripts.chaos_machine.catalogue import LEASE_S
from scripts.chaos_machine.judge.copies import by_title, copies_of, tickets_of
from scripts.chaos_machine.record import (
    ENDS,
    Call,
    DeadLetter,
    Finding,
    Message,
    Naming,
    Request,
    Truth,
)
from scripts.chaos_machine.sender import sent_as
from scripts.chaos_machine.timetable import SOURCES
from scripts.chaos_machine.world import GITHUB_TOKENS, World

MEMORY_LOST: Final = ("valkey.flush_all", "memory.")
"""How the faults begin that take something out of Valkey's memory."""

LARGEST_MIB: Final = 400
"""More memory than a worker needs for anything, in MiB: idle it has 60."""


async def gather(world: World, *, has_ended: bool) -> Truth:
    """Everything that the judge may know."""
    state, log, diary = await world.sandbox.state(), await world.sandbox.log(), world.diary
    sources = [*SOURCES, *(template.name for template in world.plan.templates)]
    found = state.repositories
    tickets = {name: tickets_of(found[name]) for name in sources if name in found}
    titles = by_title(tickets)
    repositories = (*found.values(), *state.gone)
    return Truth(
        tickets=tickets,
        copies={one.id: copies_of(one, titles, GITHUB_TOKENS) for one in repositories},
        namings=tuple(map(_naming, state.namings)),
        asks=tuple(diary.asks),
        removed_at={one.id: one.removed_at for one in state.gone if one.removed_at is not None},
        touched=frozenset(diary.touched),
        acts=tuple(diary.acts),
        touches=tuple(diary.touches),
        found=(*diary.found, *_bloated(world)),
        world=world.plan.world,
        healthy=frozenset(world.plan.healthy),
        requests=tuple(await _requests(world)),
        acknowledged=frozenset(diary.told),
        dead=tuple(await _dead(world)),
        events=tuple(diary.events),
        calls=tuple(_call(entry) for entry in log),
        messages=_messages(state),
        faults=tuple(diary.struck),
        resumes=tuple(diary.resumes),
        exits=tuple(diary.exits),
        gone=tuple(diary.gone),
        memory_lost=_memory_lost(world),
        has_ended=has_ended,
        lease_s=LEASE_S,
    )


def _memory_lost(world: World) -> tuple[float, ...]:
    """A server alone that writes each answer to its disk forgets nothing; a replica may have been behind."""
    emptied = [
        at
        for fault in world.diary.struck
        if fault.kind.startswith(MEMORY_LOST)
        for at in (fault.began, fault.ended)
    ]
    epochs = (event.at for event in world.diary.events if event.name == "epoch.began")
    return (*emptied, *(epochs if world.plan.is_watched else ()))


def _bloated(world: World) -> list[Finding]:
    """Nothing that comes from outside makes a worker so large."""
    peaks = world.diary.peak_mib.items()
    return [
        Finding("bloated", f"{name} had {mib} MiB of memory")
        for name, mib in peaks
        if mib > LARGEST_MIB
    ]


def _naming(naming: NamingView) -> Naming:
    return Naming(naming.full_name, naming.repository, naming.since, naming.until)


def _messages(state: StateView) -> tuple[Message, ...]:
    return tuple(_message(one) for one in state.slack_messages)


def _message(message: MessageView) -> Message:
    return Message(message.channel, float(message.ts.split(".")[0]), (*message.edits, message.text))


def _call(entry: LogEntry) -> Call:
    body = entry.body if isinstance(entry.body, dict) else _form(entry.body)
    text = body.get("text") if entry.api == "slack" else body.get("body")
    return Call(
        entry.at,
        entry.ended_at,
        entry.api,
        entry.method,
        entry.asked,
        str(text or ""),
        str(body.get("channel") or ""),
        entry.status,
        entry.fault,
        entry.account,
        str(body.get("state") or "") if entry.api == "github" else "",
    )


def _form(body: Any) -> Mapping[str, str]:
    return (
        {name: values[0] for name, values in parse_qs(body).items()}
        if body and isinstance(body, str)
        else {}
    )


# ------------------------------------------------------------------------------ Monarch's own words


async def unended(world: World) -> int:
    """How many requests have not ended, or are known to a producer and not to Valkey."""
    names = [name.decode() for name in await world.client.zrange("{monarch}:known", 0, -1)]
    async with world.client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(f"{{monarch}}:request:{name}", "state")
        states = await pipe.execute()
    ends = {end.encode() for end in ENDS}
    return sum(state not in ends for state in states) + len(set(world.diary.told) - set(names))


async def left_over(world: World) -> int:
    """How many entries are in the streams or parked, at one moment: what moves meanwhile is not overlooked."""
    async with world.client.pipeline(transaction=True) as pipe:
        ask_left_over(pipe)
        return sum(await pipe.execute())


async def _requests(world: World) -> list[Request]:
    names = await world.client.zrange("{monarch}:known", 0, -1)
    return [await _request(world, name.decode()) for name in names]


async def _request(world: World, name: str) -> Request:
    fields = texts(await world.client.hgetall(f"{{monarch}}:request:{name}"))
    targets = tuple(fields.get("targets", "").splitlines())
    if fields.get("state") in {"done", "failed"} and name in world.diary.told:
        # What the message asked for, not what the planner made of it.
        targets = sent_as(world, world.diary.told[name]).targets or targets
    strays = {target: await _strays(world, name, target) for target in targets}
    return Request(
        name,
        fields.get("state", ""),
        fields.get("source", ""),
        targets,
        fields.get("channel", ""),
        {target: found for target, found in strays.items() if found},
    )


async def _strays(world: World, name: str, target: str) -> tuple[int, ...]:
    found = await world.client.hget(f"{{monarch}}:migration:{name}:{target}", "strays")
    return tuple(int(number) for number in (found or b"").split())


async def _dead(world: World) -> list[DeadLetter]:
    letters = [texts(fields) for _, fields in await world.client.xrange("{monarch}:dead")]
    return [
        DeadLetter(
            *(one.get(name, "") for name in ("stream", "request", "migration", "code", "reason"))
        )
        for one in letters
    ]
