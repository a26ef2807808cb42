"""How a Valkey server is set up, for `monarch doctor`.

What a server does not tell (a managed one may refuse `CONFIG`) reads as unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valkey.asyncio import Valkey
from valkey.exceptions import MovedError, ResponseError

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.raw import texts
from monarch.adapters.valkey.views.rights import channels_lacking
from monarch.core.delivery import Stream
from monarch.core.entry_ids import entry_ms


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """How a Valkey is set up; `None` where it does not say.

    Attributes:
        mode: `standalone`, `cluster` or `sentinel`.
        role: `master` or `slave`, in the server's words.
        appendfsync: `always`, `everysec` or `no`.
        subscribers: of the channel.
        memory_left: bytes until `maxmemory`, `None` where there is no ceiling.
        replicas: how many replicas are in step.
        min_replicas: how many must be in step, or writes are refused.
        unread_bytes: how much a subscriber may leave unread before it is cut off; 0: no limit.
        holds_our_keys: `False` where this is a node of a cluster and another one has the slot of our keys.
        no_channel: what our user may not do with the channels that workers need, such as `PUBLISH on name`.
        ahead_ms: how far the newest id of the requests is ahead of the server's clock, in milliseconds; 0: it is not.
    """

    version: str
    mode: str
    role: str
    appendonly: bool
    appendfsync: str | None
    maxmemory_policy: str | None
    memory_left: int | None
    subscribers: int | None
    replicas: int
    min_replicas: int | None
    unread_bytes: int | None = None
    holds_our_keys: bool = True
    ahead_ms: int = 0
    no_channel: tuple[str, ...] = ()


class Server:
    """Asks one server. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys, channel: str) -> None:
        self._client = client
        self._keys = keys
        self._channel = channel

    async def facts(self) -> ServerFacts:
        """How the server is set up."""
        with classified("asking the server how it is set up"):
            info = await self._client.info("everything")
        subscribers = await self._subscribers()
        ceiling = int(info.get("maxmemory", 0))
        return ServerFacts(
            version=str(info.get("valkey_version") or info.get("redis_version", "")),
            mode=str(info.get("server_mode") or info.get("redis_mode", "")),
            role=str(info.get("role", "")),
            appendonly=str(info.get("aof_enabled", "0")) == "1",
            appendfsync=await self._setting("appendfsync"),
            maxmemory_policy=str(info["maxmemory_policy"]) if "maxmemory_policy" in info else None,
            memory_left=ceiling - int(info.get("used_memory", 0)) if ceiling else None,
            subscribers=subscribers,
            replicas=_in_step(info),
            min_replicas=_number(await self._setting("min-replicas-to-write")),
            unread_bytes=_hard_limit(await self._setting("client-output-buffer-limit"), "pubsub"),
            holds_our_keys=await self._holds_our_keys(),
            ahead_ms=await self._ahead_ms(),
            no_channel=await self._no_channel(),
        )

    async def _ahead_ms(self) -> int:
        """See `ServerFacts.ahead_ms`. Ids only go up, so after a forced id all later ones are ahead, too."""
        with classified("asking for the newest id"):
            try:
                stream = await self._client.xinfo_stream(self._keys.stream(Stream.REQUESTS))
                seconds, _ = await self._client.time()
            except ResponseError:  # there is no stream yet, or this is another node of a cluster
                return 0
        return max(0, entry_ms(stream["last-generated-id"].decode()) - int(seconds) * 1000)

    async def _holds_our_keys(self) -> bool:
        with classified("asking for a key"):
            try:
                await self._client.exists(self._keys.epoch)
            except MovedError:
                return False
        return True

    async def _no_channel(self) -> tuple[str, ...]:
        canary = f"{self._keys.prefix}canary:*"
        with classified("asking for the rights to the channel"):
            return await channels_lacking(self._client, self._keys.epoch, self._channel, canary)

    async def _subscribers(self) -> int | None:
        with classified("asking who is subscribed"):
            try:
                return subscribed(await self._client.pubsub_numsub(self._channel))
            except ResponseError:
                return None

    async def _setting(self, name: str) -> str | None:
        """A setting; `None` where `CONFIG` is not allowed, as on managed servers."""
        with classified("reading a setting"):
            try:
                return texts(await self._client.config_get(name)).get(name)
            except ResponseError:
                return None


def subscribed(answer: Any) -> int | None:
    """How many subscribe to the channel, from the answer of `PUBSUB NUMSUB`; `None` where it was refused."""
    return int(answer[0][1]) if isinstance(answer, list) and answer else None


def _in_step(info: Mapping[str, Any]) -> int:
    found = (info.get(f"slave{i}") for i in range(int(info.get("connected_slaves", 0))))
    return sum(isinstance(one, dict) and one.get("state") == "online" for one in found)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _hard_limit(limits: str | None, kind: str) -> int | None:
    """In `normal 0 0 0 … pubsub 33554432 8388608 60`, the first number after `kind`, in bytes."""
    _, _, behind = (limits or "").partition(f"{kind} ")
    return _number(behind.partition(" ")[0])
