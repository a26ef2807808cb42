"""Cards: what Slack shows of each cohort, and the right to change that."""

from typing import Protocol

from monarch.core.card.telling import Telling
from monarch.core.delivery import Delivery
from monarch.core.ids import CohortId, RequestId
from monarch.core.target.permission import Busy
from monarch.ports.outside import Posted


class Cards(Protocol):
    """How cohorts stand, for the notifier. `what` is `card`, `ending` or a reply (`telling.reply_of`)."""

    async def begin(self, delivery: Delivery, cohort: CohortId) -> Telling | Busy | None:
        """Take the short lock on telling, for 15 s; `None` if the cohort is not known (any more).

        From here on a change of state emits a new notice: this one may not show it.
        """

    async def sending(self, cohort: CohortId, what: str, names: tuple[str, ...] = ()) -> None:
        """Put on record that a message is about to be posted, before it is; `names`: what a reply reports as failed."""

    async def said(
        self,
        cohort: CohortId,
        what: str,
        version: int,
        posted: Posted | None,
        digest: str = "",
        names: tuple[str, ...] = (),
    ) -> None:
        """Put on record that Slack shows `version`, in the message `posted`; `None`: it showed that before.

        A card that is older than what was posted before has overwritten it: a new notice puts that right. A version that
        the store does not know was posted before its memory went back: what the store knows still has to be posted.
        """

    async def not_sent(self, cohort: CohortId, what: str) -> None:
        """Put on record that the message of `sending` certainly was not posted."""

    async def gone(self, cohort: CohortId, what: str, *, deleted: bool) -> None:
        """Put on record that a message was deleted, or that it is there and can no longer be edited."""

    async def end(self, delivery: Delivery, cohort: CohortId) -> None:
        """Give the lock back."""

    async def adopt(self, delivery: Delivery, request: RequestId) -> Busy | None:
        """Give a request that older code has reported a card, and its notice with it; what was posted for it is the card.

        `Busy`: older code may be posting about it at this moment.
        """
