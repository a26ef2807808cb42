"""Where messages become requests: from the channel, heard by N replicas, or submitted directly.

mirror.lua argues why each published message is appended once while its replicas live, and never less often.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.after.acts import Act
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.ports import Hearing, StoreError

WINDOW_MS = 15_000
"""How long after an append a hearing may still be its echo, in milliseconds; for a late one so much longer."""

SUBMISSION_MS = 86_400_000
"""How long a submission is remembered, so that repeating it makes no second request: a day, in milliseconds."""

DURABLE_WITHIN_MS = 4_000
"""How long `submit` waits for the disk, in milliseconds; less than the socket's timeout."""


class ValkeyInbox:
    """`ports.Inbox` for one replica.

    Args:
        replica: this process's name, never the same twice.
        subscribed_ms: since when this replica hears, by the server's clock; called at each hearing.
    """

    def __init__(
        self, scripts: Scripts, keys: Keys, replica: str, subscribed_ms: Callable[[], int]
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self._replica = replica
        self._subscribed_ms = subscribed_ms
        self._known: dict[str, RequestId | None] = {}

    async def mirror(self, hearings: Sequence[Hearing]) -> tuple[RequestId | None, ...]:
        """See `ports.Inbox.mirror`: all go together, in two round trips at most.

        A repetition leaves out what was answered: Valkey knows a hearing for a minute only, and may be out of memory for
        longer, in the middle of a batch.
        """
        troubles: list[StoreError] = []

        async def append(hearing: Hearing) -> None:
            try:
                self._known[hearing.id] = await self._mirror(hearing)
            except StoreError as error:
                troubles.append(error)

        # They are sent in the order in which their tasks start.
        async with anyio.create_task_group() as tasks:
            for hearing in hearings:
                if hearing.id not in self._known:
                    tasks.start_soon(append, hearing)
        if troubles:
            raise troubles[0]
        return tuple(self._known.pop(hearing.id) for hearing in hearings)

    async def _mirror(self, hearing: Hearing) -> RequestId | None:
        digest = hashlib.sha256(hearing.payload).hexdigest()
        answer = await self._scripts.call(
            "mirror",
            [self._keys.inbox(digest), self._keys.stream(Stream.REQUESTS)],
            self._replica,
            hearing.id,
            self._subscribed_ms(),
            WINDOW_MS,
            hearing.payload,
            "pubsub",
            hearing.late_ms,
        )
        verdict, entry = cast("tuple[bytes, bytes]", answer)
        return RequestId(entry.decode()) if verdict == b"appended" else None


class KeyTaken(Exception):  # noqa: N818 - not an error of Valkey's
    """Another message was submitted under this key; nothing was submitted now."""

    def __init__(self, request: RequestId) -> None:
        super().__init__(f"another message was submitted under this key: request {request}")
        self.request = request


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that is on disk; `is_new` is false if its message was submitted under its key before."""

    request: RequestId
    is_new: bool


@dataclass(frozen=True, slots=True)
class Update:
    """The wish for an update: who asks for it, and the earlier requests whose plans say what was written before.

    `act` is one of the updates. `source_id` is GitHub's id of their source, `None` if it is not on record.
    `reached` are GitHub's ids of the targets that they have reached, by name.
    """

    by: str
    bases: tuple[RequestId, ...]
    act: Act = Act.UPDATE
    source_id: int | None = None
    reached: Mapping[str, int] = field(default_factory=dict)


def _act(update: Update | None, by: str) -> tuple[str, ...]:
    if update is None:
        return ("", "", by) if by else ()
    source_id = "" if update.source_id is None else str(update.source_id)
    reached = "\n".join(f"{name} {target}" for name, target in update.reached.items())
    return update.act.value, " ".join(update.bases), update.by, source_id, reached


class Submitter:
    """The durable way in: it returns when the request is on disk."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._scripts = Scripts(client, keys.prefix)
        self._keys = keys

    async def submit(self, payload: bytes, idempotency_key: str) -> RequestId:
        """`submission`, for callers that need not know whether it is new."""
        return (await self.submission(payload, idempotency_key)).request

    async def submission(
        self,
        payload: bytes,
        idempotency_key: str,
        via: str = "submit",
        update: "Update | None" = None,
        by: str = "",
    ) -> Submission:
        """Append a message as a request, once for each key, and wait until it is on disk.

        `via` tells people which way it came, and `by` who asks for it; `update` asks for an update instead of a copy, and
        itself names who asks.

        Raises:
            KeyTaken: the key stands for another message.
            StoreError: it is unknown whether it is on disk; if the error says so, it was not even appended. Submitting
                again under the same key is safe.
        """
        keys = [
            self._keys.inbox(f"submission:{idempotency_key}"),
            self._keys.stream(Stream.REQUESTS),
        ]
        answer = await self._scripts.call(
            "submit", keys, payload, via, SUBMISSION_MS, *_act(update, by)
        )
        what, entry = cast("tuple[bytes, bytes]", answer)
        request = RequestId(entry.decode())
        if what == b"other":
            raise KeyTaken(request)
        try:
            await self._on_disk()
        except StoreError as error:
            # It is appended, whatever became of the wait.
            old = ": this server is too old, use Valkey 7.2 or newer"
            hint = old if "unknown command" in str(error) else ""
            raise StoreError(
                f"{error}{hint}", remedy=error.remedy, is_answer=error.is_answer
            ) from error
        return Submission(request, what == b"new")

    async def has(self, idempotency_key: str) -> bool:
        """Whether a message was submitted under this key, and is remembered.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        with classified("looking for a submission"):
            return bool(
                await self._client.exists(self._keys.inbox(f"submission:{idempotency_key}"))
            )

    async def _on_disk(self) -> None:
        """Wait for the disk and, if the server has replicas, for one of them: a failover would lose what none has.

        WAITAOF and WAIT cover the writes of their own connection, and the client has only one.
        """
        with classified("waiting for the disk"):
            role = cast("list[Any]", await self._client.role())
            local, _ = await self._client.waitaof(1, 0, DURABLE_WITHIN_MS)
            has_replicas = role[0] == b"master" and bool(role[2])
            replicated = not has_replicas or await self._client.wait(1, DURABLE_WITHIN_MS)
        if local < 1:
            message = "the request was appended, but Valkey did not say in time that it is on disk"
            raise StoreError(message)
        if not replicated:
            message = "the request is on the primary's disk, but no replica said in time that it has it, too"
            raise StoreError(message)
