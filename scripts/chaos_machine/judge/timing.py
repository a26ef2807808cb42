"""The part of the judge that is about time: resuming, stopping, waiting at a closed gate. Pure."""

import signal
from collections.abc import Iterable, Iterator
from typing import Final

from scripts.chaos_machine.record import Call, Resume, Struck, Truth

RESUME_SLACK_S: Final = 5.0
EXIT_WITHIN_S: Final = 10.0
WRITE_S: Final = 10.0
"""A write begins only under a lease that outlives it so long: a shorter freeze cannot make a zombie write."""

STRAY_AFTER_S: Final = 30.0
"""A write that was under way when Valkey's memory went back has its effect so long after, at most, in seconds."""

CAUSE_S: Final = 15.0
"""What closes a gate has come so long before, at most, in seconds."""

REFUSED: Final = 400

NOTICED_S: Final = 1.0
"""So long after a limit was answered a write may still arrive: it had left before, in seconds."""


def unended(truth: Truth) -> Iterator[str]:
    """The machine's patience is long: what has not ended by then never will."""
    if not truth.has_ended:
        yield "not everything had ended when the machine's patience did"


def late_resumes(truth: Truth) -> Iterator[str]:
    """Promise 7: within a lease and 5 s of a crash, within 5 s of a handback, while there is a free place."""
    for resume in truth.resumes:
        most_s = RESUME_SLACK_S + (0.0 if resume.why == "stopped" else truth.lease_s)
        if resume.waited_s is None:
            yield f"{resume.entry} ({resume.why}) was in no other hands"
        elif resume.waited_s - resume.excused_s > most_s:
            yield (
                f"{resume.entry} ({resume.why}) waited {resume.waited_s:.1f} s,"
                f" {resume.excused_s:.1f} s of them excused; {most_s:g} s is the most"
            )


def resume_times_s(truth: Truth) -> list[float]:
    """How long each crashed worker's delivery waited, without what is excused, shortest first."""
    return _waited_s(resume for resume in truth.resumes if resume.why != "stopped")


def handover_times_s(truth: Truth) -> list[float]:
    """The same of what a stopped worker handed back."""
    return _waited_s(resume for resume in truth.resumes if resume.why == "stopped")


def _waited_s(resumes: Iterable[Resume]) -> list[float]:
    return sorted(one.waited_s - one.excused_s for one in resumes if one.waited_s is not None)


def slow_exits(truth: Truth) -> Iterator[str]:
    """Promise 7: a worker stops within 10 s of SIGTERM, and well."""
    for one in truth.exits:
        is_well = one.code == 0 or (one.code == -signal.SIGTERM and not one.had_started)
        if one.seconds > EXIT_WITHIN_S or not is_well:
            yield f"{one.worker} ended with {one.code} {one.seconds:.1f} s after SIGTERM"


def hammering(truth: Truth) -> Iterator[str]:
    """Promise 4: no write arrives while an answer, or Monarch's own gate, asks to wait.

    A thawed worker's one write is no hammering, and an emptied Valkey has forgotten its gate. A gate is its account's: a
    fleet that is somebody else from then on has a limit of its own.
    """
    writes = [call for call in truth.calls if _is_write(call)]
    for why, accounts, told, wait_s in _waits(truth):
        for call in writes:
            inside = told + NOTICED_S < call.at < told + wait_s - NOTICED_S
            is_theirs = accounts == {call.account}
            if inside and is_theirs and not _is_excused(truth, told, call.at):
                late_s = call.at - told
                yield f"{call.path}: a write {late_s:.1f} s after {why} asked to wait {wait_s:g} s"


def _waits(truth: Truth) -> Iterator[tuple[str, set[str | None], float, float]]:
    """Who asked to wait, which accounts, since when, and for how many seconds."""
    for fault in truth.faults:
        hits = [call for call in truth.calls if fault.rule is not None and call.rule == fault.rule]
        if fault.asks_wait_s and hits:
            told = min(call.ended or call.at for call in hits)
            # A primary limit names the time at which it is over, as it was when the rule was made.
            over = fault.began if fault.kind == "github.primary_limit" else told
            accounts = {call.account for call in hits}
            yield fault.kind, accounts, told, over + fault.asks_wait_s - told
    for event in truth.events:
        if event.name == "gate.closed":
            cause = event.fields.get("cause", "")
            accounts = _refused(truth, event.at)
            wait_s = int(event.fields["wait_ms"]) / 1000
            yield f'the gate ("{cause[:60]}")', accounts, event.at, wait_s


def _refused(truth: Truth, at: float) -> set[str | None]:
    """The accounts whose gate it can be: those that GitHub refused or did not answer shortly before.

    Where that is nobody, or the journal does not say, it may be anybody's that wrote then.
    """
    about = [
        c for c in truth.calls if c.api == "github" and at - CAUSE_S <= (c.ended or c.at) <= at
    ]
    refused = {c.account for c in about if c.status is None or c.status >= REFUSED}
    return refused or {c.account for c in about} or {None}


def _is_excused(truth: Truth, told: float, at: float) -> bool:
    thawed = any(_is_thaw(one) and abs(at - one.ended) <= NOTICED_S for one in truth.faults)
    return thawed or any(told - NOTICED_S <= lost <= at for lost in truth.memory_lost)


def window_of(truth: Truth, at: float) -> str:
    """Which of the three windows of promise 2 a second copy of that time fell into; `""`: none."""
    for fault in truth.faults:
        length_s = fault.ended - fault.began
        if (
            fault.kind.startswith("worker.freeze")
            and length_s > WRITE_S
            and -1 <= at - fault.ended <= WRITE_S
        ):
            return f"{fault.detail} was frozen for {length_s:.0f} s between its check and its write"
    if any(abs(at - lost) <= STRAY_AFTER_S for lost in truth.memory_lost):
        return "Valkey's memory went back while a write was under way"
    return ""


def _is_thaw(fault: Struck) -> bool:
    return fault.kind.startswith("worker.freeze")


def _is_write(call: Call) -> bool:
    return call.api == "github" and call.method == "POST" and call.path.endswith("/issues")
