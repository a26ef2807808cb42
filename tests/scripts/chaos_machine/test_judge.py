"""The judge: it acquits a run in which all went well, and condemns each way of breaking a promise."""

from dataclasses import replace

import pytest

from scripts.chaos_machine.judge.judge import judge
from scripts.chaos_machine.judge.verdicts import AFTER, COLUMNS
from scripts.chaos_machine.record import (
    DeadLetter,
    Event,
    Exit,
    Finding,
    Naming,
    Request,
    Resume,
    Ticket,
    Truth,
)
from tests.scripts.chaos_machine.truths import (
    CHANNEL,
    COPIES,
    ELSEWHERE,
    FINAL,
    HERE,
    REQUEST,
    SOURCE,
    TEAM,
    TICKETS,
    a_copy,
    a_fault,
    a_post,
    a_resolving,
    a_truth,
    a_write,
)

STRAY = a_copy(4, TICKETS[0], 1_005.0)
FOUND = Event(1_006.0, "stray.found", {"migration": f"{REQUEST.id}:{TEAM}", "number": "4"})
REWRITTEN = replace(COPIES[0], title="Ours", body="As we like it.")
EMPTIED = a_fault("valkey.flush_all", 1_004.0, 1_004.5)
THAWED = a_fault("worker.freeze_long", 980.0, 1_004.5)
LETTER = DeadLetter("migrations", REQUEST.id, f"{REQUEST.id}:{TEAM}", "out_of_attempts", "gave up")
NOTICE = DeadLetter("notices", REQUEST.id, "", "slack_refused", "channel_not_found")
MOVED = (Naming(TEAM, HERE, 900.0, 1_004.0), Naming(TEAM, ELSEWHERE, 1_004.0))
"""The team's name, borne by another repository from some moment on."""

LIMIT = a_fault("github.secondary_limit", 1_000.0, 1_015.0, rule=1, asks_wait_s=10.0)
GATE = Event(1_001.0, "gate.closed", {"cause": "no answer", "wait_ms": "15000"})
LIMITED = a_write(1_001.0, 1_001.1, status=403, rule=1)


def with_state(state: str) -> tuple[Request, ...]:
    """The one request, ended otherwise."""
    return (replace(REQUEST, state=state),)


def columns(truth: Truth) -> set[str]:
    """The columns in which the judge found a breach."""
    return {breach.column for breach in judge(truth).breaches}


def test_a_good_run_is_acquitted() -> None:
    """Otherwise a breach would mean nothing."""
    judgement = judge(a_truth())

    assert judgement.breaches == ()
    assert judgement.copies == 3


BROKEN = {
    "a ticket is missing": ("lost", a_truth(copies={HERE: COPIES[:2]}, calls=())),
    "a request never ended": ("lost", a_truth(requests=with_state("running"))),
    "a request was forgotten": ("lost", a_truth(requests=(), calls=())),
    "a request died silently": ("lost", a_truth(requests=with_state("dead"))),
    "a full template was skipped": ("lost", a_truth(requests=with_state("skipped"))),
    "the machine waited in vain": ("lost", a_truth(has_ended=False)),
    "an unwritable target has no dead letter": ("lost", a_truth(healthy=frozenset())),
    "a ticket was copied twice": ("doubled", a_truth(copies={HERE: (*COPIES, STRAY)})),
    "a stray of no window": ("doubled", a_truth(copies={HERE: (*COPIES, STRAY)}, events=(FOUND,))),
    "a copy that people rewrote is copied again": (
        "doubled",
        a_truth(copies={HERE: (REWRITTEN, *COPIES[1:], STRAY)}, touched=frozenset({(HERE, 1)})),
    ),
    "what people left as it was is copied again after an emptying": (
        "doubled",
        a_truth(copies={HERE: (*COPIES, STRAY)}, touched=frozenset({(HERE, 1)}), faults=(EMPTIED,)),
    ),
    "a stray that nobody reported": (
        "doubled",
        a_truth(copies={HERE: (*COPIES, STRAY)}, faults=(THAWED,)),
    ),
    "the last ticket came first": (
        "out of order",
        a_truth(
            copies={HERE: (a_copy(1, TICKETS[2]), a_copy(2, TICKETS[0]), a_copy(3, TICKETS[1]))}
        ),
    ),
    "a ticket that was closed meanwhile is out of its place in the only pass": (
        "out of order",
        a_truth(
            tickets={SOURCE: (replace(TICKETS[0], is_open=False), *TICKETS[1:])},
            copies={HERE: (a_copy(1, TICKETS[1]), a_copy(2, TICKETS[2]), a_copy(3, TICKETS[0]))},
        ),
    ),
    "people had rewritten the copy, and the memory went back by seconds": (
        "doubled",
        a_truth(
            copies={HERE: (REWRITTEN, *COPIES[1:], STRAY)},
            touched=frozenset({(HERE, 1)}),
            faults=(replace(EMPTIED, kind="memory.restored"),),
        ),
    ),
    "Slack heard done too early": ("false done", a_truth(calls=(a_post(at=1_002.5),))),
    "the state said done too early": (
        "false done",
        a_truth(events=(Event(1_002.5, "migration.done", {"migration": f"{REQUEST.id}:{TEAM}"}),)),
    ),
    "progress said done too early": (
        "false done",
        a_truth(
            calls=(a_post(FINAL.replace(":white_check_mark:", ":hourglass:", 1), 1_002.5), a_post())
        ),
    ),
    "a copy is not its ticket": (
        "altered",
        a_truth(copies={HERE: (*COPIES[:2], a_copy(3, TICKETS[2], body="something else"))}),
    ),
    "a copy was not its ticket": (
        "altered",
        a_truth(copies={HERE: (*COPIES[:2], a_copy(3, TICKETS[2], first="something else"))}),
    ),
    "an issue copies nothing": (
        "altered",
        a_truth(copies={HERE: (*COPIES, replace(STRAY, ticket=None))}),
    ),
    "a repository that nobody asked for got a ticket": (
        "misplaced",
        a_truth(copies={HERE: COPIES, ELSEWHERE: COPIES[2:]}),
    ),
    "the name's new bearer got a ticket before anybody asked who that is": (
        "misplaced",
        a_truth(
            copies={HERE: COPIES, ELSEWHERE: (a_copy(1, TICKETS[2], 1_005.0),)},
            namings=MOVED,
        ),
    ),
    "a target was given up for what strangers did": (
        "given up",
        a_truth(requests=with_state("failed"), dead=(LETTER,), world="edges"),
    ),
    "what somebody heard was not kept": (
        "untold",
        a_truth(found=(Finding("untold", "300 heard, 250 kept"),)),
    ),
    "a target that is nowhere was waited for": (
        "late end",
        a_truth(found=(Finding("late end", "120 s"),)),
    ),
    "a worker answered nobody": ("blocked", a_truth(found=(Finding("blocked", "20 s"),))),
    "a worker swelled": ("bloated", a_truth(found=(Finding("bloated", "3 GiB"),))),
    "a closed door was knocked at twice": ("noise", a_truth(dead=(NOTICE, NOTICE), messages=())),
    "a dead letter gives no reason": (
        "dead without reason",
        a_truth(dead=(replace(LETTER, reason=" "),)),
    ),
    "the channel never heard the end": ("silent end", a_truth(messages=())),
    "a delivery waited too long": (
        "late resume",
        a_truth(resumes=(Resume("killed", "1-0", 26, 0),)),
    ),
    "a stopped one waited too long": (
        "late resume",
        a_truth(resumes=(Resume("stopped", "1-0", 6, 0),)),
    ),
    "nobody took a delivery": ("late resume", a_truth(resumes=(Resume("frozen", "1-0", None, 0),))),
    "a worker stopped too late": ("slow exit", a_truth(exits=(Exit("worker-1.1", 10.4, 0),))),
    "a worker stopped badly": ("slow exit", a_truth(exits=(Exit("worker-1.1", 1.0, 1),))),
    "a worker was ended by the signal": ("slow exit", a_truth(exits=(Exit("worker-1.1", 0, -15),))),
    "a write at a closed gate": (
        "hammering",
        a_truth(faults=(LIMIT,), calls=(LIMITED, a_write(1_005.0), a_post())),
    ),
    "a write at Monarch's own closed gate": (
        "hammering",
        a_truth(events=(GATE,), calls=(a_write(1_005.0), a_post())),
    ),
    "a worker ended by itself": ("worker gone", a_truth(gone=("worker-1.1 ended by itself",))),
}


@pytest.mark.parametrize(("column", "truth"), BROKEN.values(), ids=BROKEN.keys())
def test_each_way_of_breaking_a_promise_is_condemned(column: str, truth: Truth) -> None:
    """And in its own column."""
    assert columns(truth) == {column}


def test_every_column_can_be_breached() -> None:
    """A column that cannot fail would only look like a proof."""
    assert {column for column, _ in BROKEN.values()} == set(COLUMNS) - set(AFTER)


ALLOWED = {
    "a repository that was deleted in the middle and made anew": a_truth(
        copies={
            HERE: COPIES[:1],
            ELSEWHERE: tuple(a_copy(n, t, 1_005.0) for n, t in enumerate(TICKETS, 1)),
        },
        namings=MOVED,
        removed_at={HERE: 1_004.0},
        calls=(a_resolving(1_004.5), a_post()),
    ),
    "a repository that has another name now": a_truth(namings=MOVED, calls=(a_post(),)),
    "a ticket that was closed meanwhile": a_truth(
        tickets={SOURCE: (*TICKETS, Ticket(104, 4, "Ticket 4", ("",), is_open=False))}
    ),
    "a ticket that was opened after the message": a_truth(
        tickets={SOURCE: (*TICKETS, Ticket(104, 4, "Ticket 4", ("",), 1_001.0))}
    ),
    "a ticket that was edited while it was read": a_truth(
        tickets={SOURCE: (replace(TICKETS[0], bodies=("Do part 1.", "Otherwise.")), *TICKETS[1:])}
    ),
    "a copy that people have deleted": a_truth(
        copies={HERE: (replace(COPIES[0], is_removed=True), *COPIES[1:])}
    ),
    "a copy that people have edited": a_truth(
        copies={HERE: (replace(COPIES[0], title="Ours", body="Mine."), *COPIES[1:])},
        touched=frozenset({(HERE, 1)}),
    ),
    "what people rewrote is copied again after an emptying": a_truth(
        copies={HERE: (REWRITTEN, *COPIES[1:], STRAY)},
        touched=frozenset({(HERE, 1)}),
        faults=(EMPTIED,),
    ),
    "people had rewritten the copy, and Valkey came back empty": a_truth(
        copies={HERE: (REWRITTEN, *COPIES[1:], STRAY)},
        touched=frozenset({(HERE, 1)}),
        faults=(replace(EMPTIED, kind="memory.comes_back_empty"),),
    ),
    "one of two requests met a ticket open that the other met closed": a_truth(
        tickets={SOURCE: (replace(TICKETS[0], is_open=False), *TICKETS[1:])},
        requests=(REQUEST, replace(REQUEST, id="2-0")),
        copies={HERE: (a_copy(1, TICKETS[1]), a_copy(2, TICKETS[2]), a_copy(3, TICKETS[0]))},
    ),
    "a target that somebody deleted is given up": a_truth(
        requests=with_state("failed"),
        dead=(LETTER,),
        copies={HERE: COPIES[:1]},
        calls=(),
        namings=(Naming(TEAM, HERE, 900.0, 1_004.0),),
        removed_at={HERE: 1_004.0},
        world="edges",
    ),
    "a dead letter with a reason covers a missing ticket": a_truth(
        requests=with_state("failed"), copies={HERE: COPIES[:2]}, calls=(), dead=(LETTER,)
    ),
    "a wait without a free place": a_truth(resumes=(Resume("killed", "1-0", 40, 20),)),
    "a signal that met a worker before it was one": a_truth(
        exits=(Exit("worker-1.1", 0.1, -15, had_started=False),)
    ),
    "a write of another account at a gate that is not its own": a_truth(
        events=(GATE,),
        calls=(
            a_write(1_000.5, status=502, account="monarch-bot"),
            a_write(1_005.0, account="monarch-two"),
            a_post(),
        ),
    ),
    "a write that had left before the limit": a_truth(
        faults=(LIMIT,), calls=(LIMITED, a_write(1_001.5), a_post())
    ),
    "a write after the wait": a_truth(faults=(LIMIT,), calls=(LIMITED, a_write(1_011.5), a_post())),
    "a write at a gate that an emptied Valkey forgot": a_truth(
        events=(GATE,), calls=(a_write(1_005.0), a_post()), memory_lost=(1_002.0,)
    ),
    "a write of a worker that was frozen meanwhile": a_truth(
        faults=(LIMIT, a_fault("worker.freeze_short", 1_000.5, 1_005.0)),
        calls=(LIMITED, a_write(1_005.2), a_post()),
    ),
    "a top-up after a pass that was given up": a_truth(
        copies={HERE: (COPIES[0], a_copy(2, TICKETS[2], 1_002), a_copy(3, TICKETS[1], 1_008))},
        events=(Event(1_004.0, "migration.dead", {"migration": f"4-0:{TEAM}"}),),
    ),
    "a final message that could not be said, for a reason": a_truth(
        messages=(),
        dead=(DeadLetter("notices", REQUEST.id, "", "slack_refused", "not_in_channel"),),
    ),
}


@pytest.mark.parametrize("truth", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_the_promises_allow_is_no_breach(truth: Truth) -> None:
    """The judge holds Monarch to what it promises, not to more."""
    assert judge(truth).breaches == ()


def test_a_reported_stray_of_a_stated_window_has_a_column_of_its_own() -> None:
    """It is counted, with its cause, and is no breach."""
    truth = a_truth(copies={HERE: (*COPIES, STRAY)}, events=(FOUND,), faults=(THAWED,))

    judgement = judge(truth)

    assert judgement.breaches == ()
    assert [(stray.repository, stray.number) for stray in judgement.strays] == [(HERE, 4)]
    assert "frozen for 24 s" in judgement.strays[0].cause


def test_a_memory_that_went_back_is_a_stated_window() -> None:
    """A failover may forget an intent whose write is under way."""
    truth = a_truth(copies={HERE: (*COPIES, STRAY)}, events=(FOUND,), memory_lost=(1_000.0,))

    assert [stray.cause for stray in judge(truth).strays] == [
        "Valkey's memory went back while a write was under way"
    ]


def test_requests_that_came_together_are_owed_one_end() -> None:
    """Two requests with one channel have one card; but nothing at all is not enough."""
    again = Request("6-0", "done", SOURCE, (TEAM,), CHANNEL)

    assert columns(a_truth(requests=(REQUEST, again))) == set()
    assert columns(a_truth(requests=(REQUEST, again), messages=())) == {"silent end"}


def test_a_repository_is_its_id_and_not_its_name() -> None:
    """Half in the one and half in the other is nowhere whole: lost, and falsely called done."""
    halves = {HERE: COPIES[:1], ELSEWHERE: tuple(a_copy(n, TICKETS[n], 1_005.0) for n in (1, 2))}

    truth = a_truth(copies=halves, namings=MOVED, calls=(a_resolving(1_004.5), a_post()))

    assert columns(truth) == {"lost", "false done"}


def test_giving_up_a_healthy_target_is_counted() -> None:
    """It is allowed with a reason, and whoever reads the table should ask why."""
    truth = a_truth(requests=with_state("failed"), dead=(LETTER,))

    assert judge(truth).given_up == 1
