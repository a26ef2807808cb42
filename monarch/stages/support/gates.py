"""What planner and migrator share: when they yield to a limit, to a refused credential, or to a person."""

from monarch.core.outcome import Permanent, RateLimited, ReadFailure, Scope
from monarch.core.target.permission import Credential, GateClosed
from monarch.core.verdict import CREDENTIAL_PAUSE_S, Snooze, Waits
from monarch.ports import Budget
from monarch.telemetry import Telemetry


async def give_way(
    outcome: ReadFailure,
    credential: Credential,
    budget: Budget,
    telemetry: Telemetry,
    refused: str | None = None,
) -> Snooze | None:
    """Close the gate if the outcome asks for it; `None` if it is about this delivery alone.

    `refused` is the nonce of the write that failed, `None` for a read.
    """
    match outcome:
        case RateLimited(reason, wait_s):
            closed = await budget.close(credential, wait_s, reason, refused)
            snooze = snooze_until_open(closed)
        case Permanent(Scope.CREDENTIAL):
            reason = outcome.sentence
            closed = await budget.close_token(credential, CREDENTIAL_PAUSE_S, reason)
            snooze = Snooze(reason, closed.wait_s, kind=Waits.CREDENTIAL)
        case _:
            return None
    telemetry.gate_closed(cause=closed.cause, wait_s=closed.wait_s)
    return snooze


def snooze_until_open(closed: GateClosed) -> Snooze:
    """Wait for the gate, uncounted."""
    return Snooze(f"the gate is closed: {closed.cause}", closed.wait_s, kind=Waits.GATE)
