"""Text from outside becomes fit for a sentence of ours."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.redact import describe, quote, redact, shorten

SECRETS = (
    "ghp_" + "a1B2" * 9,
    "ghs_12345_eyJhbGciOi.J9.x-y_z",
    "github_pat_" + "11AAA_bbb" * 5,
    "xoxb-123-456-abcDEF",
    "xapp-1-A0-9-ff",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln",
    "jwt_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln",
    "0123456789abcdef" * 2 + "01234567",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_known_shapes_of_tokens_are_hidden(secret: str) -> None:
    """No reason, dead letter or notice carries a token."""
    assert secret not in redact(f"we sent {secret} and it failed")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://me:hunter2@github.com/o/r", "hunter2"),
        ("https://hunter2@github.com/o/r", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2"),
        ("authorization: basic aHVudGVyMg==", "aHVudGVyMg"),
    ],
)
def test_what_stands_where_a_secret_stands_is_hidden(text: str, hidden: str) -> None:
    """Passwords in addresses and headers have no shape of their own, but a place."""
    assert hidden not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "unit", ["eyJ", "-eyJ", "eyJ.", "//", "//a@", "bearer ", "ghp_", "xoxb-", "a", " "]
)
def test_a_megabyte_is_read_in_one_go(unit: str) -> None:
    """Otherwise a publisher could keep a worker busy until all its leases are over."""
    began = time.process_time()

    quote(unit * (1_000_000 // len(unit)))

    assert time.process_time() - began < 10


@given(st.text(), st.integers(1, 50))
def test_a_quotation_is_one_short_printable_line(text: str, limit: int) -> None:
    """Whatever comes: it can be logged, encoded and shown."""
    quoted = quote(text, limit)

    assert len(quoted) <= limit
    assert quoted.isprintable()
    quoted.encode()


def test_a_shortened_text_says_so() -> None:
    """What fits stays as it is."""
    assert shorten("abcd", 4) == "abcd"
    assert shorten("abcde", 4) == "abc…"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", '"x"'),
        ("", "an empty text"),
        (None, "null"),
        (True, "true or false"),
        ([], "a list"),
        ({}, "an object"),
        (b"", "bytes"),
        (1, "the number 1"),
        (1.5, "the number 1.5"),
        (object(), "something else"),
    ],
)
def test_a_value_is_described_by_its_kind(value: object, said: str) -> None:
    """JSON's words, because JSON is what people sent."""
    assert describe(value) == said


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Sprint  2", '"Sprint  2"'),
        ("Sprint\u00a02", '"Sprint\\u00a02"'),
        (" ", '" "'),
        ("a\nb", '"a\\u000ab"'),
        ("x" * 90, '"' + "x" * 79 + '…"'),
    ],
)
def test_white_space_that_makes_a_text_wrong_can_be_seen(value: str, shown: str) -> None:
    """`no milestone "Sprint 2": it has "Sprint 2"` was said of one with two blanks."""
    assert describe(value) == shown
