"""How the doctor asks other services: once, briefly, and without showing its credential."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr, TypeAdapter, ValidationError

from monarch.adapters.http_send import (
    NeverLeft,
    NoAnswer,
    Sent,
    new_client,
    send_once,
    without_secret,
)
from monarch.app.wiring import proxy_of
from monarch.core.github.reply import Reply

ANSWER_WITHIN_S: Final = 10.0

USER_AGENT: Final = "monarch (doctor)"
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_OBJECT: Final = TypeAdapter(dict[str, Any])


async def asked(
    base_url: str,
    token: str,
    method: str,
    path: str,
    proxy: SecretStr | None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Sent:
    """Send one request with this token."""
    signed = {"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT, **headers}
    async with new_client(base_url, signed, None, proxy_of(proxy)) as client:
        sent = await send_once(client, method, quote(path), deadline_s=ANSWER_WITHIN_S)
        # Findings are shown, and Slack refuses with a 200, so hide the secret in the answer.
        return without_secret(sent, client.headers) if isinstance(sent, Reply) else sent


def why(sent: object) -> str:
    """Why there is no answer."""
    return sent.reason if isinstance(sent, NeverLeft | NoAnswer) else "nothing was sent"


def fields_of(body: bytes) -> Mapping[str, Any]:
    """The fields of a JSON object; empty if it is not one: another server may be behind the address."""
    try:
        return _OBJECT.validate_json(body)
    except ValidationError:
        return {}
