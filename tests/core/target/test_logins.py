"""Who we are, going by what is on record and by what a credential says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.target.logins import KnownAccount, Us, us_of
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author

TOKEN = Credential("user:5", "fingerprint-1", "monarch-bot", 5)
APP = Credential("installation:7", "fingerprint-2", "Monarch[bot]")
NAMELESS = Credential("token:fingerprint-3", "fingerprint-3")
BOT = Author("monarch[bot]", 77, is_bot=True)
STUDENT = Author("student", 9)


@pytest.mark.parametrize(
    ("credential", "known", "is_certain", "is_complete"),
    [
        (TOKEN, (), True, True),
        (APP, (), False, False),
        (APP, (KnownAccount(Author("Monarch[bot]"), APP.account),), False, False),
        (APP, (KnownAccount(BOT, "installation:8"),), True, True),
        (NAMELESS, (), False, False),
        (NAMELESS, (KnownAccount(BOT, "token:another"),), False, False),
        (NAMELESS, (KnownAccount(BOT, NAMELESS.account),), True, True),
        (TOKEN, (KnownAccount(Author(""), NAMELESS.account),), True, False),
        (TOKEN, (KnownAccount(Author("Monarch[bot]"), APP.account),), True, False),
        (TOKEN, (KnownAccount(BOT, APP.account),), True, True),
    ],
)
def test_how_far_it_is_known_who_we_are(
    credential: Credential, known: tuple[KnownAccount, ...], is_certain: bool, is_complete: bool
) -> None:
    """By a number, from `/user` or from a 201; and of all that have written."""
    us = us_of(known, credential)

    assert (us.is_certain, us.is_complete) == (is_certain, is_complete)


def test_an_account_is_its_number_and_a_login_only_where_no_number_is_known() -> None:
    """Logins change, and become free."""
    us = us_of((KnownAccount(BOT),), TOKEN)

    assert us.authors == (Author("monarch-bot", 5), BOT)
    assert us.wrote(Author("renamed", 77))
    assert us.wrote(Author("MONARCH-BOT"))
    assert not us.wrote(Author("monarch-bot", 6))
    assert not us.wrote(None)


def test_what_is_known_under_its_present_name_need_not_be_learned() -> None:
    """A new name is news."""
    us = us_of((KnownAccount(BOT),), APP)

    assert us.know(BOT)
    assert not us.know(Author("emperor[bot]", 77, is_bot=True))


@given(st.builds(Author, st.sampled_from(["a", "b[bot]"]), st.integers(0, 3), st.booleans()))
def test_only_a_bot_may_be_ours_before_it_is_certain(author: Author) -> None:
    """A person always says who it is."""
    assert Us((), is_certain=False).may_have_written(author) == author.is_bot
    assert not Us((), is_certain=True).may_have_written(author)
    assert not Us((), is_certain=False).may_have_written(None)
