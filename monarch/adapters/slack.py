"""Slack as the notifier sees it (`ports.Slack`).

*Receives a text and a channel, sends it once, and says whether it is there.* Slack answers 200 to almost
everything and says in `ok` and `error` what it did; it knows no idempotency key, so a post without a clear
answer is `Unanswered`, and whether to repeat it is the notifier's business:

```
ok                                           Posted
no connection, before the first byte         Transient
429, `ratelimited`                           RateLimited
an error that certainly posted nothing       Transient or Permanent
a 5xx, `fatal_error`, `internal_error`,      Unanswered: "some aspect of the operation" may have
a body that cannot be read, no answer        succeeded (Slack's words)
```

Every permanent refusal has the scope REPOSITORY, that of a bad token too: the scope CREDENTIAL would park
the notice and wait for a new token, while a notice that cannot be said becomes a dead letter.
"""

import json
from types import TracebackType
from typing import Annotated, Final, Self, assert_never

import anyio
import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monarch.adapters.http_owner import HttpOwner
from monarch.adapters.http_send import (
    HeldBack,
    NeverLeft,
    NoAnswer,
    Sent,
    new_client,
    send_once,
    without_secret,
)
from monarch.adapters.slack_errors import Meaning, SlackError, meaning_of
from monarch.core.advice import Advice
from monarch.core.card.messages import Words
from monarch.core.github.reply import Reply, number
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Scope, Transient
from monarch.core.redact import quote
from monarch.core.timing import SLACK_DEADLINE_S
from monarch.ports import Gone, Posted, Unanswered

API_URL = "https://slack.com/api/"

MAX_WAIT_S: Final = 3600.0
"""No wait that Slack asks for is believed beyond an hour."""

_AS_WRITTEN: Final = {"parse": "none", "link_names": False}
"""Nothing is made a link or a mention but what is written as one. Both calls say so: `chat.update` has another default
than `chat.postMessage`, and overwrites what the post asked for (docs.slack.dev, chat.update, `parse`)."""

Answer = Posted | ReadFailure | Unanswered


class HttpSlack(HttpOwner):
    """One bot's way to Slack. Use it in an `async with`, or close it."""

    def __init__(
        self,
        token: str,
        base_url: str = API_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline_s: float = SLACK_DEADLINE_S,
        proxy: str | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            token: a bot's token (`xoxb-…`).
            base_url: with or without a final slash.
            transport: for tests; `None` is the network.
            deadline_s: see `SLACK_DEADLINE_S`.
            proxy: the proxy that leads there; `None`: none.

        Raises:
            ValueError: the token cannot stand in a header.
        """
        super().__init__(new_client(base_url, _headers(token), transport, proxy))
        self._deadline_s = deadline_s

    async def post(
        self, channel: str, words: Words, thread: str | None = None, *, broadcast: bool = False
    ) -> Answer | Gone:
        """See `ports.Slack`. Links are not unfolded: a summary is no place for previews."""
        message: dict[str, object] = {"channel": channel, "unfurl_links": False}
        message["unfurl_media"] = False
        if thread is not None:
            message |= {"thread_ts": thread, "reply_broadcast": broadcast}
        answer = await self._say("chat.postMessage", message, words, None)
        # Only what is edited or answered can be gone.
        is_alone = isinstance(answer, Gone) and thread is None
        return Transient(answer.reason) if isinstance(answer, Gone) and is_alone else answer

    async def update(self, channel: str, ts: str, words: Words) -> Answer | Gone:
        """See `ports.Slack`. Repeating it is harmless."""
        return await self._say(
            "chat.update", {"channel": channel, "ts": ts}, words, Posted(ts, channel)
        )

    async def _say(
        self, method: str, message: dict[str, object], words: Words, edited: Posted | None
    ) -> Answer | Gone:
        """Send the message with its blocks, and where Slack does not take those, its text alone.

        That is no repetition: Slack has said that it did not do the first. Both share the deadline. Without `blocks` an
        edit would leave those that are there, so it always names them.
        """
        until_s = anyio.current_time() + self._deadline_s
        whole = {**message, "text": words.text, "blocks": list(words.blocks), **_AS_WRITTEN}
        sent = await self._call(method, whole, self._deadline_s)
        left_s = until_s - anyio.current_time()
        if words.blocks and _refuses_blocks(sent) and left_s > 0:
            sent = await self._call(method, {**whole, "blocks": []}, left_s)
        return _read(sent, edited)

    async def _call(self, method: str, message: dict[str, object], deadline_s: float) -> Sent:
        content = json.dumps(message).encode("ascii")
        sent = await send_once(self._http, "POST", method, deadline_s=deadline_s, content=content)
        # Slack refuses with a 200.
        return without_secret(sent, self._http.headers) if isinstance(sent, Reply) else sent


class NoSlack:
    """Stands in where no token is set: nothing is said, and every notice says so in its dead letter."""

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; there is nothing to close."""

    async def post(
        self,
        channel: str,  # noqa: ARG002 - the port's
        words: Words,  # noqa: ARG002 - the port's
        thread: str | None = None,  # noqa: ARG002 - the port's
        *,
        broadcast: bool = False,  # noqa: ARG002 - the port's
    ) -> Answer:
        """Refuse."""
        return _refused("SLACK_BOT_TOKEN is not set", Advice("set it"))

    async def update(self, channel: str, ts: str, words: Words) -> Answer:  # noqa: ARG002 - the port's
        """Refuse."""
        return _refused("SLACK_BOT_TOKEN is not set", Advice("set it"))


def _headers(token: str) -> dict[str, str]:
    if not (token.isascii() and token.isprintable() and token) or " " in token:
        raise ValueError("the token for Slack is empty or has characters that no token has")
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
    }


# ------------------------------------------------------------------------------ what an answer means


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


Word = Annotated[str, BeforeValidator(_word)]
"""`""` where it is no text: `ok` alone says whether something was posted."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    ok: bool
    error: Word = ""
    ts: Word = ""
    channel: Word = ""


def _read(sent: Sent, edited: Posted | None) -> Answer | Gone:
    """Say what became of a call; `edited` names the message, where it was an edit."""
    match sent:
        case Reply(status=429):
            return _limited(sent)
        case Reply(status=status) if status >= _SERVER_FAULT:
            return Unanswered(f"Slack answered {status}")
        case Reply():
            return _read_body(sent, edited)
        case NeverLeft(reason):
            return Transient(f"Slack could not be reached: {reason}")
        case NoAnswer(reason):
            return Unanswered(f"Slack did not answer: {reason}")
        case HeldBack():
            return Transient("nothing was sent to Slack")


_SERVER_FAULT = 500
_REDIRECTED = range(300, 400)
_SUCCEEDED = range(200, 300)


def _read_body(reply: Reply, edited: Posted | None) -> Answer | Gone:
    try:
        body = _Body.model_validate_json(reply.body)
    except ValidationError:
        return _read_status(reply.status)
    if not body.ok:
        return _refusal(body.error, reply)
    posted = edited or (Posted(body.ts, body.channel) if body.ts else None)
    if reply.status not in _SUCCEEDED or posted is None:
        return Unanswered(f"Slack answered {reply.status} without saying where it posted")
    return posted


_CHECK_URL: Final = Advice("check SLACK_API_URL")


def _read_status(status: int) -> Answer:
    """Judge an answer that is not Slack's by its status alone."""
    if status in _REDIRECTED:
        return _refused(f"it redirects ({status})", _CHECK_URL)
    if status in _SUCCEEDED:
        return Unanswered(f"Slack answered {status} with a body that could not be read")
    return _refused(f"it answered {status}", _CHECK_URL)


def _refuses_blocks(sent: Sent) -> bool:
    """Whether Slack has refused a message for its blocks; then it certainly did nothing."""
    if not isinstance(sent, Reply):
        return False
    try:
        body = _Body.model_validate_json(sent.body)
    except ValidationError:
        return False
    row = meaning_of(body.error)
    return not body.ok and row is not None and row.meaning is Meaning.BLOCKS


def _refusal(error: str, reply: Reply) -> ReadFailure | Unanswered | Gone:
    """Judge `ok: false`. An error that Slack does not document may pass: it is tried again, and counted."""
    name, row = quote(error, 80), meaning_of(error)
    match row:
        case SlackError(Meaning.LIMITED):
            return _limited(reply)
        case SlackError(Meaning.PERHAPS_DONE):
            return Unanswered(f"Slack answered {name}")
        case SlackError(Meaning.GONE):
            return Gone(f"Slack answered {name}")
        case SlackError(Meaning.FROZEN):
            return Gone(f"Slack answered {name}", is_deleted=False)
        case SlackError(Meaning.PERSON | Meaning.BLOCKS, advice):
            return _refused(f"it answered {name}", advice)
        case SlackError() | None:
            return Transient(f"Slack answered {name}")
        case _:
            assert_never(row)


def _refused(why: str, advice: Advice) -> Permanent:
    reason = f"Slack did not get the message: {why}"
    return Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, reason, advice=advice)


def _limited(reply: Reply) -> RateLimited:
    asked = number(reply.headers.get("retry-after", "").strip())
    wait_s = None if asked is None else min(max(asked, 1.0), MAX_WAIT_S)
    return RateLimited("Slack answered that its limit is reached", wait_s)
