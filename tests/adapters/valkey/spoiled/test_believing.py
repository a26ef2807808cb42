"""What was learned, as fields of a hash: nothing that stands there makes reading it raise."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.valkey.learned import decode_learned, encode_learned, in_words
from monarch.core.budget.learning import Learned
from monarch.core.budget.windows import Limit
from tests.core.budget.test_learning import LEARNED


@given(LEARNED)
def test_what_was_learned_comes_back_as_it_was(learned: Learned) -> None:
    """Whatever is believed."""
    flat = [str(part).encode() for field in encode_learned(learned).items() for part in field]

    assert decode_learned(flat) == learned


@given(st.dictionaries(st.sampled_from([*encode_learned(Learned())]), st.binary(max_size=20)))
def test_whatever_stands_there_can_be_read(fields: dict[str, bytes]) -> None:
    """What is no number was not learned; and what fits is never more than the ceiling."""
    flat = [part for name, value in fields.items() for part in (name.encode(), value)]

    learned = decode_learned(flat)

    assert learned.minute.base <= learned.minute.ceiling
    assert learned.hour.base <= learned.hour.ceiling


def test_people_read_the_ceilings() -> None:
    """In the log of events."""
    assert in_words(Learned(minute=Limit(20, 20))) == "20 a minute, as set an hour"
