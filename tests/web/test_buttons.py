"""What the page offers for a request."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monarch.core.portions.message import Portion
from monarch.core.report.summary import State
from monarch.ports.readings import RequestDetails
from monarch.web.views.buttons import letter_buttons, request_buttons
from monarch.web.views.dead import causes_of
from tests.web.doubles import a_letter, a_migration, details_of, times_of

RUNS = details_of()
DATED = Portion(datetime(2026, 11, 30, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("details", "offers"),
    [
        (replace(RUNS, times=(times_of(next_ms=5),)), True),
        (replace(RUNS, times=(times_of(),)), False),
        (replace(details_of(state=State.QUEUED), next_ms=5), True),
        (replace(details_of(state=State.QUEUED, portion=DATED), next_ms=5), False),
        (replace(details_of(state=State.DONE, ended_ms=9), times=(times_of(next_ms=5),)), False),
    ],
)
def test_what_waits_can_be_tried_at_once(details: RequestDetails, *, offers: bool) -> None:
    """Not what waits for nothing, for its date, or has ended."""
    labels = [button.words for button in request_buttons(details)]

    assert ("Try it now" in labels) is offers


def test_the_targets_that_an_unplanned_request_named_are_offered_no_work() -> None:
    """They are names: there is nothing to look at, to heal, to update or to recall in them."""
    ended = details_of(a_migration(state=State.CANCELLED), state=State.CANCELLED, ended_ms=9)

    labels = [button.words for button in request_buttons(replace(ended, times=()))]

    assert labels == ["Send back what was given up"]
    assert "Close untouched copies" in [button.words for button in request_buttons(ended)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code": "bad_target"}, "its target can be no repository"),
        ({"code": "entry_trimmed", "stream": "requests", "migration": ""}, "went with its entry"),
        (
            {"code": "bad_source", "stream": "requests", "migration": "", "is_cut": True},
            "its message was too long to be kept, and wrong",
        ),
        ({"code": "entry_unreadable", "migration": ""}, "it names no migration"),
        (
            {
                "code": "entry_unreadable",
                "stream": "requests",
                "migration": "",
                "lacks_payload": True,
            },
            "it has no message",
        ),
        (
            {"code": "entry_unreadable", "stream": "notices", "migration": "", "request": "5-0"},
            "it names no request",
        ),
        ({"code": "poison", "request": "", "migration": ""}, "nothing is left of it but its id"),
    ],
)
def test_a_letter_that_stays_is_not_offered_to_be_sent_back(
    changes: dict[str, object], why: str
) -> None:
    """`dead replay` refuses it for good, and the page offered just that."""
    (cause,) = causes_of([a_letter(**changes)])
    ((letter,),) = (reason.letters for reason in cause.reasons)

    assert [button.words for button in (*cause.buttons, *letter.buttons)] == ["Delete", "Delete"]
    assert letter.stays.startswith("It cannot be sent back: ")
    assert why in letter.stays


def test_a_cause_with_one_letter_that_may_return_offers_that() -> None:
    """The act says which of them stay."""
    trimmed = a_letter(code="entry_trimmed")
    message = a_letter(code="entry_trimmed", stream="requests", migration="")
    (cause,) = causes_of([trimmed, message])

    assert [button.words for button in cause.buttons] == ["Send back", "Delete"]
    assert {letter.stays == "" for one in cause.reasons for letter in one.letters} == {True, False}


def test_the_command_for_all_letters_is_one_that_works() -> None:
    """A drop of all of them wants to be confirmed, and the page named it without that."""
    assert [one.command for one in letter_buttons()] == [
        "monarch dead replay --all",
        "monarch dead drop --all --yes",
    ]


def test_a_buttons_command_quotes_a_target_as_it_was_spelled() -> None:
    """A refused target is kept as it came, and may be several words of a shell."""
    commands = [one.command for one in letter_buttons(target="cider falls")]

    assert commands == [
        f"monarch dead {verb} --target 'cider falls'" for verb in ("replay", "drop")
    ]
