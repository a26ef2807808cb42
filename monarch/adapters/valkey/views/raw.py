"""Answers of a server or a script as Python values. Apart from the readers for people, which a worker does without."""

from collections.abc import Mapping, Sequence
from typing import Any

from monarch.adapters.valkey.codec import pairs
from monarch.adapters.valkey.views.request import request_view
from monarch.core.ids import RequestId
from monarch.core.report.summary import RequestView

Flat = list[bytes]
RawRequest = tuple[bytes, Flat, list[Flat]]
"""A request's id, its fields, and those of each of its migrations, as the scripts give them."""


def request_views(requests: Sequence[RawRequest], paused: bytes) -> list[RequestView]:
    """The present requests of a cohort; `paused`: by whom, or empty."""
    return [
        request_view(
            RequestId(text(request)),
            pairs(fields),
            [pairs(one) for one in migrations],
            text(paused),
        )
        for request, fields, migrations in requests
    ]


def texts(raw: Mapping[Any, Any]) -> dict[str, str]:
    """A hash, or an entry's fields, as text."""
    return {text(name): text(value) for name, value in raw.items()}


def text(raw: bytes | str) -> str:
    """As text, whatever it is."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
