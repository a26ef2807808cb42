"""The identifiers that travel: each a type of its own, so that they cannot be mixed up."""

from typing import NewType

RequestId = NewType("RequestId", str)
"""The entry id that a request got in the `requests` stream, such as `1732406400000-0`."""

CohortId = NewType("CohortId", str)
"""The id of the request that began the cohort; its card has the same."""

MigrationId = NewType("MigrationId", str)
"""`<request id>:<owner/repo>`, the same for ever, whatever is parked, reclaimed or replayed."""

TargetId = NewType("TargetId", int)
"""GitHub's id of the target repository. Names change; this does not."""

TicketId = NewType("TicketId", int)
"""GitHub's id of the source issue (not its number)."""

Epoch = NewType("Epoch", str)
"""Names one unbroken memory of Valkey; two equal epochs mean that nothing was forgotten in between."""


def migration_id(request: RequestId, target: str) -> MigrationId:
    """Name the share of `request` for `target` (`owner/repo`, spelled as the request has it)."""
    return MigrationId(f"{request}:{target}")
