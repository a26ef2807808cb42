"""The guard before every route: what it lets through, and what it answers itself."""

from ipaddress import ip_network

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monarch.web.door.guard import HEADERS, Guard, visitor_of
from monarch.web.door.session import cookie_name, issued
from monarch.web.door.throttle import MOST
from monarch.web.door.visit import Doors

TOKEN = "correct-horse-battery"
NOW_S = 1_795_630_000.0
BY_TOKEN = Doors(token=TOKEN)
COOKIE = {"Cookie": f"{cookie_name(TOKEN)}={issued(TOKEN, 'ada', NOW_S)}"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
JSON = {"Accept": "application/json"}


async def _shown(request: Request) -> Response:
    return PlainTextResponse(repr(visitor_of(request)))


def asking(
    doors: Doors, *, peer: str = "127.0.0.1", host: str = "localhost:8081"
) -> httpx.AsyncClient:
    """A client at this address of a page with these doors. Every path there answers every method."""
    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", _shown, methods=methods)])
    guard = Guard(app, doors, now_s=lambda: NOW_S, ticks_s=lambda: 0.0)
    transport = httpx.ASGITransport(guard, client=(peer, 5000))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


async def test_every_answer_carries_the_headers() -> None:
    """Refusals, too."""
    async with asking(BY_TOKEN) as page:
        for answer in (
            await page.get("/", headers=COOKIE),
            await page.get("/"),
            await page.post("/"),
        ):
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_nobody_gets_past_a_sign_in() -> None:
    """People are led to the form and back, programs hear 401; the form and its look are shown."""
    async with asking(BY_TOKEN) as page:
        led = await page.get("/requests/1-0?tab=a&b")
        told = await page.get("/requests/1-0", headers=JSON)

        assert (led.status_code, led.headers["Location"]) == (
            303,
            "/sign-in?next=%2Frequests%2F1-0%3Ftab%3Da%26b",
        )
        assert (told.status_code, told.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "error" in told.json()
        for shown in ("/sign-in", "/static/look.css"):
            assert (await page.get(shown)).status_code == 200


async def test_who_has_signed_in_is_let_through_with_their_name() -> None:
    """By cookie or by token."""
    async with asking(BY_TOKEN, peer="203.0.113.9") as page:
        assert "ada" in (await page.get("/", headers=COOKIE)).text
        assert "203.0.113.9" in (await page.get("/", headers=BEARER)).text


async def test_without_a_sign_in_it_is_to_look_at_only() -> None:
    """Also from this very machine, with the right origin, and where everybody may look."""
    for doors in (Doors(), Doors(is_public=True)):
        async with asking(doors) as page:
            assert (await page.get("/")).status_code == 200
            pressed = await page.post("/acts/pause", headers=FROM_HERE)

            assert pressed.status_code == 403
            assert "MONARCH_WEB_TOKEN" in pressed.text


async def test_a_port_that_a_container_publishes_is_not_this_machine() -> None:
    """It is asked by the bridge's address; the answer names the settings."""
    async with asking(Doors(), peer="172.18.0.1", host="localhost:32768") as page:
        answer = await page.get("/")

        assert answer.status_code == 403
        assert "MONARCH_WEB_PUBLIC" in answer.text


async def test_only_the_page_itself_can_have_something_pressed() -> None:
    """The cookie alone is not enough, and neither is the token for a page of another site."""
    async with asking(BY_TOKEN) as page:
        for headers in (
            COOKIE,
            COOKIE | {"Origin": "http://evil.example"},
            COOKIE | {"Origin": "null"},
        ):
            assert (await page.post("/acts/pause", headers=headers)).status_code == 403
        crossing = BEARER | {"Sec-Fetch-Site": "cross-site"}
        assert (await page.post("/acts/pause", headers=crossing)).status_code == 403

        for headers in (COOKIE | FROM_HERE, BEARER):
            assert (await page.post("/acts/pause", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/acts/pause", "/acts/replay", "/sign-in", "/sign-out"])
async def test_a_page_without_buttons_asks_for_no_press_of_one(path: str) -> None:
    """A `curl -X POST` at the default settings was told to press the button on the page again."""
    async with asking(Doors()) as page:
        answer = await page.post(path)

    assert answer.status_code == 403
    assert "Press the button" not in answer.text
    for words in ("has no buttons", "Set MONARCH_WEB_TOKEN", "`Authorization: Bearer …`"):
        assert words in answer.text


async def test_a_program_without_a_token_is_told_to_send_one() -> None:
    """It was told to press a button; behind a proxy alone there is no token, and it hears of the proxy."""
    by_proxy = Doors(user_header="x-user", proxies=(ip_network("10.0.0.0/8"),))
    async with asking(BY_TOKEN) as page:
        by_token = await page.post("/acts/pause", headers=JSON)
    async with asking(by_proxy) as page:
        through = await page.post("/acts/pause", headers=JSON)

    assert (by_token.status_code, through.status_code) == (401, 401)
    assert "sends the page's token as `Authorization: Bearer …`" in by_token.json()["error"]
    assert "Come through the proxy" in through.json()["error"]
    assert "Bearer" not in through.json()["error"]
    for told in (by_token, through):
        assert "button" not in told.json()["error"]


async def test_a_browser_that_another_site_sends_is_told_so() -> None:
    """It comes without the cookie, and what stands in the way is not the lack of a name."""
    async with asking(BY_TOKEN) as page:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
            answer = await page.post("/acts/pause", headers=headers)

            assert answer.status_code == 403
            assert "does not come from the page itself" in answer.text


async def test_pressing_without_a_name_is_refused_where_looking_is_free() -> None:
    """A public page with a token: look without sign-in, press with it."""
    async with asking(Doors(token=TOKEN, is_public=True), peer="203.0.113.9") as page:
        assert (await page.get("/")).status_code == 200
        assert (await page.post("/acts/pause", headers=FROM_HERE)).status_code == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_are_not_answered(method: str) -> None:
    """From every sender; the answer names those that are, as RFC 9110 asks."""
    async with asking(BY_TOKEN) as page:
        answer = await page.request(method, "/acts/pause", headers=BEARER)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert "Only GET, HEAD and POST are answered" in answer.text


@pytest.mark.parametrize("path", ["/", "/requests", "/requests/1-0", "/dead", "/plan", "/health"])
async def test_where_nothing_can_be_pressed_posting_is_no_matter_of_a_button(path: str) -> None:
    """It was told to press the button again, and other methods heard that POST is allowed."""
    async with asking(BY_TOKEN) as page:
        answers = [await page.request(method, path) for method in ("POST", "DELETE")]

    for answer in answers:
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.text == "Only GET and HEAD are answered at this address.\n"


async def test_signing_out_is_pressed_alone() -> None:
    """Its address shows nothing."""
    async with asking(BY_TOKEN) as page:
        answer = await page.delete("/sign-out", headers=BEARER)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "Only POST is answered" in answer.text


async def test_a_forged_header_is_refused_everywhere() -> None:
    """Looking as well as pressing; a proxy's own is believed."""
    doors = Doors(
        user_header="x-auth-request-email", proxies=(ip_network("10.0.0.0/8"),), is_public=True
    )
    forged = {"X-Auth-Request-Email": "ada@example.org"}
    async with asking(doors) as page:
        assert (await page.get("/", headers=forged)).status_code == 403
        assert (await page.post("/acts/pause", headers=forged | FROM_HERE)).status_code == 403
    async with asking(doors, peer="10.0.0.2") as page:
        assert (
            "ada@example.org" in (await page.post("/acts/pause", headers=forged | FROM_HERE)).text
        )


async def test_who_guesses_the_token_has_to_wait() -> None:
    """The right one is not listened to either, so a guess learns nothing."""
    async with asking(BY_TOKEN) as page:
        for number in range(MOST):
            wrong = {"Authorization": f"Bearer guess-{number:012}"}
            assert (await page.get("/", headers=wrong | JSON)).status_code == 401

        assert (await page.get("/", headers=BEARER | JSON)).status_code == 429
        assert (await page.get("/", headers=COOKIE)).status_code == 200
