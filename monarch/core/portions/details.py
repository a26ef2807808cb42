"""A portion as the readable fields of a request, and back.

`not_before` is the date as the message has it, `not_before_ms` the same in milliseconds since 1970, and `milestones` a JSON
list of titles. A request that asks for all tickets at once has none of these fields.
"""

import json
from collections.abc import Mapping

from monarch.core.mistake import or_none
from monarch.core.portions.dates import date_ms
from monarch.core.portions.message import MILESTONES, NOT_BEFORE, Portion, read_date, read_titles


def portion_details(portion: Portion) -> dict[str, str]:
    """The fields of a portion; none if it is all tickets, at once."""
    details: dict[str, str] = {}
    if portion.not_before is not None:
        details[NOT_BEFORE] = in_iso(portion)
        details["not_before_ms"] = str(date_ms(portion.not_before))
    if portion.milestones:
        details[MILESTONES] = json.dumps(portion.milestones, ensure_ascii=False)
    return details


def in_iso(portion: Portion) -> str:
    """The date of a portion in ISO 8601, with the zone that its sender has named; `""` if it has none."""
    return "" if portion.not_before is None else portion.not_before.isoformat()


def portion_of(fields: Mapping[str, str]) -> Portion:
    """The portion that these fields describe; what cannot be read counts as absent."""
    try:
        titles = json.loads(fields.get(MILESTONES, "null"))
    except ValueError:
        titles = None
    return Portion(or_none(read_date, fields.get(NOT_BEFORE)), or_none(read_titles, titles) or ())
