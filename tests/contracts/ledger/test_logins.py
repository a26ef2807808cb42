"""The contract of `ports.Logins`: who we are and were, in a real Valkey and in memory."""

import pytest

from monarch.core.target.logins import KEPT, Us
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author
from tests.contracts.worlds import World

TOKEN = Credential("user:5", "fingerprint-1", "monarch-bot", 5)
APP = Credential("installation:7", "fingerprint-2", "monarch[bot]")
NAMELESS = Credential("token:fingerprint-3", "fingerprint-3")
BOT = Author("monarch[bot]", 77, is_bot=True)


async def test_a_token_that_says_who_it_is_is_certain_at_once(world: World) -> None:
    """GitHub gives its number."""
    us = await world.logins.introduce(TOKEN)

    assert us.is_certain
    assert us.wrote(Author("monarch-bot", 5))
    assert us.wrote(Author("renamed", 5))
    assert not us.wrote(Author("monarch-bot", 6)), "somebody else has taken the login"
    assert not us.wrote(None)


@pytest.mark.parametrize("credential", [APP, NAMELESS])
async def test_an_app_is_certain_once_a_201_has_named_its_author(
    world: World, credential: Credential
) -> None:
    """And stays so for every later worker."""
    before = await world.logins.introduce(credential)
    after = await world.logins.introduce(credential, BOT)
    later = await world.logins.introduce(credential)

    assert (before.is_certain, after.is_certain, later.is_certain) == (False, True, True)
    assert before.may_have_written(BOT)
    assert not before.may_have_written(Author("student", 9))
    assert after.wrote(BOT)
    assert later.wrote(BOT)
    assert not later.may_have_written(Author("other[bot]", 78, is_bot=True))


async def test_whoever_wrote_before_is_still_one_of_us(world: World) -> None:
    """An App, then a token, and back: the answer of a write may come when another account looks."""
    for credential in (APP, TOKEN, APP):
        await world.logins.introduce(credential)
    us = await world.logins.introduce(TOKEN)

    assert us.wrote(BOT), "an App is known by its login before it is by its number"
    assert us.wrote(Author("monarch-bot", 5))


async def test_a_renamed_app_is_known_by_its_number(world: World) -> None:
    """The credential may still say the former name."""
    await world.logins.introduce(APP, BOT)

    us = await world.logins.introduce(APP)

    assert us.wrote(Author("emperor[bot]", 77, is_bot=True))
    assert not us.know(Author("emperor[bot]", 77, is_bot=True)), "its new name is to be learned"


async def test_to_ask_puts_nothing_on_record(world: World) -> None:
    """Who only reads has written nothing that anybody would have to know again."""
    for credential in (NAMELESS, APP, TOKEN):
        await world.logins.us(credential)

    assert await world.logins.us(TOKEN) == Us((Author("monarch-bot", 5),))
    assert await world.logins.us(NAMELESS) == Us((), is_certain=False, is_complete=False)


async def test_a_token_that_does_not_say_who_it_is_is_nobody(world: World) -> None:
    """Until it is learned, every other look knows that an account without a name has written."""
    assert await world.logins.introduce(NAMELESS) == Us((), is_certain=False, is_complete=False)
    token = await world.logins.introduce(TOKEN)
    assert (token.is_certain, token.is_complete) == (True, False)

    await world.logins.introduce(NAMELESS, BOT)

    token = await world.logins.introduce(TOKEN)
    assert (token.is_certain, token.is_complete) == (True, True)
    assert token.wrote(BOT)


async def test_only_the_newest_are_kept(world: World) -> None:
    """The list is bounded, and the one in hand never goes."""
    us = Us()
    for number in range(1, KEPT + 6):
        credential = Credential(f"user:{number}", "f", f"login-{number}", number)
        us = await world.logins.introduce(credential)

    assert len(us.authors) == KEPT
    assert us.wrote(Author("login-205", KEPT + 5))


async def test_a_login_is_not_kept_beside_its_number(world: World) -> None:
    """Learning it replaces what was known before."""
    await world.logins.introduce(APP)
    await world.logins.introduce(APP, BOT)

    us = await world.logins.introduce(NAMELESS)

    assert us.authors == (BOT,)
