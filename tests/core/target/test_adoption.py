"""Which issues without a marker are copies, since they say the same."""

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker
from monarch.core.ids import TicketId
from monarch.core.target.adoption import adopted, says_the_same
from monarch.core.target.evidence import Evidence
from monarch.core.target.logins import Us
from monarch.core.target.look import Seen, see
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from monarch.core.ticket import Author, Issue, Ticket
from tests.core.builders import OWN, SOURCE, TEAM, a_ticket, an_issue

OWN_ID: Final = 4242
US = Us((Author(OWN, OWN_ID),))
STORY: Final = "## Story\n\nAs a user I want $5, so that ${body} {title} works.\n"


def ours(number: int, ticket: Ticket, **changes: Any) -> Issue:
    """An issue of ours as the predecessor made it of this ticket."""
    made = {"title": ticket.title, "body": f"${ticket.body}\n", "author_id": OWN_ID}
    return an_issue(number, **{**made, **changes})


def judged(
    *tickets: Ticket, us: Us = US, records: dict[TicketId, LedgerRecord] | None = None
) -> Evidence:
    """What the issues of the team are judged by, where these tickets are to be copied."""
    return Evidence(TEAM, us, records or {}, None, tickets)


def seen_as(issue: Issue, ticket: Ticket, **how: Any) -> Seen:
    """What a look shows that finds this issue alone."""
    return see([issue], judged(ticket, **how))


# --------------------------------------------------------------------------------- what says the same


@pytest.mark.parametrize("text", [STORY, "", "Do it.", "$x^2$ is a formula", "$body", "$$"])
@pytest.mark.parametrize(
    "made",
    [
        "{}",
        "${}\n",
        "${}",
        "\n  {}\r\n\t",
    ],
)
def test_the_predecessors_and_a_persons_copies_say_the_same(text: str, made: str) -> None:
    """Its `$` before and its line end after, or neither; also where the text has a `$` of its own."""
    ticket = a_ticket(1, body=text)
    issue = ours(7, ticket, body=made.replace("{}", text))

    assert seen_as(issue, ticket) == Seen({ticket.id: 7}, highest=7, adopted=frozenset({ticket.id}))
    assert says_the_same(issue, ticket)


@pytest.mark.parametrize("kind", ["\r\n", "\r"])
def test_the_kind_of_line_ends_is_no_difference(kind: str) -> None:
    """What was written in a browser has Windows' ones, and a person's tool may have changed them."""
    ticket = a_ticket(1, body=STORY.replace("\n", kind))

    assert adopted([ticket], [ours(7, ticket)]) == {ticket.id: 7}
    assert adopted([ticket], [ours(7, ticket, body=STORY)]) == {ticket.id: 7}


def test_a_team_has_ticked_boxes_of_its_task_list() -> None:
    """That is work on the ticket, and no other text; what only looks like a box is."""
    text = "- [ ] one\n  * [x] two\n1. [ ] three\n\nIn f[x] or `- [ ]`: [x]"
    ticked = "- [x] one\n  * [ ] two\n1. [X] three\n\nIn f[x] or `- [ ]`: [x]"
    ticket = a_ticket(1, body=text)

    assert adopted([ticket], [ours(7, ticket, body=f"${ticked}\n")]) == {ticket.id: 7}
    assert adopted([ticket], [ours(7, ticket, body=ticked.replace("f[x]", "f[ ]"))]) == {}


def test_a_box_right_behind_the_predecessors_dollar_is_one() -> None:
    """`$- [x]`: the text begins with its task list."""
    ticket = a_ticket(1, body="- [ ] one")

    assert adopted([ticket], [ours(7, ticket, body="$- [x] one\n")]) == {ticket.id: 7}


def test_a_template_that_was_filled_by_monarch_has_markers_which_a_person_does_not_copy() -> None:
    """The marker of the template's own origin belongs to no copy."""
    ticket = a_ticket(1, body=f"Do it.\n\n{Marker('org/first', 3, TicketId(9))}")

    assert adopted([ticket], [ours(7, ticket, body="Do it.")]) == {ticket.id: 7}


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Ticket 2"},
        {"title": "ticket 1"},
        {"body": "Do it!"},
        {"body": "$$Do it."},
        {"body": "Do  it."},
        {"body": ""},
        {"is_pull": True},
        {"author": "student", "author_id": 7},
        {"author": None, "author_id": 0},
        {"author": OWN, "author_id": 7},
        {"author": OWN, "author_id": 0},
        {
            "body": f"Do it.\n\n{Marker(SOURCE, 1, TicketId(101), TEAM)}",
            "author_id": 7,
            "author": "x",
        },
        {"body": f"Do it.\n\n{Marker('org/first', 3, TicketId(9), TEAM)}"},
    ],
)
def test_what_says_something_else_or_is_not_certainly_ours_is_nobodys_copy(
    changes: dict[str, Any],
) -> None:
    """Another title or text, a pull request, another account, our login under another number, a marker."""
    ticket = a_ticket(1)

    assert ticket.id not in seen_as(ours(7, ticket, **changes), ticket).copies


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "closed"},
        {"author": "renamed-since"},
        {"association": "NONE"},
        {"type": "Task"},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_else_an_issue_has_makes_no_difference(changes: dict[str, Any]) -> None:
    """A closed one is work that was done; our account may be called otherwise now."""
    ticket = a_ticket(1)

    assert seen_as(ours(7, ticket, **changes), ticket).copies == {ticket.id: 7}


def test_a_former_account_of_ours_is_ours() -> None:
    """The predecessor wrote under it."""
    ticket, us = a_ticket(1), Us((Author("new", 5), Author(OWN, OWN_ID)))

    assert seen_as(ours(7, ticket), ticket, us=us).copies == {ticket.id: 7}


@pytest.mark.parametrize(
    "us", [Us(is_certain=False), Us((Author(OWN),)), Us((Author(OWN),), is_certain=False)]
)
@pytest.mark.parametrize("is_by_bot", [False, True])
def test_as_long_as_we_do_not_know_our_number_nothing_is_adopted(
    us: Us, *, is_by_bot: bool
) -> None:
    """A login alone, or being a bot, is enough for a marker and not for mere words."""
    ticket = a_ticket(1)

    assert seen_as(ours(7, ticket, is_by_bot=is_by_bot), ticket, us=us).copies == {}


# ------------------------------------------------------------------------------------- ranked evidence


@pytest.mark.parametrize(
    ("record", "number"),
    [
        (None, 7),
        (Refused(1, 0, "no"), 7),
        (Intended(0, "n1"), 7),
        (CreatedAs(3, 0, 1003), None),
        (CreatedAs(7, 0, 1007), 7),
        (UnreadableRecord("moved"), None),
    ],
)
def test_the_ledger_has_the_first_word(record: LedgerRecord | None, number: int | None) -> None:
    """A copy that a person has deleted stays deleted, whatever says the same beside it."""
    ticket = a_ticket(1)
    records = {} if record is None else {ticket.id: record}

    assert seen_as(ours(7, ticket), ticket, records=records).copies.get(ticket.id) == number


def test_a_marked_copy_outranks_one_that_only_says_the_same_and_makes_no_stray_of_it() -> None:
    """Whatever its number: the other one is left alone."""
    ticket = a_ticket(1)
    marked = ours(9, ticket, body=f"Do it.\n\n{Marker(SOURCE, 1, ticket.id, TEAM)}")

    assert see([ours(7, ticket), marked], judged(ticket)) == Seen({ticket.id: 9}, highest=9)


def test_an_adopted_issue_is_a_copy_whatever_people_make_of_it() -> None:
    """The ledger knows it by its id."""
    ticket = a_ticket(1)
    edited = ours(7, ticket, title="Done!", body="- [x] Do it.", state="closed")
    records: dict[TicketId, LedgerRecord] = {ticket.id: CreatedAs(7, 0, edited.id)}

    seen = see([edited, ours(8, ticket)], judged(ticket, records=records))

    assert seen == Seen({ticket.id: 7}, highest=8)


def test_an_issue_on_record_for_another_ticket_is_not_adopted() -> None:
    """Each issue stands for one ticket, also for those of another template."""
    ticket, other = a_ticket(1), TicketId(999)
    records: dict[TicketId, LedgerRecord] = {other: CreatedAs(7, 0, 1007)}

    assert seen_as(ours(7, ticket), ticket, records=records).copies == {other: 7}


def test_switched_off_nothing_is_adopted() -> None:
    """Then the evidence has no tickets."""
    assert see([ours(7, a_ticket(1))], judged()) == Seen(highest=7)


# --------------------------------------------------------------------------------------- equal tickets


def equal(*numbers: int) -> list[Ticket]:
    """Tickets that all say the same."""
    return [a_ticket(number, title="Ticket") for number in numbers]


@pytest.mark.parametrize(
    ("issues", "copies"),
    [([], {}), ([8], {1: 8}), ([8, 3], {1: 3, 2: 8}), ([9, 3, 8], {1: 3, 2: 8})],
)
def test_of_equal_tickets_the_first_gets_the_lowest_number(
    issues: list[int], copies: dict[int, int]
) -> None:
    """One issue is the copy of one ticket, so the second is copied; what is left over is left alone."""
    tickets = equal(1, 2)
    found = adopted(tickets, [ours(number, tickets[0]) for number in issues])

    assert found == {TicketId(100 + ticket): number for ticket, number in copies.items()}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Ticket], list[Issue]]:
    """Tickets and issues of few titles and texts, so that many say the same."""
    titles, texts = st.sampled_from(["A", "B"]), st.sampled_from(["", "x", "$x", "x\r\ny", "x\ny"])
    spelled = st.sampled_from(["{}", "${}\n", " {}\n\n"])
    tickets = [
        a_ticket(number, title=draw(titles), body=draw(texts))
        for number in range(1, draw(st.integers(0, 6)) + 1)
    ]
    numbers = draw(st.lists(st.integers(1, 30), unique=True, max_size=8))
    return tickets, [
        an_issue(
            number,
            title=draw(titles),
            body=draw(spelled).replace("{}", draw(texts)),
            author_id=draw(st.sampled_from([OWN_ID, OWN_ID, 7])),
        )
        for number in numbers
    ]


@given(worlds(), st.randoms(use_true_random=False))
def test_pairs_are_the_same_whatever_the_order_of_the_listing(
    world: tuple[list[Ticket], list[Issue]], dice: Any
) -> None:
    """One to one, only what says the same, only ours, and nothing that could be paired is left over."""
    tickets, issues = world
    known = {issue.number: issue for issue in issues}
    seen = see(issues, judged(*tickets))
    dice.shuffle(issues)

    assert see(issues, judged(*tickets)) == seen
    assert len(set(seen.copies.values())) == len(seen.copies)
    assert seen.adopted == frozenset(seen.copies)
    for ticket in tickets:
        number = seen.copies.get(ticket.id)
        if number is not None:
            assert says_the_same(known[number], ticket)
            assert known[number].author_id == OWN_ID
        else:
            left = [i for i in issues if i.number not in seen.copies.values()]
            assert not any(says_the_same(i, ticket) and i.author_id == OWN_ID for i in left)


@given(worlds())
def test_what_was_adopted_stays_so_when_the_ledger_knows_it_and_when_it_forgets(
    world: tuple[list[Ticket], list[Issue]],
) -> None:
    """Also where the tickets that had none are copied with a marker meanwhile."""
    tickets, issues = world
    first = see(issues, judged(*tickets))
    made = [
        ours(100 + t.number, t, body=f"{t.body}\n\n{Marker(SOURCE, t.number, t.id, TEAM)}")
        for t in tickets
        if t.id not in first.copies
    ]
    wanted = {t.id: first.copies.get(t.id, 100 + t.number) for t in tickets}
    records: dict[TicketId, LedgerRecord] = {
        ticket: CreatedAs(number, 0, 1000 + number) for ticket, number in wanted.items()
    }

    remembered = see([*issues, *made], judged(*tickets, records=records))
    forgotten = see([*issues, *made], judged(*tickets))

    assert remembered.copies == forgotten.copies == wanted
    assert remembered.adopted == frozenset()
    assert remembered.strays == forgotten.strays == ()


def test_edited_or_with_another_title_it_does_not_say_the_same() -> None:
    """So it is reported as edited, and never rewritten."""
    ticket = a_ticket(1)

    assert not says_the_same(ours(7, ticket, body="Do it now."), ticket)
    assert not says_the_same(replace(ours(7, ticket), title="Done"), ticket)
    assert not says_the_same(
        ours(7, ticket, body=f"Do it.\n\n{Marker(SOURCE, 1, ticket.id, TEAM)}"), ticket
    )
