"""Who came, whether they may look, and whether they may press."""

import string
from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monarch.web.door.access import (
    AccessRefused,
    Named,
    Nameless,
    Way,
    is_from_here,
    is_reached_by_name,
    may_look,
    who,
)
from monarch.web.door.session import LASTS_S, cookie_name, issued, name_in
from monarch.web.door.throttle import MOST, REMEMBERED, WITHIN_S, Tries
from monarch.web.door.visit import LONGEST_NAME, Doors, Visit, host_of, is_within, name_of

TOKEN = "correct-horse-battery"
NOW_S = 1_795_630_000.0
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
BY_TOKEN = Doors(token=TOKEN)
BY_PROXY = Doors(user_header="x-auth-request-email", proxies=PROXIES)
BOTH = Doors(TOKEN, "x-auth-request-email", PROXIES)

header_names = st.sampled_from(
    ["host", "origin", "sec-fetch-site", "cookie", "authorization", "x-auth-request-email", "via"]
)
hosts = st.sampled_from(["localhost", "127.0.0.1", "[::1]", "evil.example", "monarch.example", ""])
headers = st.lists(st.tuples(header_names, st.one_of(hosts, st.text(max_size=30))), max_size=6)
peers = st.sampled_from(
    ["127.0.0.1", "::1", "10.1.2.3", "fd00::1", "203.0.113.9", "", "testclient"]
)
tokens = st.text(string.ascii_letters + string.digits + "-._", min_size=16, max_size=40)
names = st.text(min_size=1, max_size=60).map(name_of).filter(bool)


def visit(
    *others: tuple[str, str], method: str = "GET", peer: str = "127.0.0.1", host: str = "localhost"
) -> Visit:
    """One that came like this."""
    return Visit(method, peer, [("host", host), *others])


def session(name: str = "ada", token: str = TOKEN, at_s: float = NOW_S) -> tuple[str, str]:
    """The cookie of a person who has signed in."""
    return "cookie", f"theme=dark; {cookie_name(token)}={issued(token, name, at_s)}"


# --------------------------------------------------------------------------------------------- names


def test_a_session_names_who_signed_in() -> None:
    """With the name that they gave, marked as unchecked."""
    found = who(visit(session("Ada Lovelace")), BY_TOKEN, NOW_S)

    assert found == Named("Ada Lovelace", Way.SESSION)
    assert isinstance(found, Named)
    assert found.by == "Ada Lovelace (page's token)"


def test_a_session_is_found_behind_odd_cookies_of_others() -> None:
    """Cookies are shared by every port of a host, and some programs write what no parser takes."""
    name, value = session()

    assert who(visit((name, f'odd"=;a b=c;;=; {value}')), BY_TOKEN, NOW_S) == Named(
        "ada", Way.SESSION
    )


@given(tokens, names, st.floats(0, 4e9))
def test_a_session_ends(token: str, name: str, at_s: float) -> None:
    """It holds for its time and not a second longer."""
    made = issued(token, name, at_s)

    assert set(made) <= set(string.ascii_letters + string.digits + "._-"), "else it needs quotes"
    assert name_in(token, made, at_s) == name
    assert name_in(token, made, int(at_s) + LASTS_S - 1) == name
    assert not name_in(token, made, int(at_s) + LASTS_S)


@given(tokens, tokens, names)
def test_a_session_of_another_token_is_none(token: str, other: str, name: str) -> None:
    """A new token ends every session."""
    assume(token != other)

    assert not name_in(other, issued(token, name, NOW_S), NOW_S)


@given(tokens, names, st.data())
def test_a_session_that_was_changed_anywhere_is_none(
    token: str, name: str, data: st.DataObject
) -> None:
    """Neither name nor end can be written by others."""
    made = issued(token, name, NOW_S)
    at = data.draw(st.integers(0, len(made) - 1))
    put = data.draw(st.sampled_from(string.ascii_letters + string.digits + ".=-_"))
    assume(made[at] != put)

    assert not name_in(token, made[:at] + put + made[at + 1 :], NOW_S)


@given(st.text(max_size=200))
def test_whatever_stands_in_a_cookie_is_no_session_and_no_error(text: str) -> None:
    """Only what was signed is read."""
    assert not name_in(TOKEN, text, NOW_S)


@given(tokens, names)
def test_a_session_does_not_hold_the_token(token: str, name: str) -> None:
    """Who steals the cookie has a name for a day, and not the token."""
    assume(token not in name)

    assert token not in issued(token, name, NOW_S)
    assert token not in repr(Doors(token=token))


def test_a_program_is_named_by_the_token() -> None:
    """It may say what it is called; else its address stands there."""
    sent = ("authorization", f"Bearer {TOKEN}")

    assert who(visit(sent), BY_TOKEN, NOW_S) == Named("a program at 127.0.0.1", Way.BEARER)
    assert who(visit(sent, ("x-monarch-by", "nightly")), BY_TOKEN, NOW_S) == Named(
        "nightly", Way.BEARER
    )


@pytest.mark.parametrize("name", ["a" * 81, "a\x00b", "a\u202eb".encode().decode("latin-1")])
def test_a_program_whose_name_is_none_is_refused(name: str) -> None:
    """Its deed was noted under another name, without a word."""
    came = visit(("authorization", f"Bearer {TOKEN}"), ("x-monarch-by", name))
    found = who(came, BY_TOKEN, NOW_S)

    assert isinstance(found, AccessRefused)
    assert found.status == 400
    assert "X-Monarch-By should be a name of up to 80 printable characters" in found.reason


def test_a_name_in_utf_8_is_kept_as_it_is() -> None:
    """Headers are read as Latin-1, and curl sends UTF-8: it became `JosÃ©`."""
    sent = "José".encode().decode("latin-1")
    program = visit(("authorization", f"Bearer {TOKEN}"), ("x-monarch-by", sent))
    person = visit(("x-auth-request-email", sent), peer="10.1.2.3")
    old = visit(("authorization", f"Bearer {TOKEN}"), ("x-monarch-by", "José"))

    assert who(program, BY_TOKEN, NOW_S) == Named("José", Way.BEARER)
    assert who(person, BY_PROXY, NOW_S) == Named("José", Way.PROXY)
    assert who(old, BY_TOKEN, NOW_S) == Named("José", Way.BEARER)


@pytest.mark.parametrize("doors", [BY_TOKEN, BY_PROXY, Doors(), Doors(is_public=True)])
def test_a_wrong_token_is_refused_and_not_overlooked(doors: Doors) -> None:
    """Also where there is none: the program's author should hear of it."""
    found = who(visit(("authorization", "Bearer wrong-horse-battery")), doors, NOW_S)

    assert isinstance(found, AccessRefused)
    assert found.status == 401
    assert TOKEN not in found.reason


def test_a_trusted_proxy_names_a_person() -> None:
    """The name is the proxy's word."""
    came = visit(("x-auth-request-email", "ada@example.org"), peer="10.1.2.3")
    found = who(came, BY_PROXY, NOW_S)

    assert found == Named("ada@example.org", Way.PROXY)
    assert isinstance(found, Named)
    assert found.by == "ada@example.org (page)"


@pytest.mark.parametrize(
    "peer", ["203.0.113.9", "127.0.0.1", "::ffff:203.0.113.9", "", "10.0.0.1.evil"]
)
def test_a_forged_header_is_refused_and_not_demoted(peer: str) -> None:
    """A client that sends it from elsewhere is mistaken or lies, whatever else it holds."""
    forged = ("x-auth-request-email", "ada@example.org")

    for others in ((), (session(),), (("authorization", f"Bearer {TOKEN}"),)):
        found = who(visit(forged, *others, peer=peer), BOTH, NOW_S)

        assert isinstance(found, AccessRefused)
        assert found.status == 403


def test_a_header_that_came_twice_is_refused() -> None:
    """One of the two is a client's, and which one cannot be told."""
    both = [("x-auth-request-email", "eve@x"), ("x-auth-request-email", "ada@x")]

    assert isinstance(who(visit(*both, peer="10.1.2.3"), BY_PROXY, NOW_S), AccessRefused)


@given(headers, peers)
def test_nobody_is_named_without_the_token_or_a_trusted_proxy(
    sent: list[tuple[str, str]], peer: str
) -> None:
    """Whatever is sent, by whomever."""
    came = Visit("POST", peer, sent)

    found = who(came, BOTH, NOW_S)

    if isinstance(found, Named):
        assert found.way is Way.PROXY
        assert is_within(peer, PROXIES)


@given(headers, peers)
def test_nothing_configured_means_nobody_is_named(sent: list[tuple[str, str]], peer: str) -> None:
    """So nothing can be pressed."""
    assert not isinstance(who(Visit("POST", peer, sent), Doors(is_public=True), NOW_S), Named)


@given(st.text())
def test_a_name_is_printable_and_short(text: str) -> None:
    """It stands in events, in Slack and on a terminal; nothing in it hides or turns what follows."""
    name = name_of(text)

    assert name.isprintable()
    assert len(name) <= LONGEST_NAME
    assert name == name.strip()
    assert name_of(name) == name


# --------------------------------------------------------------------------------------------- looking


@pytest.mark.parametrize(
    ("peer", "host", "others", "shown"),
    [
        ("127.0.0.1", "localhost:8081", (), True),
        ("127.0.0.1", "127.0.0.1", (), True),
        ("::1", "[::1]:8081", (), True),
        ("::ffff:127.0.0.1", "localhost.", (), True),
        ("172.18.0.1", "localhost:32768", (), False),
        ("10.0.0.5", "10.0.0.9:8081", (), False),
        ("127.0.0.1", "192.168.1.4:8081", (), False),
        ("127.0.0.1", "localhost", (("x-forwarded-for", "203.0.113.9"),), False),
        ("127.0.0.1", "localhost", (("via", "1.1 proxy"),), False),
        ("", "localhost", (), False),
    ],
)
def test_without_a_sign_in_it_is_shown_to_its_own_machine(
    peer: str, host: str, others: Sequence[tuple[str, str]], *, shown: bool
) -> None:
    """A port that a container publishes is asked by the bridge, and a proxy is not who sits behind it."""
    came = visit(*others, peer=peer, host=host)

    assert may_look(Nameless(), came, Doors()) is shown
    assert may_look(Nameless(), came, Doors(is_public=True))
    assert not may_look(Nameless(), came, BY_TOKEN)
    assert not may_look(Nameless(), came, BY_PROXY)
    assert may_look(Named("ada", Way.SESSION), came, BY_TOKEN)


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:8081", True),
        ("127.0.0.1:8081", True),
        ("10.4.5.6", True),
        ("[::1]:8081", True),
        ("monarch.example.org", True),
        ("Monarch.Example.org.:443", True),
        ("evil.example", False),
        ("monarch.example.org.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f000001", False),
        ("[::1].evil.example", False),
        ("evil.example@localhost", False),
        ("localhost:80:80", False),
        ("", False),
    ],
)
def test_a_name_that_leads_here_from_elsewhere_is_not_answered(host: str, *, known: bool) -> None:
    """DNS rebinding: a browser that trusts evil.example must not find us under that name."""
    assert (
        is_reached_by_name(visit(host=host), Doors(names=frozenset({"monarch.example.org"})))
        is known
    )


def test_two_hosts_are_none() -> None:
    """What one program reads first and the other last is not to be trusted."""
    assert not is_reached_by_name(visit(("host", "evil.example")), Doors())


@given(st.text())
def test_a_host_is_read_or_is_none(text: str) -> None:
    """Nothing that comes is an error."""
    assert ":" not in host_of(text) or host_of(text).count(":") > 1


# -------------------------------------------------------------------------------------------- pressing


@pytest.mark.parametrize(
    ("others", "from_here"),
    [
        ((("sec-fetch-site", "same-origin"),), True),
        ((("sec-fetch-site", "same-origin"), ("origin", "https://monarch.example")), True),
        ((("sec-fetch-site", "same-site"),), False),
        ((("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8081")), False),
        ((("sec-fetch-site", "none"),), False),
        ((("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")), False),
        ((("origin", "http://localhost:8081"),), True),
        ((("origin", "https://localhost:8081"),), True),
        ((("origin", "http://localhost:8082"),), False),
        ((("origin", "http://localhost"),), False),
        ((("origin", "http://evil.example:8081"),), False),
        ((("origin", "null"),), False),
        ((("origin", "file://"),), False),
        ((("origin", "http://[::1"),), False),
        ((), False),
    ],
)
def test_a_press_comes_from_the_page_itself(
    others: Sequence[tuple[str, str]], *, from_here: bool
) -> None:
    """Two workers on one machine are two origins, too."""
    came = visit(*others, method="POST", host="localhost:8081")

    assert is_from_here(came, Named("ada", Way.SESSION)) is from_here


def test_behind_tls_the_usual_ports_are_the_same() -> None:
    """The proxy speaks https, and passes the name on."""
    came = visit(("origin", "https://monarch.example"), method="POST", host="monarch.example")

    assert is_from_here(came, Named("ada", Way.PROXY))


def test_a_program_with_the_token_needs_no_origin() -> None:
    """And one that has none is no program with the token."""
    came = visit(method="POST")

    assert is_from_here(came, Named("nightly", Way.BEARER))
    assert not is_from_here(came, Named("ada", Way.PROXY))
    assert not is_from_here(came, Nameless())


# --------------------------------------------------------------------------------------------- guessing


def test_who_guesses_has_to_wait() -> None:
    """After ten wrong tokens a minute must have passed since the first of them; others need not wait."""
    tries = Tries()
    for second in range(MOST):
        assert not tries.wait_s("203.0.113.9", second)
        tries.wrong("203.0.113.9", second)

    assert tries.wait_s("203.0.113.9", 20.0) == WITHIN_S - 20
    assert not tries.wait_s("203.0.113.10", 20.0)
    assert not tries.wait_s("203.0.113.9", WITHIN_S)


def test_what_is_remembered_of_guesses_is_bounded() -> None:
    """A thousand addresses, each with ten times."""
    tries = Tries()
    for number in range(REMEMBERED * 2):
        tries.wrong(str(number), float(number))

    assert len(tries._wrong) == REMEMBERED
