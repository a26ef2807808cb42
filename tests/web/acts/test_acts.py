"""Each act: the set that is shown is the set that it is done to, or nothing is done."""

import re
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from monarch.core.after.acts import Act
from monarch.core.after.later import Later, Recalled
from monarch.core.ids import TicketId
from monarch.core.report.summary import State
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.core.target.step import CreatedAs
from monarch.ports import StoreError
from monarch.ports.holdings import Holding, KeptLook
from monarch.ports.readings import FailingNotice
from monarch.web.acts.means import Looked, Looking
from monarch.web.door.visit import Doors
from monarch.web.form import RequestForm
from monarch.web.views.buttons import request_buttons
from tests.web.acts.house import (
    ADA,
    FROM_HERE,
    JSON,
    REQUEST,
    Means,
    a_letter,
    a_migration,
    a_page,
    a_request,
    moved,
    with_letters,
    with_times,
)
from tests.web.doubles import times_of

BY = "ada (page's token)"
PRESSING = ADA | FROM_HERE


async def shown(page: httpx.AsyncClient, address: str) -> dict[str, str]:
    """The fields of the form that the address shows."""
    told = (await page.get(address, headers=ADA | JSON)).json()
    return {"digest": told["digest"], "keys": "\n".join(one["key"] for one in told["set"])}


async def press(
    page: httpx.AsyncClient, address: str, form: dict[str, str] | None = None
) -> httpx.Response:
    """Look at the set, and press."""
    sent = await shown(page, address) if form is None else form
    return await page.post(address, data=sent, headers=PRESSING)


async def test_a_pause_is_done_once_and_says_by_whom() -> None:
    """303 to what was done; the second person hears who was first, and nothing is done."""
    means = Means()
    async with a_page(means) as page:
        seen_by_grace = await shown(page, "/acts/pause")
        pressed = await press(page, "/acts/pause")
        late = await press(page, "/acts/pause", seen_by_grace)
        receipt = await page.get(pressed.headers["Location"], headers=ADA)

    assert (pressed.status_code, late.status_code) == (303, 409)
    assert means.done == [("pause", BY)]
    assert BY in receipt.text
    assert f"paused already, by {BY}" in late.text


async def test_a_resume_is_of_the_pause_that_was_seen() -> None:
    """A pause that another person set meanwhile, for another reason, stays."""
    means = Means(paused_by="ada")
    async with a_page(means) as page:
        seen = await shown(page, "/acts/resume")
        means.paused_by = "grace, for the exam"
        late = await press(page, "/acts/resume", seen)
        assert not means.done
        again = await press(page, "/acts/resume")

    assert late.status_code == 409
    assert "grace, for the exam" in late.text
    assert again.status_code == 303


async def test_a_fleet_that_runs_is_not_shown_as_paused() -> None:
    """`/acts/resume` said "paused by" and no name."""
    async with a_page(Means()) as page:
        told = (await page.get("/acts/resume", headers=ADA | JSON)).json()

    assert told["problem"] == "The fleet is not paused."
    assert [one["words"] for one in told["set"]] == ["the fleet, running: 4 waiting"]


async def test_exactly_the_letters_that_are_shown_are_sent_back() -> None:
    """By cause; another cause and another target are left alone."""
    means = with_letters(
        a_letter(1), a_letter(2, code="issues_disabled"), a_letter(3, "org/team-b")
    )
    async with a_page(means) as page:
        pressed = await press(page, "/acts/replay?code=repository_archived")

    assert pressed.status_code == 303
    assert means.done == [("replay", ("3-0", "1-0"), BY)]


async def test_a_digest_that_was_never_shown_is_not_called_an_old_one() -> None:
    """It said that the set had changed since it was shown."""
    async with a_page(with_letters(a_letter(1, "o/a"))) as page:
        told = await press(page, "/acts/drop", {"digest": "abc"})

    assert "no set was shown with that digest" in told.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("drop?request=", "The choice by 'request' is empty"),
        ("drop?code=%20", "The choice by 'code' is empty"),
        ("replay?cod=", "There is no choice by 'cod' here."),
        ("drop?code=no_plan&code=poison", "Give 'code' once."),
        ("cancel?request=1-0&request=2-0", "Give 'request' once."),
        ("submit?source=o/s&targets=o/a&targets=o/b", "Give 'targets' once."),
    ],
)
async def test_a_choice_that_says_nothing_or_says_two_things_is_no_choice(
    query: str, says: str
) -> None:
    """An empty one meant every dead letter, and of two the last one counted, both without a word."""
    async with a_page(with_letters(a_letter(1, "o/a"))) as page:
        told = await page.get(f"/acts/{query}", headers=ADA | JSON)

    assert told.status_code == 400
    assert says in told.json()["error"]


@pytest.mark.parametrize("act", ["replay", "drop"])
async def test_a_refused_target_is_quoted_in_the_command_for_a_shell(act: str) -> None:
    """It is kept as it was spelled: behind `--target cider falls` the shell sees two words."""
    async with a_page(with_letters(a_letter(1, "cider falls"))) as page:
        told = await page.get(f"/acts/{act}?target=cider+falls", headers=ADA | JSON)

    assert told.json()["command"] == f"monarch dead {act} --target 'cider falls'"


@pytest.mark.parametrize("act", ["replay", "drop"])
async def test_a_set_that_has_changed_is_not_touched(act: str) -> None:
    """One has gone and one has come since it was shown: the page says so, and shows the set as it is now."""
    means = with_letters(a_letter(1), a_letter(2, "org/team-b"))
    async with a_page(means) as page:
        seen = await shown(page, f"/acts/{act}")
        means.dead = [a_letter(2, "org/team-b"), a_letter(3, "org/team-c")]
        refused = await press(page, f"/acts/{act}", seen)
        assert not means.done
        told = await page.post(f"/acts/{act}", data=seen, headers=PRESSING | JSON)
        again = await press(page, f"/acts/{act}", {"digest": told.json()["digest"]})

    assert refused.status_code == 409
    assert "1 no longer in the set: 1-0" in refused.text
    assert "1 new in the set: org/team-c: repository_archived" in refused.text
    assert again.status_code == 303
    assert [done[:2] for done in means.done] == [(act, ("3-0", "2-0"))]


async def test_a_letter_that_is_refused_is_said_with_its_reason() -> None:
    """The others go all the same."""
    means = with_letters(a_letter(1), a_letter(2, "org/team-b"))
    means.refuses = frozenset({"1-0"})
    async with a_page(means) as page:
        pressed = await press(page, "/acts/replay")
        receipt = await page.get(pressed.headers["Location"], headers=ADA)

    assert "1 sent back, 1 refused" in receipt.text
    assert "its plan is gone" in receipt.text


async def test_what_a_replay_would_refuse_is_not_offered() -> None:
    """The button sent it back, and the answer was that it cannot be: that is known before, and said."""
    means = with_letters(a_letter(1), a_letter(2, "org/team-b"))
    means.stuck = frozenset({"1-0"})
    async with a_page(means) as page:
        told = (await page.get("/acts/replay", headers=ADA)).text
        await press(page, "/acts/replay")
        alone = (await page.get("/acts/replay?letter=1-0", headers=ADA | JSON)).json()

    why = "1 dead letter cannot be sent back: org/team-a: repository_archived: its plan is gone."
    assert why in told
    assert means.done == [("replay", ("2-0",), BY)]
    assert (alone["problem"], alone["set"]) == (why, [])


async def test_many_letters_go_in_portions() -> None:
    """While a script runs no other client is served; and one press is about 500 at most, which the page says."""
    means = with_letters(*(a_letter(number, f"org/team-{number}") for number in range(1, 601)))
    async with a_page(means) as page:
        told = await page.get("/acts/drop", headers=ADA)
        await press(page, "/acts/drop")

    assert [len(done[1]) for done in means.done] == [100] * 5  # type: ignore[arg-type]  # ids
    assert "newest 500" in told.text
    assert len(means.dead) == 100


async def test_one_letter_by_its_id() -> None:
    """And one that is gone is a sentence."""
    means = with_letters(a_letter(1), a_letter(2))
    async with a_page(means) as page:
        await press(page, "/acts/drop?letter=1-0")
        gone = await page.get("/acts/drop?letter=1-0", headers=ADA | JSON)

    assert means.done == [("drop", ("1-0",), BY)]
    assert gone.json()["problem"] == "There is no such dead letter."


@pytest.mark.parametrize(
    "address",
    [
        "/acts/drop?requset=1-0",
        "/acts/drop?request=everything",
        "/acts/drop?code=" + "x" * 300,
        "/acts/cancel",
        "/acts/cancel?request=1",
        "/acts/pause?request=1-0",
    ],
)
async def test_a_choice_that_is_not_understood_chooses_nothing(address: str) -> None:
    """A misspelt filter does not mean every letter."""
    means = with_letters(a_letter(1))
    async with a_page(means) as page:
        assert (await page.get(address, headers=ADA)).status_code == 400
        assert (await press(page, address, {"digest": "x"})).status_code == 400

    assert not means.done


async def test_a_program_reads_why_an_act_is_refused_under_the_name_that_the_page_has() -> None:
    """The acts answered `{"problem": …}`, and every other address `{"error": …}`."""
    away = Means(trouble_at={"snapshot": StoreError("gone"), "receipt": StoreError("gone")})
    async with a_page(away) as page:
        for address in ("/acts/nonsense", "/acts/cancel", "/acts/pause", "/receipts/x"):
            told = await page.get(address, headers=ADA | JSON)

            assert list(told.json()) == ["error"]


async def test_cancelling_names_the_targets_that_have_not_ended() -> None:
    """One ends meanwhile: nothing is done, and the page says which."""
    means = Means(
        known=a_request(a_migration("org/a", State.RUNNING), a_migration("org/b", State.QUEUED))
    )
    async with a_page(means) as page:
        seen = await shown(page, f"/acts/cancel?request={REQUEST}")
        assert means.known is not None
        means.known = moved(means.known, "org/a", State.DONE)
        refused = await press(page, f"/acts/cancel?request={REQUEST}", seen)
        assert not means.done
        await press(page, f"/acts/cancel?request={REQUEST}")

    assert "1 no longer in the set: org/a" in refused.text
    assert means.done == [("cancel", REQUEST, BY)]


async def test_what_has_ended_or_is_not_known_cannot_be_cancelled() -> None:
    """A sentence on the page, and no error."""
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE))
    async with a_page(means) as page:
        ended = await press(page, f"/acts/cancel?request={REQUEST}")
        unknown = await press(page, "/acts/cancel?request=1-1")

    assert "has ended: it is done" in ended.text
    assert "No request 1-1 is known" in unknown.text
    assert not means.done


async def test_a_look_goes_on_after_the_answer() -> None:
    """It may take minutes; a second one is not begun beside it."""
    means = Means(known=a_request(a_migration("org/a", State.DONE)))
    async with a_page(means) as page:
        pressed = await press(page, f"/acts/verify?request={REQUEST}")
        means.found = Looking("grace", 1)
        second = await press(page, f"/acts/verify?request={REQUEST}")
        receipt = await page.get(second.headers["Location"], headers=ADA)

    assert pressed.status_code == 303
    assert means.done == [("begin_look", REQUEST, BY), ("look", REQUEST, BY)]
    assert "begun by grace" in receipt.text


def read(target: str, *tickets: int, mark: Mark = Mark.MISSING, at_ms: int = 9) -> Holding:
    """A target, of which a look has found these tickets so."""
    found = [Finding(n, TicketId(10 + n), f"Ticket {n}", None, (mark,)) for n in tickets]
    look = KeptLook(at_ms, Verification(target, tuple(found)))
    return Holding(REQUEST, target, None, {}, look)


async def test_exactly_what_the_last_look_has_missed_is_made_again() -> None:
    """Another look found more in the meantime: nothing is done."""
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE))
    means.held = [read("org/a", 1)]
    async with a_page(means) as page:
        seen = await shown(page, f"/acts/heal?request={REQUEST}")
        means.held = [read("org/a", 1, 2)]
        refused = await press(page, f"/acts/heal?request={REQUEST}", seen)
        assert not means.done
        await press(page, f"/acts/heal?request={REQUEST}")

    assert refused.status_code == 409
    assert "1 new in the set: org/a: #2 Ticket 2" in refused.text
    assert means.done == [("heal", REQUEST, {"org/a": (11, 12)}, BY)]


async def test_what_a_recall_has_closed_is_opened_again_as_the_command_does() -> None:
    """`verify --heal` does both, and so does its button."""
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE))
    means.held = [read("org/a", 1, mark=Mark.RECALLED)]
    async with a_page(means) as page:
        told = await page.get(f"/acts/heal?request={REQUEST}", headers=ADA)
        await press(page, f"/acts/heal?request={REQUEST}")

    assert "#1 Ticket 1 (opened again)" in told.text
    assert means.done == [("heal", REQUEST, {"org/a": (11,)}, BY)]


async def test_what_was_given_up_is_sent_back_and_not_made_again() -> None:
    """A healing would refuse it: it is no part of the set, and the page says what to do instead."""
    done, dead = a_migration("org/a", State.DONE), a_migration("org/b", State.DEAD)
    means = Means(known=a_request(done, dead, state=State.FAILED))
    means.held = [read("org/a", 1), read("org/b", 1, 2)]
    async with a_page(means) as page:
        told = await page.get(f"/acts/heal?request={REQUEST}", headers=ADA)
        await press(page, f"/acts/heal?request={REQUEST}")
        means.held = [read("org/b", 1, 2)]
        refused = await press(page, f"/acts/heal?request={REQUEST}")

    assert "org/b is left out: it was given up" in told.text
    assert means.done == [("heal", REQUEST, {"org/a": (11,)}, BY)]
    assert "org/b: it was given up, so send it back instead" in refused.text


async def test_what_is_being_made_again_is_not_said_to_be_there() -> None:
    """Its migration runs: what is missing may be copied yet."""
    means = Means(known=a_request(a_migration("org/a", State.RUNNING)))
    means.held = [read("org/a", 1)]
    async with a_page(means) as page:
        refused = await press(page, f"/acts/heal?request={REQUEST}")

    assert "what is missing may be copied yet" in refused.text


async def test_what_a_recall_has_closed_since_the_look_is_opened_again() -> None:
    """The matrix showed it as recalled, and the act said that nothing was missing at the last look."""
    known = replace(
        read("org/a", 1, 2, 3, mark=Mark.PRESENT),
        records={TicketId(11): CreatedAs(7, 1), TicketId(12): CreatedAs(8, 1)},
        later={
            TicketId(11): Later(recall=Recalled(7, 10)),
            TicketId(12): Later(recall=Recalled(8, 10, is_reopened=True)),
        },
    )
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE))
    means.held = [known]
    async with a_page(means) as page:
        told = await page.get(f"/acts/heal?request={REQUEST}", headers=ADA)
        await press(page, f"/acts/heal?request={REQUEST}")

    assert "org/a: #1 Ticket 1 (opened again)" in told.text
    assert means.done == [("heal", REQUEST, {"org/a": (11,)}, BY)]


async def test_what_was_made_since_the_look_is_not_made_again() -> None:
    """The matrix shows it, too: both go by the same word."""
    known = replace(read("org/a", 1), records={TicketId(11): CreatedAs(7, 10)})
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE))
    means.held = [known]
    async with a_page(means) as page:
        refused = await press(page, f"/acts/heal?request={REQUEST}")

    assert "Nothing was missing" in refused.text
    assert not means.done


@pytest.mark.parametrize(
    ("found", "held", "words"),
    [
        (None, (), "look first"),
        (Looking("grace", 1), (), "under way, begun by grace"),
        (None, (read("org/a"),), "Nothing was missing"),
        (Looked("ada", 1), (read("org/a"),), "Nothing was missing"),
        (Looked("ada", 1, "GitHub answered 401"), (read("org/a", 1),), "GitHub answered 401"),
        (
            Looked("ada", 1, "", {"org/a": "it is gone"}),
            (),
            "At the last look org/a could not be read: it is gone. Look again.",
        ),
        (
            Looked("ada", 1, "", {"org/a": "it is gone"}),
            (read("org/a"),),
            "Nothing is known to be missing, but at the last look org/a could not be read: it is gone. Look again.",
        ),
    ],
)
async def test_nothing_is_made_again_without_a_look(
    found: Looked | Looking | None, held: Sequence[Holding], words: str
) -> None:
    """Each with the sentence that says why."""
    means = Means(known=a_request(a_migration("org/a", State.DONE), state=State.DONE), found=found)
    means.held = held
    async with a_page(means) as page:
        refused = await press(page, f"/acts/heal?request={REQUEST}")

    assert words in refused.text
    assert (f"instead='/acts/verify?request={REQUEST}'" in refused.text) == (not held)
    assert not means.done


async def test_nothing_is_done_by_a_get_by_nobody_or_without_a_set() -> None:
    """The route enforces it, whatever the page shows."""
    means = with_letters(a_letter(1))
    async with a_page(means) as page:
        await page.get("/acts/drop?digest=x", headers=ADA)
        unsigned = await page.post("/acts/drop", data={"digest": "x"}, headers=FROM_HERE)
        unnamed = await page.post("/acts/drop", headers=PRESSING)
        crossing = await page.post("/acts/drop", headers=ADA | {"Origin": "http://evil.example"})
    async with a_page(means, Doors(is_public=True)) as page:
        closed = await page.post("/acts/drop", data={"digest": "x"}, headers=FROM_HERE)

    assert [one.status_code for one in (unsigned, unnamed, crossing, closed)] == [
        401,
        409,
        403,
        403,
    ]
    assert not means.done


async def press_in_trouble(means: Means, method: str, error: StoreError) -> str:
    """What a press says whose `method` has this trouble; the set was shown before."""
    address = "/acts/drop" if method in {"letters", "drop"} else "/acts/pause"
    async with a_page(means) as page:
        seen = await shown(page, address)
        means.trouble_at = {method: error}
        lost = await press(page, address, seen)

    assert lost.status_code == 503
    return lost.text


@pytest.mark.parametrize(
    ("method", "is_untouched", "title", "words"),
    [
        ("snapshot", False, "Not done", "Nothing was done."),
        ("pause", False, "Not known whether it was done", "It may have been done or not"),
        ("pause", True, "Not done", "Nothing was done."),
        (
            "keep_receipt",
            True,
            "Done, without a receipt",
            "The press was carried out: The fleet is paused.",
        ),
    ],
)
async def test_a_valkey_that_does_not_answer_is_a_sentence(
    method: str, title: str, words: str, *, is_untouched: bool
) -> None:
    """It says what became of the press: reading changes nothing, and a receipt comes after what it tells of.

    Over all of them stood "Not done".
    """
    error = StoreError("TimeoutError: ", is_untouched=is_untouched)
    said = await press_in_trouble(Means(), method, error)

    assert f"trouble.html {title} {{" in said
    assert words in said
    assert "Valkey does not answer: TimeoutError" in said


async def test_a_valkey_that_refuses_a_press_is_not_said_to_be_silent() -> None:
    """Out of memory, it answered at once, and waiting would not have helped."""
    error = StoreError("submit: OutOfMemoryError: no", is_untouched=True, is_answer=True)
    said = await press_in_trouble(Means(), "pause", error)

    assert "does not answer" not in said
    assert (
        "Nothing was done. Valkey refuses what it is asked: submit: OutOfMemoryError: no. See `monarch doctor`."
        in said
    )


async def test_a_receipt_that_cannot_be_read_does_not_undo_the_press() -> None:
    """It said "Not done: nothing was done" to who had just pressed, and a press again would have been a second one."""
    means = Means(trouble_at={"receipt": StoreError("LOADING", remedy="Correct VALKEY_DB.")})
    async with a_page(means) as page:
        pressed = await press(page, "/acts/pause")
        seen = await page.get(pressed.headers["Location"], headers=ADA)
        told = await page.get(pressed.headers["Location"], headers=ADA | JSON)

    assert (pressed.status_code, seen.status_code) == (303, 503)
    assert "trouble.html Not shown {" in seen.text
    assert "What it reports was done before" in seen.text
    for answer in (seen, told):
        assert "Nothing was done" not in answer.text
        assert "Valkey refuses what it is asked: LOADING. Correct VALKEY_DB." in answer.text


@pytest.mark.parametrize(("letters", "words"), [(50, "Nothing was done."), (150, "may have been")])
async def test_a_press_that_broke_off_between_portions_is_not_said_to_be_nothing(
    letters: int, words: str
) -> None:
    """The last portion was certainly not done; another may have been before it."""
    means = with_letters(*(a_letter(number) for number in range(1, letters + 1)))
    means.trouble_after = letters // 100
    said = await press_in_trouble(means, "drop", StoreError("away", is_untouched=True))

    assert words in said


async def test_what_goes_on_after_the_answer_goes_on_without_a_receipt() -> None:
    """A look was said to begin: it begins."""
    means = Means(known=a_request(a_migration("org/a", State.DONE)))
    means.trouble_at = {"keep_receipt": StoreError("away"), "look": StoreError("away")}
    async with a_page(means) as page:
        pressed = await press(page, f"/acts/verify?request={REQUEST}")

    assert pressed.status_code == 503
    assert means.done == [("begin_look", REQUEST, BY), ("look", REQUEST, BY)]


async def test_a_form_that_is_too_large_is_refused() -> None:
    """Without reading it to its end."""
    means = Means()
    async with a_page(means) as page:
        refused = await press(page, "/acts/pause", {"keys": "x" * 300_000})

    assert refused.status_code == 400
    assert not means.done


# ------------------------------------------------------------------------------------------ signing in


async def test_signing_in_leads_back_with_a_session() -> None:
    """The cookie is out of reach of scripts and of other sites, and the token is not in it."""
    async with a_page(Means()) as page:
        form = {"token": "correct-horse-battery", "name": " Ada  Lovelace ", "next": "/dead?code=x"}
        answer = await page.post("/sign-in", data=form, headers=FROM_HERE)
        cookie = answer.headers["Set-Cookie"]

        assert (answer.status_code, answer.headers["Location"]) == (303, "/dead?code=x")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert "correct-horse" not in cookie
        value = {"Cookie": cookie.partition(";")[0]}
        assert (await page.get("/acts/pause", headers=value)).status_code == 200

        out = await page.post("/sign-out", headers=value | FROM_HERE)
        assert "Max-Age=0" in out.headers["Set-Cookie"]


async def test_over_tls_the_cookie_stays_there() -> None:
    """Also where a proxy speaks it for us."""
    form = {"token": "correct-horse-battery", "name": "ada"}
    async with a_page(Means()) as page:
        answer = await page.post(
            "/sign-in", data=form, headers=FROM_HERE | {"X-Forwarded-Proto": "https"}
        )

    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "https://evil.example", "x", "/\t/e"]
)
async def test_signing_in_leads_nowhere_else(address: str) -> None:
    """A link to the form cannot send people to another site."""
    form = {"token": "correct-horse-battery", "name": "ada", "next": address}
    async with a_page(Means()) as page:
        answer = await page.post("/sign-in", data=form, headers=FROM_HERE)

    assert answer.headers["Location"] == "/"


async def test_a_wrong_token_is_refused_and_not_shown_again() -> None:
    """After ten of them the address waits, with the right one, too."""
    async with a_page(Means()) as page:
        for _ in range(10):
            wrong = await page.post(
                "/sign-in", data={"token": "hunter2hunter2hu", "name": "e"}, headers=FROM_HERE
            )
            assert wrong.status_code == 403
            assert "hunter2" not in wrong.text
        right = {"token": "correct-horse-battery", "name": "ada"}
        waits = await page.post("/sign-in", data=right, headers=FROM_HERE)

    assert waits.status_code == 429
    assert re.search(r"Try again in \d+ s", waits.text)


async def test_another_site_cannot_sign_a_person_in_or_out() -> None:
    """Under a name of its choice it would have them press for it."""
    form = {"token": "correct-horse-battery", "name": "eve"}
    async with a_page(Means()) as page:
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            assert (await page.post("/sign-in", data=form, headers=headers)).status_code == 403
            assert (await page.post("/sign-out", headers=ADA | headers)).status_code == 403


@pytest.mark.parametrize(("name", "act"), [("recall", Act.RECALL), ("undo", Act.UNDO)])
async def test_copies_are_closed_and_opened_again_in_the_targets_that_were_shown(
    name: str, act: Act
) -> None:
    """Like the command: what runs is not touched, and what was begun is said."""
    done, running = a_migration("org/a", State.DONE), a_migration("org/b", State.DONE)
    means = Means(known=a_request(done, running, state=State.DONE))
    async with a_page(means) as page:
        await press(page, f"/acts/{name}?request={REQUEST}")
        means.known = a_request(done, running)
        refused = await press(page, f"/acts/{name}?request={REQUEST}")
        view = replace(means.known.view, cancelled_by="ada")
        means.known = replace(means.known, view=view)
        cancelling = await press(page, f"/acts/{name}?request={REQUEST}")

    assert means.done == [("begin", REQUEST, act, ("org/a", "org/b"), BY)]
    assert "wait until it has ended, or cancel it first" in refused.text
    assert "is being cancelled by ada: wait until a worker has ended it" in cancelling.text


async def test_a_request_is_put_first_while_it_is_under_way() -> None:
    """Once; what has ended, or stands first already, says so."""
    means = Means(known=a_request(a_migration("org/a", State.RUNNING)))
    async with a_page(means) as page:
        await press(page, f"/acts/first?request={REQUEST}")
        view = means.known.view if means.known else None
        assert view is not None
        means.known = replace(a_request(), view=replace(view, first_by="grace"))
        again = await press(page, f"/acts/first?request={REQUEST}")
        means.known = a_request(a_migration("org/a", State.DONE), state=State.DONE)
        late = await press(page, f"/acts/first?request={REQUEST}")

    assert means.done == [("first", REQUEST, BY)]
    assert "was put first already, by grace" in again.text
    assert "has ended: it is done" in late.text


async def test_what_waits_is_tried_at_once() -> None:
    """By the targets that wait; what waits for nothing, has ended or waits for its date says so."""
    request = a_request(a_migration("org/a", State.PARKED), a_migration("org/b", State.RUNNING))
    waiting = replace(request, times=(times_of("org/a", next_ms=9), times_of("org/b")))
    means = Means(known=waiting)
    async with a_page(means) as page:
        asked = await page.get(f"/acts/try?request={REQUEST}", headers=ADA)
        done = await press(page, f"/acts/try?request={REQUEST}")
        means.wrong = f"request {REQUEST} was asked to begin no earlier than Monday"
        dated = await press(page, f"/acts/try?request={REQUEST}")
        told = [await page.get(one.headers["location"], headers=ADA) for one in (done, dated)]
        means.known = request
        nothing = await press(page, f"/acts/try?request={REQUEST}")
        means.known = a_request(a_migration("org/a", State.DONE), state=State.DONE)
        late = await press(page, f"/acts/try?request={REQUEST}")

    assert means.done == [("hurry", REQUEST, BY)] * 2
    assert "org/a" in asked.text
    assert "org/b" not in asked.text
    assert "It is tried at once" in told[0].text
    assert "was asked to begin no earlier than Monday" in told[1].text
    assert "Nothing of it waits for a later time." in nothing.text
    assert "has ended: it is done" in late.text


async def test_what_slack_did_not_get_is_tried_at_once_after_the_end() -> None:
    """The page named the next try, and had no button for it."""
    ended = a_request(a_migration("org/a", State.DONE), state=State.DONE)
    view = replace(ended.view, channel="C1")
    failing = FailingNotice("Slack answered 500", 9)
    means = Means(known=replace(ended, view=view, failing_notice=failing))
    async with a_page(means) as page:
        told = (await page.get(f"/acts/try?request={REQUEST}", headers=ADA | JSON)).json()
        pressed = await press(page, f"/acts/try?request={REQUEST}")

    assert [one["words"] for one in told["set"]] == ["the message to C1"]
    assert (told["problem"], pressed.status_code) == ("", 303)
    assert means.done == [("hurry", REQUEST, BY)]
    assert any("/acts/try" in one.href for one in request_buttons(means.known or ended))


async def test_a_limit_of_slack_is_waited_for_on_the_page_too() -> None:
    """A press said that the request has ended; now it says until when, and no button leads there."""
    ended = a_request(a_migration("org/a", State.DONE), state=State.DONE)
    failing = FailingNotice("its limit is reached", 1732406460000, is_limit=True)
    means = Means(known=replace(ended, failing_notice=failing))
    async with a_page(means) as page:
        told = (await page.get(f"/acts/try?request={REQUEST}", headers=ADA | JSON)).json()
        pressed = await press(page, f"/acts/try?request={REQUEST}")

    assert "is sent no earlier than Sun 2024-11-24 00:01 UTC" in told["problem"]
    assert pressed.status_code == 409
    assert not means.done
    assert not any("/acts/try" in one.href for one in request_buttons(means.known or ended))


async def test_a_set_without_a_target_that_can_be_one_says_why() -> None:
    """No reason stood there, and a press said that the set had changed and something newer was asked for."""
    address = "/acts/submit?source=org/template&targets=org/template"
    means = Means(no_targets={"org/template": "org/template: it is the source."})
    async with a_page(means) as page:
        told = (await page.get(address, headers=ADA | JSON)).json()
        pressed = await press(page, address)

    assert told["problem"] == "No target can be one. org/template: it is the source."
    assert pressed.status_code == 409
    assert "No target can be one." in pressed.text
    assert "has changed" not in pressed.text
    assert not means.done


async def test_a_program_hears_what_will_be_a_dead_letter() -> None:
    """People saw it on the page, and the JSON of the same address had no word of it."""
    address = "/acts/submit?source=org/template&targets=org/a,bad"
    means = Means(no_targets={"bad": "bad: expected owner/name."})
    async with a_page(means) as page:
        told = (await page.get(address, headers=ADA | JSON)).json()
        form = {"digest": told["digest"]}
        done = await page.post(address, data=form, headers=PRESSING | JSON)

    dead = "bad: expected owner/name. This target ends as a dead letter."
    assert dead in told["notes"]
    assert {"words": dead, "is_bad": True} in done.json()["lines"]


async def test_an_empty_set_that_was_shown_has_not_changed() -> None:
    """Its digest is that of the set: nothing is newer, there is nothing."""
    async with a_page(with_letters()) as page:
        pressed = await press(page, "/acts/replay?code=poison")

    assert pressed.status_code == 409
    assert "has changed" not in pressed.text


async def test_what_was_never_begun_is_not_to_be_looked_at_first() -> None:
    """`look first`, and the look said that there is nothing to look at."""
    known = replace(a_request(a_migration("org/a", State.DEAD), state=State.DEAD), times=())
    means = Means(known=replace(known, view=replace(known.view, ended_ms=1)))
    async with a_page(means) as page:
        heal = (await page.get(f"/acts/heal?request={REQUEST}", headers=ADA | JSON)).json()
        look = (await page.get(f"/acts/verify?request={REQUEST}", headers=ADA | JSON)).json()

    assert heal["problem"] == look["problem"] == f"Request {REQUEST} has no targets to look at."
    assert look["set"] == []


@pytest.mark.parametrize(
    "body",
    [{"code": "poison"}, {"request": "1-0"}, {"letter": "1-0"}, {'{"digest": "x"}': ""}],
    ids=str,
)
async def test_a_choice_in_the_body_of_a_press_is_refused(body: dict[str, str]) -> None:
    """It was ignored without a word, so every dead letter was meant, and deleted with the digest that came back."""
    means = with_letters(a_letter(1), a_letter(2, code="poison"))
    async with a_page(means) as page:
        sent = body | await shown(page, "/acts/drop")
        told = await page.post("/acts/drop", data=sent, headers=PRESSING | JSON)

    assert told.status_code == 400
    assert "choices stand in the address" in told.json()["error"]
    assert not means.done


@pytest.mark.parametrize("keys", ["1-0", "3-0", "2-0\n1-0\n3-0", "1-0,2-0"])
async def test_keys_beside_a_digest_choose_nothing(keys: str) -> None:
    """`keys` with one letter and the digest of all deleted all: the field was only compared where the digest was old."""
    means = with_letters(a_letter(1), a_letter(2))
    async with a_page(means) as page:
        sent = await shown(page, "/acts/drop") | {"keys": keys}
        told = await page.post("/acts/drop", data=sent, headers=PRESSING | JSON)
        assert not means.done
        whole = await press(page, "/acts/drop", sent | {"keys": "1-0\r\n2-0"})

    assert told.status_code == 400
    assert "names another set than the digest" in told.json()["error"]
    assert whole.status_code == 303


async def test_what_is_under_way_is_not_to_be_looked_at_first() -> None:
    """`look first`, and after the look it said that what is missing may be copied yet."""
    means = Means(known=a_request(a_migration("org/a", State.RUNNING)))
    async with a_page(means) as page:
        told = (await page.get(f"/acts/heal?request={REQUEST}", headers=ADA | JSON)).json()

    assert told["problem"] == f"Request {REQUEST} is running: what is missing may be copied yet."
    assert told["notes"] == []


@pytest.mark.parametrize(("name", "closes"), [("update", False), ("update-close", True)])
async def test_copies_are_updated_in_the_targets_that_the_request_has_reached(
    name: str, *, closes: bool
) -> None:
    """A target in which nothing was ever copied has nothing to update."""
    means = Means(known=with_times(a_request(state=State.DONE), reached=("org/a",), not_yet=("b",)))
    async with a_page(means) as page:
        sent = await press(page, f"/acts/{name}?request={REQUEST}")
        means.known = with_times(a_request(state=State.DONE), not_yet=("b",))
        refused = await press(page, f"/acts/{name}?request={REQUEST}")

    assert sent.headers["location"] == "/receipts/0"
    assert means.receipts[0].back == "/requests/2-0"
    assert means.done == [("update", REQUEST, ("org/a",), closes, BY)]
    assert "Nothing was ever copied" in refused.text


SUBMIT = "/acts/submit?source=org%2Ftemplate&targets=org%2Fa+org%2Fb&channel=C1"


async def test_a_plan_is_submitted_as_it_was_shown() -> None:
    """With the name of who pressed it; the receipt leads to the request."""
    means = Means()
    async with a_page(means) as page:
        asked = await page.get(SUBMIT, headers=ADA)
        await press(page, SUBMIT)

    assert "monarch submit org/template org/a org/b --channel C1" in asked.text
    wish = RequestForm("org/template", ("org/a", "org/b"), "C1")
    assert means.done == [("submit", repr(wish).encode(), BY)]
    assert means.receipts[0].back == "/requests/2-0"


async def test_who_presses_second_is_told_of_the_first() -> None:
    """Two people have the same plan open: one request is made."""
    means = Means()
    async with a_page(means) as page:
        form = await shown(page, SUBMIT)
        await press(page, SUBMIT, form)
        second = await press(page, SUBMIT, form)

    assert second.status_code == 409
    assert "Something newer was asked for meanwhile" in second.text
    assert len(means.done) == 1


async def test_two_presses_at_the_same_moment_make_one_request() -> None:
    """Both have read the set before either has submitted: their key is the same."""
    means = Means()
    async with a_page(means) as page:
        form = await shown(page, SUBMIT)
        await press(page, SUBMIT, form)
        means.newest = "1-0"
        await press(page, SUBMIT, form)

    assert [receipt.back for receipt in means.receipts] == ["/requests/2-0", "/requests/2-0"]


@pytest.mark.parametrize("address", ["/acts/submit", SUBMIT, f"/acts/update?request={REQUEST}"])
async def test_what_cannot_be_asked_for_is_a_sentence(address: str) -> None:
    """Nothing is submitted."""
    known = with_times(a_request(state=State.DONE), reached=("org/a",))
    means = Means(known=known, wrong="There is no such template.")
    async with a_page(means) as page:
        refused = await press(page, address)

    assert not means.done
    said = refused.text + "".join(str(one.lines) for one in means.receipts)
    assert "There is no such template." in said
