"""What was learned of an account's limits, to the fields of its hash and back.

Fields are for people, too: `minute` and `hour` are the ceilings, 0 where none was learned.
"""

from collections.abc import Mapping, Sequence

from monarch.adapters.valkey.codec import pairs
from monarch.adapters.valkey.views.raw import number
from monarch.core.budget.learning import Learned
from monarch.core.budget.windows import UNKNOWN, Limit, Lone

Fields = dict[str, int | str]

_NEVER = "9999999999999"
"""The time of a review that is never due, in milliseconds since 1970."""


def encode_learned(learned: Learned) -> Fields:
    """All fields but those that the scripts keep themselves."""
    review_ms = learned.review_ms
    return {
        "version": learned.version,
        **_encode("minute", learned.minute),
        **_encode("hour", learned.hour),
        "refused_ms": learned.refused_ms,
        "refused_load": learned.refused_load,
        "strikes": learned.strikes,
        "suspected": int(learned.minute_before is not None),
        **_encode("before", learned.minute_before or UNKNOWN),
        **_encode_lone("minute", learned.minute_lone),
        **_encode_lone("hour", learned.hour_lone),
        "review": _NEVER if review_ms is None else review_ms,
    }


def _encode(name: str, limit: Limit) -> Fields:
    return {
        name: limit.ceiling,
        f"{name}_base": limit.base,
        f"{name}_changed": limit.changed_ms,
        f"{name}_quiet": limit.quiet_ms,
        f"{name}_step": limit.step,
    }


def _encode_lone(name: str, lone: Lone) -> Fields:
    return {f"{name}_lone": lone.load, f"{name}_lone_ms": lone.at_ms}


def decode_learned(flat: Sequence[bytes]) -> Learned:
    """From an `HGETALL`. What is not a number reads as 0, that is, not learned."""
    fields = pairs(flat)
    suspected = bool(number(fields, "suspected"))
    return Learned(
        version=number(fields, "version"),
        minute=_decode(fields, "minute"),
        hour=_decode(fields, "hour"),
        refused_ms=number(fields, "refused_ms"),
        refused_load=number(fields, "refused_load"),
        strikes=number(fields, "strikes"),
        minute_before=_decode(fields, "before") if suspected else None,
        minute_lone=_decode_lone(fields, "minute"),
        hour_lone=_decode_lone(fields, "hour"),
    )


def _decode(fields: Mapping[str, str], name: str) -> Limit:
    ceiling = number(fields, name)
    return Limit(
        ceiling,
        min(number(fields, f"{name}_base"), ceiling),
        number(fields, f"{name}_changed"),
        number(fields, f"{name}_quiet"),
        number(fields, f"{name}_step"),
    )


def _decode_lone(fields: Mapping[str, str], name: str) -> Lone:
    return Lone(number(fields, f"{name}_lone"), number(fields, f"{name}_lone_ms"))


def in_words(learned: Learned) -> str:
    """The ceilings, for people."""
    minute, hour = learned.minute.ceiling, learned.hour.ceiling
    return f"{minute or 'as set'} a minute, {hour or 'as set'} an hour"
