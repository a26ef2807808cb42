"""The judge on what comes after the copy: each way of breaking it has its column, and what cannot be known has none."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.chaos_machine.judge.judge import judge
from scripts.chaos_machine.judge.verdicts import AFTER
from scripts.chaos_machine.record import (
    Act,
    Ask,
    Call,
    Copy,
    Finding,
    Request,
    Ticket,
    Touch,
    Truth,
    Turn,
)
from tests.scripts.chaos_machine.truths import (
    CHANNEL,
    COPIES,
    DONE_AT,
    HERE,
    REQUEST,
    SOURCE,
    TEAM,
    TICKETS,
    a_copy,
    a_fault,
    a_post,
    a_truth,
    a_write,
)

RECALL_AT, CLOSED_AT, UNDO_AT, OPENED_AT = 1_020.0, 1_021.0, 1_030.0, 1_031.0
CLOSED, OPENED = Turn(CLOSED_AT, True, True), Turn(OPENED_AT, False, True)
RECALL = Act("recall", RECALL_AT, HERE, SOURCE, 1_025.0)
UNDO = Act("undo", UNDO_AT, HERE, SOURCE, 1_035.0)
HEAL = replace(UNDO, kind="heal")
UPDATE = Act("update", RECALL_AT, HERE, SOURCE, 1_025.0)
UPDATE_AND_CLOSE = replace(UPDATE, kind="update-close")
MISSED = Act("missed", 1_000.0, HERE, SOURCE, 1_025.0)
COMMENTED = Touch(1_010.0, HERE, 1, "commented")
EDITED = Touch(1_010.0, HERE, 1, "edited", body="We do it our way.")
EMPTIED = a_fault("valkey.flush_all", 1_015.0, 1_015.5)
AGAIN = a_copy(4, TICKETS[0], 1_040.0)
SPRINTS = ("Sprint 1", "Sprint 2")
DATE = 1_060.0


def a_change(at: float, number: int = 1, **changes: Any) -> Call:
    """A call that changes a copy."""
    path = f"/repositories/{HERE}/issues/{number}"
    return a_write(at, method="PATCH", path=path, status=200, **changes)


def turned(*turns: Turn, of: tuple[Copy, ...] = COPIES) -> tuple[Copy, ...]:
    """The copies, each closed and opened like that."""
    return tuple(replace(copy, turns=turns) for copy in of)


def after(copies: tuple[Copy, ...], *acts: Act, calls: tuple[Call, ...] = (), **more: Any) -> Truth:
    """A run in which people asked for these acts, and this came of it."""
    return a_truth(copies={HERE: copies}, acts=acts, calls=(*calls, a_post()), **more)


def adopted(*copies: Copy) -> tuple[Copy, ...]:
    """The predecessor's own issues in place of these copies."""
    return tuple(
        replace(one, is_adopted=True, first=f"${one.first}", body=f"${one.body}", created_at=500.0)
        for one in copies
    )


def edited(ticket: Ticket, **changes: Any) -> dict[str, tuple[Ticket, ...]]:
    """The template, with one ticket changed since."""
    return {SOURCE: tuple(replace(one, **changes) if one == ticket else one for one in TICKETS)}


def in_portions(*made_at: float) -> Truth:
    """Two sprints, the second one asked for on its date; the copies were made at these times."""
    tickets = tuple(replace(one, milestone=SPRINTS[n % 2]) for n, one in enumerate(TICKETS))
    copies = tuple(
        a_copy(n, one, at) for n, (one, at) in enumerate(zip(tickets, made_at, strict=True), 1)
    )
    asks = (
        Ask(1_000.0, SOURCE, (TEAM,), CHANNEL, SPRINTS[:1]),
        Ask(1_000.5, SOURCE, (TEAM,), "C2", SPRINTS[1:], DATE),
    )
    return a_truth(tickets={SOURCE: tickets}, copies={HERE: copies}, asks=asks)


BACK = replace(UPDATE, at=UNDO_AT, ended=1_035.0)
RETURNED = edited(TICKETS[2], reopened_at=1_028.0)
REWRITTEN = replace(TICKETS[0], bodies=(*TICKETS[0].bodies, "Do it better."))

BROKEN = {
    "a copy that people had commented on was closed": (
        "wrongly recalled",
        after(turned(CLOSED), RECALL, touches=(COMMENTED,)),
    ),
    "a copy was closed without having been asked for": (
        "wrongly recalled",
        after(turned(CLOSED, of=COPIES[:1]) + COPIES[1:]),
    ),
    "a copy was closed before anybody asked": (
        "wrongly recalled",
        after(turned(replace(CLOSED, at=RECALL_AT - 1)), RECALL),
    ),
    "an update closed a copy whose ticket is open": (
        "wrongly recalled",
        after(turned(CLOSED, of=COPIES[:1]) + COPIES[1:], UPDATE_AND_CLOSE),
    ),
    "the memory's loss is no leave to close what people touched": (
        "wrongly recalled",
        after(turned(CLOSED), RECALL, touches=(COMMENTED,), memory_lost=(1_015.0,)),
    ),
    "a touch while an unrelated worker was frozen is no excuse": (
        "wrongly recalled",
        after(
            turned(CLOSED),
            RECALL,
            touches=(COMMENTED,),
            faults=(a_fault("worker.freeze_long", 990.0, 1_005.0),),
        ),
    ),
    "a close that had never arrived is no excuse for the next one": (
        "wrongly recalled",
        after(
            turned(CLOSED),
            RECALL,
            calls=(a_change(1_009.0, state="closed"), a_change(1_020.9, state="closed")),
            touches=(COMMENTED,),
        ),
    ),
    "an untouched copy stayed open": (
        "not recalled",
        after(turned(CLOSED, of=COPIES[:2]) + COPIES[2:], RECALL),
    ),
    "a recalled copy was made again": (
        "made again",
        after((*turned(CLOSED), AGAIN), RECALL),
    ),
    "it was made again since Valkey had been emptied": (
        "made again",
        after((*turned(CLOSED), AGAIN), RECALL, faults=(EMPTIED,), memory_lost=(1_030.0,)),
    ),
    "what a person had closed was opened": (
        "wrongly reopened",
        after(
            turned(Turn(1_015.0, True, False), OPENED, of=COPIES[:1])
            + turned(CLOSED, OPENED, of=COPIES[1:]),
            RECALL,
            UNDO,
            touches=(replace(COMMENTED, at=1_015.0, what="closed"),),
        ),
    ),
    "what a person had commented on since was opened": (
        "wrongly reopened",
        after(
            turned(CLOSED, OPENED),
            RECALL,
            UNDO,
            touches=(replace(COMMENTED, at=1_026.0),),
        ),
    ),
    "copies were opened without having been asked for": (
        "wrongly reopened",
        after(turned(CLOSED, OPENED), replace(RECALL, ended=None)),
    ),
    "a recalled copy stayed closed after the undoing": (
        "not reopened",
        after(turned(CLOSED, OPENED, of=COPIES[:2]) + turned(CLOSED, of=COPIES[2:]), RECALL, UNDO),
    ),
    "a recalled copy stayed closed after a healing": (
        "not reopened",
        after(turned(CLOSED, OPENED, of=COPIES[:2]) + turned(CLOSED, of=COPIES[2:]), RECALL, HEAL),
    ),
    "a healing that came to no end": (
        "not reopened",
        a_truth(found=(Finding("not reopened", "4 healings"),)),
    ),
    "what a person wrote was overwritten": (
        "wrongly updated",
        after(
            (replace(COPIES[0], body="Do it better."), *COPIES[1:]),
            UPDATE,
            tickets={SOURCE: (REWRITTEN, *TICKETS[1:])},
            touches=(EDITED,),
            touched=frozenset({(HERE, 1)}),
            calls=(a_change(1_022.0, text="Do it better."),),
        ),
    ),
    "a person's title was overwritten": (
        "wrongly updated",
        after(
            COPIES,
            UPDATE,
            touches=(replace(EDITED, body=None, title="Ours"),),
            calls=(a_change(1_022.0),),
        ),
    ),
    "an untouched copy has the text of before": (
        "not up to date",
        after(COPIES, UPDATE, tickets={SOURCE: (REWRITTEN, *TICKETS[1:])}),
    ),
    "an untouched copy has the title of before": (
        "not up to date",
        after(COPIES, UPDATE, tickets=edited(TICKETS[1], title="Anew", former=("Ticket 2",))),
    ),
    "an untouched copy lacks a label that the template has added": (
        "not up to date",
        after(COPIES, UPDATE, tickets=edited(TICKETS[1], labels=frozenset({"hard"}))),
    ),
    "a new ticket was not copied": (
        "not up to date",
        after(
            COPIES,
            UPDATE,
            tickets={SOURCE: (*TICKETS, Ticket(104, 4, "One more", ("Do it.",), 1_015.0))},
        ),
    ),
    "the copy of a closed ticket stayed open": (
        "not up to date",
        after(COPIES, UPDATE_AND_CLOSE, tickets=edited(TICKETS[2], is_open=False)),
    ),
    "a copy stayed closed though its ticket was opened again": (
        "not reopened",
        after(
            (*COPIES[:2], *turned(CLOSED, of=COPIES[2:])), UPDATE_AND_CLOSE, BACK, tickets=RETURNED
        ),
    ),
    "a copy was opened that people had touched, though its ticket was opened again": (
        "wrongly reopened",
        after(
            (*COPIES[:2], *turned(CLOSED, OPENED, of=COPIES[2:])),
            UPDATE_AND_CLOSE,
            BACK,
            tickets=RETURNED,
            touches=(replace(COMMENTED, at=1_026.0, number=3),),
        ),
    ),
    "a copy was opened before its ticket was": (
        "wrongly reopened",
        after(
            (*COPIES[:2], *turned(CLOSED, replace(OPENED, at=1_027.0), of=COPIES[2:])),
            UPDATE_AND_CLOSE,
            BACK,
            tickets=RETURNED,
        ),
    ),
    "what the predecessor had left was copied": (
        "adopted twice",
        after((*adopted(*COPIES), a_copy(4, TICKETS[0], 1_005.0))),
    ),
    "it was copied after people had edited it, although nothing was forgotten": (
        "adopted twice",
        after(
            (*adopted(*COPIES), a_copy(4, TICKETS[0], 1_020.0)),
            touches=(EDITED,),
            touched=frozenset({(HERE, 1)}),
        ),
    ),
    "a sprint came before its date": ("too early", in_portions(1_001.0, DATE - 0.2, 1_002.0)),
    "a milestone came that no message had asked for": (
        "too early",
        replace(
            in_portions(1_001.0, DATE + 5, 1_002.0),
            asks=(Ask(1_000.0, SOURCE, (TEAM,), CHANNEL, SPRINTS[:1]),),
        ),
    ),
    "what was missed was filled twice": (
        "filled twice",
        after((*COPIES, a_copy(4, TICKETS[0], 1_005.0)), MISSED),
    ),
    "what was missed was filled by half": (
        "not filled",
        a_truth(
            copies={HERE: COPIES[:2]},
            acts=(MISSED,),
            calls=(),
            requests=(replace(REQUEST, source="school/other"),),
        ),
    ),
    "what was missed was never filled": (
        "not filled",
        a_truth(found=(Finding("not filled", "4 sweeps"),)),
    ),
}


@pytest.mark.parametrize(("column", "truth"), BROKEN.values(), ids=BROKEN.keys())
def test_each_breach_after_the_copy_is_condemned(column: str, truth: Truth) -> None:
    """And in its own column."""
    assert {breach.column for breach in judge(truth).breaches} == {column}


def test_every_column_of_the_acts_can_be_breached() -> None:
    """A column that cannot fail would only look like a proof."""
    assert {column for column, _ in BROKEN.values()} == set(AFTER)


ALLOWED = {
    "a recall": after(turned(CLOSED), RECALL),
    "a recall that left what people had touched": after(
        (COPIES[0], *turned(CLOSED, of=COPIES[1:])), RECALL, touches=(COMMENTED,)
    ),
    "a touch in the second before the close": after(
        turned(CLOSED), RECALL, touches=(replace(COMMENTED, at=CLOSED_AT - 1),)
    ),
    "a touch while GitHub was late with the close": after(
        turned(replace(CLOSED, at=1_038.0)),
        RECALL,
        calls=(a_change(1_020.5, state="closed"),),
        touches=(replace(COMMENTED, at=1_030.0),),
    ),
    "a touch while the worker was frozen before its close": after(
        turned(CLOSED),
        RECALL,
        touches=(COMMENTED,),
        faults=(a_fault("worker.freeze_long", 1_005.0, CLOSED_AT - 0.1),),
    ),
    "a recall whose end nobody saw": after(COPIES, replace(RECALL, ended=None)),
    "a recall that was undone": after(turned(CLOSED, OPENED), RECALL, UNDO),
    "what people touched since the recall stays closed": after(
        turned(CLOSED, of=COPIES[:1]) + turned(CLOSED, OPENED, of=COPIES[1:]),
        RECALL,
        UNDO,
        touches=(replace(COMMENTED, at=1_026.0),),
    ),
    "a person closed what Monarch had just closed, and changed nothing": after(
        turned(CLOSED, OPENED),
        RECALL,
        UNDO,
        touches=(replace(COMMENTED, at=CLOSED_AT + 3, what="closed"),),
    ),
    "a healing opens what people touched since, too": after(
        turned(CLOSED, OPENED), RECALL, HEAL, touches=(replace(COMMENTED, at=1_026.0),)
    ),
    "a copy that was closed and opened with its ticket": after(
        (*COPIES[:2], *turned(CLOSED, OPENED, of=COPIES[2:])),
        UPDATE_AND_CLOSE,
        BACK,
        tickets=RETURNED,
    ),
    "one that people have touched stays closed": after(
        (*COPIES[:2], *turned(CLOSED, of=COPIES[2:])),
        UPDATE_AND_CLOSE,
        BACK,
        tickets=RETURNED,
        touches=(replace(COMMENTED, at=1_026.0, number=3),),
    ),
    "an update of what people left alone": after(
        (replace(COPIES[0], body="Do it better."), *COPIES[1:]),
        UPDATE,
        tickets={SOURCE: (REWRITTEN, *TICKETS[1:])},
    ),
    "a copy that people edited keeps their text": after(
        (replace(COPIES[0], body="We do it our way."), *COPIES[1:]),
        UPDATE,
        tickets={SOURCE: (REWRITTEN, *TICKETS[1:])},
        touches=(EDITED,),
        touched=frozenset({(HERE, 1)}),
    ),
    "an edit over a text that came in the same second": after(
        (replace(COPIES[0], body="Do it better."), *COPIES[1:]),
        UPDATE,
        tickets={SOURCE: (REWRITTEN, *TICKETS[1:])},
        touches=(replace(EDITED, at=1_021.5),),
        touched=frozenset({(HERE, 1)}),
        calls=(a_change(1_022.0, text="Do it better."),),
    ),
    "what Monarch wrote is unknown once Valkey has forgotten the plans": after(
        COPIES,
        UPDATE,
        tickets={SOURCE: (REWRITTEN, *TICKETS[1:])},
        memory_lost=(1_015.0,),
    ),
    "the copy of a closed ticket is closed": after(
        COPIES[:2] + turned(CLOSED, of=COPIES[2:]),
        UPDATE_AND_CLOSE,
        tickets=edited(TICKETS[2], is_open=False),
    ),
    "what the predecessor has left": after(adopted(*COPIES)),
    "half of it, whatever its order": after(
        (*adopted(replace(COPIES[2], number=1)), a_copy(2, TICKETS[0]), a_copy(3, TICKETS[1]))
    ),
    "two sprints, each on its date": in_portions(1_001.0, DATE + 0.5, 1_002.0),
    "a missed one is filled": after(COPIES, MISSED),
}


@pytest.mark.parametrize("truth", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_cannot_be_known_or_is_asked_for_is_no_breach(truth: Truth) -> None:
    """The judge holds the acts to what they promise."""
    assert judge(truth).breaches == ()


def test_an_adopted_issue_that_was_edited_and_forgotten_is_copied_with_its_cause() -> None:
    """Nothing tells any more that it was adopted, as the pages say."""
    truth = after(
        (*adopted(*COPIES), a_copy(4, TICKETS[0], 1_020.0)),
        touches=(EDITED,),
        touched=frozenset({(HERE, 1)}),
        memory_lost=(1_015.0,),
    )

    judgement = judge(truth)

    assert judgement.breaches == ()
    assert "edited the adopted #1" in judgement.strays[0].cause


def test_done_is_said_of_a_portion_when_the_portion_is_there() -> None:
    """The message of the first sprint says nothing of the second one."""
    truth = in_portions(1_001.0, DATE + 0.5, 1_002.0)
    other = Request("6-0", "done", SOURCE, (TEAM,), "C2")

    assert judge(truth).breaches == ()
    early = replace(truth, requests=(REQUEST, other), calls=(*truth.calls, a_post(at=DONE_AT)))
    assert judge(early).count("false done") == 0
