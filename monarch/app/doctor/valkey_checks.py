"""Whether a Valkey is set up so that it does not forget: for the doctor, and for the start of a worker.

FAIL: Monarch cannot keep its promises with it. WARN: it can, but something is worth a look.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monarch.adapters.valkey.views.server import ServerFacts

OLDEST: Final = (7, 2)
"""The oldest Valkey that has what the scripts use."""
UNREAD_BYTES: Final = 128 * 1024 * 1024
"""A subscriber that may leave less than this unread is cut off by a burst of large messages, and they are lost."""
FUTURE_MS: Final = 60_000
"""An id further ahead of the server's clock than this, in milliseconds, was not given out by the server."""
ROOM_BYTES: Final = 32 * 1024 * 1024
"""Less room than this before `maxmemory`, in bytes, is worth a look."""


class Status(StrEnum):
    """How a check went."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's: what was checked, what was found, and what to do (`""`: nothing)."""

    name: str
    status: Status
    detail: str
    advice: str = ""


def check_server(
    facts: ServerFacts, *, watched: bool, whose: str = "this shell's"
) -> tuple[Check, ...]:
    """Whether this server keeps what is written to it.

    Args:
        facts: what it says of itself.
        watched: Sentinels may replace it.
        whose: in words, of whom its user is that asked it.
    """
    return (
        _version(facts),
        _role(facts),
        _appendonly(facts),
        _appendfsync(facts),
        _replication(facts, watched=watched),
        _eviction(facts),
        _memory(facts),
        _unread(facts),
        *_channel(facts, whose),
        *_ids(facts),
    )


def _channel(facts: ServerFacts, whose: str) -> tuple[Check, ...]:
    """A line where our user has no right to the channel: its rights to commands and keys look well."""
    if not facts.no_channel:
        return ()
    detail = f"{whose} user lacks the right to {', '.join(facts.no_channel)} (NOPERM)"
    # A worker subscribes to a channel of its own as well, which nothing is published on.
    fails = (
        "`monarch publish` fails with it, and "
        if not all(one.endswith(":canary:*") for one in facts.no_channel)
        else ""
    )
    advice = (
        f"Give it the channels that docs/valkey.md lists (ACL SETUSER: &name): until then {fails}a worker with the same"
        " user hears nothing."
    )
    return (Check("channel", Status.FAIL, detail, advice),)


def _ids(facts: ServerFacts) -> tuple[Check, ...]:
    """Whether an id was forced; clocks that differ a little do not matter."""
    if facts.ahead_ms < FUTURE_MS:
        return ()
    days = facts.ahead_ms / 86_400_000
    detail = f"the newest request has an id that is {days:,.1f} days ahead of the server's clock"
    advice = (
        "Nothing is lost: such requests are migrated like all others, but their ages, dates and `--since` are wrong, and"
        " every later id follows until the clock has reached it. Have producers append with `*` for an id, and keep the"
        " server's clock right."
    )
    return (Check("ids", Status.WARN, detail, advice),)


def _version(facts: ServerFacts) -> Check:
    parts = facts.version.split(".")
    known = tuple(int(part) for part in parts[:2] if part.isdecimal())
    if not facts.holds_our_keys:
        advice = "Name the node of the cluster that holds Monarch's keys in VALKEY_URL."
        return Check("version", Status.FAIL, f"{facts.version}, another node's keys", advice)
    if known >= OLDEST:
        return Check("version", Status.OK, f"{facts.version}, {facts.mode}")
    wanted = ".".join(map(str, OLDEST))
    return Check("version", Status.FAIL, facts.version or "not said", f"Use {wanted} or newer.")


def _role(facts: ServerFacts) -> Check:
    if facts.role == "master":
        return Check("role", Status.OK, "primary")
    return Check("role", Status.FAIL, facts.role or "not said", "Name the primary in VALKEY_URL.")


def _appendonly(facts: ServerFacts) -> Check:
    if facts.appendonly:
        return Check("appendonly", Status.OK, "on")
    advice = "Set `appendonly yes`: without it a restart forgets requests."
    return Check("appendonly", Status.FAIL, "off", advice)


def _appendfsync(facts: ServerFacts) -> Check:
    match facts.appendfsync:
        case "always":
            return Check("appendfsync", Status.OK, "always")
        case None:
            return Check("appendfsync", Status.WARN, "not said", "See that it is `always`.")
        case "everysec":
            advice = "Set `appendfsync always`: a crash may forget the last second."
            return Check("appendfsync", Status.WARN, "everysec", advice)
        case other:
            advice = "Set `appendfsync always`: a crash may forget minutes."
            return Check("appendfsync", Status.FAIL, other, advice)


def _replication(facts: ServerFacts, *, watched: bool) -> Check:
    """Whether a primary that is alone refuses writes: otherwise it confirms what a failover forgets."""
    replicas, needed = facts.replicas, facts.min_replicas
    detail = f"{replicas} in step" + (f", {needed} needed for a write" if needed else "")
    if needed and replicas < needed:
        advice = "Start a replica: until then every write is refused (NOREPLICAS)."
        return Check("replicas", Status.FAIL, detail, advice)
    if watched and not replicas:
        advice = "Start a replica: there is none that Sentinel could promote."
        return Check("replicas", Status.WARN, detail, advice)
    if replicas and needed == 0:
        advice = "Set `min-replicas-to-write 1`, or a failover forgets what only the primary has."
        return Check("replicas", Status.WARN, detail, advice)
    return Check("replicas", Status.OK, detail if replicas or needed else "none, and none needed")


def _eviction(facts: ServerFacts) -> Check:
    policy = facts.maxmemory_policy
    if policy == "noeviction":
        return Check("maxmemory-policy", Status.OK, policy)
    advice = "Set `maxmemory-policy noeviction`: any other drops work when memory runs out."
    status = Status.WARN if policy is None else Status.FAIL
    return Check("maxmemory-policy", status, policy or "not said", advice)


def _memory(facts: ServerFacts) -> Check:
    left = facts.memory_left
    if left is None:
        return Check("memory", Status.OK, "no ceiling")
    if left <= 0:
        advice = "Raise `maxmemory`: no new work is taken in until then."
        return Check("memory", Status.FAIL, "used up", advice)
    detail = f"{left // 1024**2} MiB left"
    if left >= ROOM_BYTES:
        return Check("memory", Status.OK, detail)
    return Check("memory", Status.WARN, detail, "Raise `maxmemory`: soon no new work is taken in.")


def _unread(facts: ServerFacts) -> Check:
    unread, name = facts.unread_bytes, "client-output-buffer-limit pubsub"
    advice = "Set `client-output-buffer-limit pubsub 256mb 64mb 60`: who is cut off loses a burst."
    match unread:
        case None:
            return Check(name, Status.OK, "not said")
        case 0:
            return Check(name, Status.OK, "no limit")
        case _ if unread >= UNREAD_BYTES:
            return Check(name, Status.OK, f"{unread // 1024**2} MiB")
        case _:
            return Check(name, Status.WARN, f"{unread // 1024**2} MiB", advice)
