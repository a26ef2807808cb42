"""The catalogue of keys, in words and as data."""

import re
from typing import Final

from monarch.adapters.valkey import keys

TYPES: Final = {"sorted set": "zset", "string, PX": "string"}
LINE: Final = re.compile(r"^([a-z:, ]+?) {2,}(stream|sorted set|hash|string(?:, PX)?|set|list)  ")


def test_the_types_of_keys_are_those_of_the_catalogue() -> None:
    """Each key that an installation has once; the others carry an id, and are many."""
    rows = [found for line in str(keys.__doc__).splitlines() if (found := LINE.match(line))]

    told = {name: TYPES.get(found[2], found[2]) for found in rows for name in found[1].split(", ")}

    assert told == keys.KINDS
