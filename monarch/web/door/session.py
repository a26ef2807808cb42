"""What a browser keeps of a sign-in: a name and an end, signed with a key derived from the page's token.

The token itself is not in it. Every worker with the same token believes it, so nothing is stored. A new token ends every
session.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Final

from monarch.web.door.visit import name_of

LASTS_S: Final = 12 * 3600
"""How long a sign-in holds, in seconds: a working day."""

_LONGEST: Final = 1000


def cookie_name(token: str) -> str:
    """A name per token, so that two installations on one host, which share its cookies, do not sign each other out."""
    return f"monarch_{hmac.digest(token.encode(), b'monarch cookie', 'sha256')[:4].hex()}"


def issued(token: str, name: str, now_s: float) -> str:
    """A session for this person, from now on."""
    # Without `=`, which would put the cookie in quotes.
    said = urlsafe_b64encode(name.encode()).decode().rstrip("=")
    content = f"1.{int(now_s) + LASTS_S}.{said}"
    return f"{content}.{_signature(token, content)}"


def name_in(token: str, session: str, now_s: float) -> str:
    """Who holds this session; `""` if it is not ours or has ended."""
    content, _, signature = session.rpartition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signature(token, content).encode())
    if not is_ours or len(session) > _LONGEST:
        return ""
    # We signed it, so it has this form.
    _, until, said = content.split(".")
    return _name(said) if now_s < int(until) else ""


def _name(said: str) -> str:
    try:
        return name_of(urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode())
    except (NotBase64, UnicodeDecodeError):
        return ""


def _signature(token: str, content: str) -> str:
    key = hmac.digest(token.encode(), b"monarch session 1", "sha256")
    return hmac.digest(key, content.encode(), "sha256").hex()
