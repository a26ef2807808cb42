"""What comes back when GitHub, or something on the way to it, fails.

A 2xx of this table says nothing about whether the thing was created.
"""

from __future__ import annotations

from typing import Final

from monarch.sandbox.github.canned.shape import (
    CREATE_DOCS,
    HTML_TYPE,
    Canned,
    page,
    said,
    written,
)

_FACTS = "documented or reported"
_ISSUE = {
    "id": 2_034_567_890,
    "node_id": "I_kwDOABCD",
    "number": 7,
    "title": "Copy",
    "state": "open",
    "url": "https://api.github.com/repos/org/team-a/issues/7",
    "html_url": "https://github.com/org/team-a/issues/7",
    "body": "🦋",
    "labels": [],
    "milestone": None,
    "type": None,
}


def _unicorn(sentence: str) -> str:
    return (
        "<!DOCTYPE html>\n<html>\n  <head>\n"
        '    <meta http-equiv="Content-type" content="text/html; charset=utf-8">\n'
        "    <title>Unicorn! &middot; GitHub</title>\n  </head>\n  <body>\n"
        f"    <p><strong>{sentence}</strong></p>\n"
        "    <p>Sorry about that. Please try refreshing and contact us if the problem "
        "persists.</p>\n  </body>\n</html>\n"
    )


_CREATED = written(201, _ISSUE, _FACTS)
_WELL_FORMED = "a proxy's, or our own idea of a broken reply; none is documented or reported"

MISHAPS: Final[dict[str, Canned]] = {
    "server_error": said(
        500, "Server Error", "documented or reported: what a call of more than 10 s gets"
    ),
    "bad_gateway": said(502, "Server Error", "documented or reported"),
    "unicorn_502": page(
        502,
        _unicorn("We had issues producing the response to your request."),
        f"{_FACTS}: 'HTML body (unicorn page)', shortened",
    ),
    "unicorn_503": page(
        503,
        _unicorn("No server is currently available to service your request."),
        f"{_FACTS}: 'HTML body (unicorn page)', shortened",
    ),
    "unavailable": written(
        503,
        {"code": "503", "message": "Service unavailable", "documentation_url": CREATE_DOCS},
        f"{_FACTS}: the schema of 503",
    ),
    "gateway_timeout": said(504, "We couldn't respond to your request in time.", _WELL_FORMED),
    "empty_500": Canned(500, b"", _WELL_FORMED, (), remaining=None),
    # A POST that a client turned into a GET while following a redirect is answered with a list.
    "list_instead_of_created": written(200, [_ISSUE], f"{_FACTS}, redirects"),
    "ok_instead_of_created": written(200, _ISSUE, _WELL_FORMED),
    "accepted": written(202, {"message": "Accepted"}, _WELL_FORMED),
    "created_in_part": Canned(201, _CREATED.body[:40], _WELL_FORMED),
    "created_empty": Canned(201, b"", _WELL_FORMED),
    "created_without_number": written(201, {"id": 2_034_567_890, "title": "Copy"}, _WELL_FORMED),
    "created_as_text": Canned(
        201, _CREATED.body, _WELL_FORMED, (("Content-Type", "text/plain; charset=utf-8"),)
    ),
    "created_as_page": Canned(
        201, b"<html><body>Created</body></html>", _WELL_FORMED, (("Content-Type", HTML_TYPE),)
    ),
    "created_in_latin_1": Canned(
        201, '{"id": 1, "number": 7, "title": "Café"}'.encode("latin-1"), _WELL_FORMED
    ),
}
