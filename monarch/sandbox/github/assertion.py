"""What an app signs about itself: a JSON web token, checked as GitHub checks it, in its words.

Promises to refuse everything that GitHub is known to refuse: RS256 and no other algorithm, the
app's own key, ``iat`` not ahead of the clock, ``exp`` ahead of it by ten minutes at the most, and an
``iss`` that is the app's id as a JSON *integer* or its client id as a string.

Several people have seen GitHub refuse an app id in quotation marks ("'Issuer' claim ('iss') must be
an Integer"); its documents show both. An app that sends the integer is right either way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from monarch.sandbox.github import errors

if TYPE_CHECKING:
    from collections.abc import Collection

    from monarch.sandbox.github.state.model import App

ALGORITHM = "RS256"
LONGEST_S = 600
PARTS = 3


def looks_signed(credential: str) -> bool:
    """Whether a credential has the form of a JSON web token (and is not an installation's token)."""
    return credential.count(".") == PARTS - 1 and not credential.startswith("ghs_")


def signer_of(credential: str, apps: Collection[App], now: float) -> App:
    """Return the app that signed; raises ``Refusal`` if it did not, or not like this."""
    app = _app(_claims(credential, None).get("iss"), apps)
    claims = _claims(credential, app.public_key)
    _check_issued(claims, now)
    _check_expiration(claims.get("exp"), now)
    return app


def _claims(credential: str, key: str | None) -> dict[str, Any]:
    """Return the claims; with a key, only if that key signed them."""
    import jwt  # noqa: PLC0415 - lazily: only an app needs it, and it is slow to import

    try:
        if key is None:
            whole = jwt.PyJWS().decode_complete(credential, options={"verify_signature": False})
        else:
            whole = jwt.PyJWS().decode_complete(credential, key, algorithms=[ALGORITHM])
        claims = json.loads(whole["payload"])
    except (jwt.PyJWTError, ValueError):
        raise errors.undecodable() from None
    if not isinstance(claims, dict):
        raise errors.undecodable()
    return claims


def _app(issuer: object, apps: Collection[App]) -> App:
    for app in apps:
        is_id = isinstance(issuer, int) and not isinstance(issuer, bool) and issuer == app.id
        if is_id or issuer == app.client_id:
            return app
    if isinstance(issuer, int):
        raise errors.refused(404, "Integration not found")
    raise errors.refused(401, "'Issuer' claim ('iss') must be an Integer")


def _check_issued(claims: dict[str, Any], now: float) -> None:
    if "iat" not in claims:
        raise errors.refused(401, "Missing 'issued at' claim ('iat')")
    issued = claims["iat"]
    if not isinstance(issued, int) or issued > now:
        raise errors.refused(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the "
            "assertion was issued",
        )


def _check_expiration(expires: object, now: float) -> None:
    if not isinstance(expires, (int, float)) or expires <= now:
        raise errors.refused(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future "
            "time at which the assertion expires",
        )
    if expires > now + LONGEST_S:
        raise errors.refused(401, "'Expiration time' claim ('exp') is too far in the future")
