"""Reads what a form sends, with a bound, and without a library, since our forms have no files in them."""

from contextlib import aclosing
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

LARGEST: Final = 256 * 1024
"""The largest form, in bytes."""

FIELDS: Final = 50


class BadForm(ValueError):  # noqa: N818 - said to people, not raised past the page
    """The body is not a form of ours; the message says why."""


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; of a repeated field the last value.

    Raises:
        BadForm: it is too large, or cannot be read.
    """
    body = bytearray()
    async with aclosing(request.stream()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > LARGEST:
                raise BadForm(f"The form is larger than {LARGEST // 1024} KiB.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS
        )
    except ValueError:
        raise BadForm("The form cannot be read.") from None
    return dict(pairs)
