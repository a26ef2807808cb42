"""A set, its digest, and what has changed of it."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.web.acts.meant import Meant, Member, changes, digest_of

keys = st.lists(
    st.text(min_size=1, max_size=20).map(lambda text: text.replace("\n", "")), max_size=30
)


def meant(*members: str) -> Meant:
    """A set of these."""
    return Meant("drop", "", "", "", "", tuple(Member(key, f"the {key}") for key in members))


@given(keys)
def test_the_order_of_a_set_changes_nothing(names: list[str]) -> None:
    """Readers list newest first, oldest first, or as a hash has them."""
    turned = list(reversed(names))

    assert digest_of("drop", names) == digest_of("drop", turned)
    assert not changes(turned, meant(*names))


@given(keys, keys)
def test_another_set_has_another_digest_and_says_what_is_different(
    before: list[str], now: list[str]
) -> None:
    """One is never taken for the other."""
    is_same = set(before) == set(now)

    assert (digest_of("drop", before) == digest_of("drop", now)) is is_same
    assert (not changes(before, meant(*now))) is is_same


@given(keys)
def test_the_same_set_for_another_act_has_another_digest(names: list[str]) -> None:
    """What was confirmed for sending back is not deleted."""
    assert digest_of("drop", names) != digest_of("replay", names)


def test_what_has_changed_is_said_with_names() -> None:
    """The first ones; of a large difference the number."""
    told = changes(["a", "b", *map(str, range(20))], meant("b", "c"))

    assert told == (
        "21 no longer in the set: a, 0, 1, 2, 3, 4, 5, 6, 7, 8 and 11 more",
        "1 new in the set: the c",
    )
