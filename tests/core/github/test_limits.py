"""What an answer says of the primary limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.github.limits import MAX_RESET_S, LimitStanding, primary_standing
from monarch.core.github.reply import Reply

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
DATE_S = 1792567680
HEADERS = {
    "date": DATE,
    "x-ratelimit-remaining": "4987",
    "x-ratelimit-reset": str(DATE_S + 1800),
    "x-ratelimit-resource": "core",
}


def test_an_answer_says_what_is_left_and_until_when() -> None:
    """By the answer's own date: no clock of ours takes part."""
    assert primary_standing(Reply(200, HEADERS)) == LimitStanding(4987, 1800)


@pytest.mark.parametrize("missing", ["date", "x-ratelimit-remaining", "x-ratelimit-reset"])
def test_half_of_it_says_nothing(missing: str) -> None:
    """A server without limits sends none of it."""
    headers = {name: value for name, value in HEADERS.items() if name != missing}

    assert primary_standing(Reply(200, headers)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x-ratelimit-resource": "search"}, None),
        ({"x-ratelimit-resource": ""}, LimitStanding(4987, 1800)),
        ({"x-ratelimit-reset": str(DATE_S - 5)}, LimitStanding(4987, 0)),
        ({"x-ratelimit-reset": "999999999999999"}, LimitStanding(4987, MAX_RESET_S)),
        ({"x-ratelimit-remaining": "many"}, None),
    ],
)
def test_only_the_limit_of_our_calls_counts(
    changes: dict[str, str], expected: LimitStanding | None
) -> None:
    """Search has a limit of its own; and no absurd value is believed."""
    assert primary_standing(Reply(200, HEADERS | changes)) == expected


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text()))
def test_whatever_the_headers_say_nothing_is_raised(headers: dict[str, str]) -> None:
    """And what comes of it stays within its bounds."""
    standing = primary_standing(Reply(200, HEADERS | headers))

    assert standing is None or 0 <= standing.reset_in_s <= MAX_RESET_S
