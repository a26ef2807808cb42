"""Links: only GitHub's own, and only the one that leads on."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.github.paging import next_page

HERE = httpx.URL("https://api.github.example/repos/o/r/issues?per_page=100")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://api.github.example/p2>; rel="next"', "https://api.github.example/p2"),
        ("<https://api.github.example/p2>; rel=next", "https://api.github.example/p2"),
        ('</p0>; rel="prev", </p2?a=1,2>; rel="next"', "https://api.github.example/p2?a=1,2"),
        ('</p2>; title="x"; REL="last next"', "https://api.github.example/p2"),
        ("<https://API.GitHub.example:443/p2>; rel=next", "https://api.github.example/p2"),
        ("</p2>; rel = next ; title=x", "https://api.github.example/p2"),
        ('</p2>; title="; rel=last"; rel="next"', "https://api.github.example/p2"),
        ('</p9>; title="a; rel=next"; rel="last"', None),
        ('</p9>; title="a; rel=next"', None),
        ('</p9>; rel="last"', None),
        ('</p9>; rel="nextish"', None),
        ("rel=next", None),
        ("", None),
    ],
)
def test_the_next_page_is_found_where_there_is_one(header: str, expected: str | None) -> None:
    """By its relation, never by its number."""
    found = next_page({"link": header}, HERE)

    assert found == (None if expected is None else httpx.URL(expected))


def test_no_header_means_the_last_page() -> None:
    """GitHub leaves it out where there is one page."""
    assert next_page({}, HERE) is None


@given(st.text())
def test_no_link_whatever_leads_away_or_raises(text: str) -> None:
    """It is refused, or of the same origin."""
    found = next_page({"link": f"<{text}>; rel=next"}, HERE)

    if isinstance(found, httpx.URL):
        assert (found.scheme, found.host, found.port) == (HERE.scheme, HERE.host, HERE.port)
