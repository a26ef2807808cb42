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


MANY: Final = re.compile(
    r"^([a-z]+):<[a-z:<> ]+> {2,}(stream|sorted set|hash|string|set)(?:, PX)?  "
)


def test_so_are_the_types_of_keys_of_which_there_are_many() -> None:
    """One for each request, target, account or card."""
    rows = [found for line in str(keys.__doc__).splitlines() if (found := MANY.match(line))]

    assert {found[1]: TYPES.get(found[2], found[2]) for found in rows} == keys.FAMILIES


def test_what_a_script_may_use_begins_with_what_it_was_given() -> None:
    """Two of a script's keys may be of another type: the one that is about its own work is named first."""
    around = keys.kinds_around(["turns:user:9", "strange:1"])

    assert next(iter(around)) == "turns:user:9"
    assert (around["shares:user:9"], around["epoch"]) == ("zset", "hash")
    assert not [name for name in around if name.startswith("strange")]
