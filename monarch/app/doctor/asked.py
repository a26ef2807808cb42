"""How the doctor asks other services: once, briefly, and without showing its credential."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr, TypeAdapter, ValidationError

import monarch
from monarch.adapters.http_send import (
    PROXIED,
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

USER_AGENT: Final = f"monarch/{monarch.__version__} (doctor)"
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


_UNREACHED: Final = {
    "not yet valid": "Set this machine's clock right.",
    "has expired": "Set this machine's clock right, or have the certificate renewed.",
    "CERTIFICATE_VERIFY_FAILED": (
        "Set SSL_CERT_FILE in the environment to a file with the certificate of the authority that signs there;"
        " a proxy that looks into TLS has one of its own."
    ),
    "WRONG_VERSION_NUMBER": "What is there speaks no TLS: correct https:// in {variable}, or in the variable of the proxy.",
    PROXIED: "Correct the proxy (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY), or name the host in NO_PROXY.",
    "": "Check the network and {variable}.",
}
"""What to do, by the text of the error; the first match counts."""


def unreached(sent: object, variable: str) -> str:
    """What to do where there is no answer from the address in `variable`."""
    reason = why(sent)
    advice = next(advice for sign, advice in _UNREACHED.items() if sign in reason)
    return advice.format(variable=variable)


def fields_of(body: bytes) -> Mapping[str, Any]:
    """The fields of a JSON object; empty if it is not one: another server may be behind the address."""
    try:
        return _OBJECT.validate_json(body)
    except ValidationError:
        return {}
