"""What names a delivery in a log line: put there when a line is written, and most deliveries write none."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from monarch.core.delivery import Delivery, MigrationEntry, NoticeEntry, RequestEntry

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger


def names_of(delivery: Delivery) -> dict[str, str | int]:
    """Its entry and attempt, and its request and target if it has them."""
    names: dict[str, str | int] = {
        "entry_id": delivery.token.entry,
        "attempt": delivery.attempts + 1,
    }
    match delivery.entry:
        case RequestEntry(request) | NoticeEntry(request):
            names["request_id"] = request
        case MigrationEntry(request, target):
            names |= {"request_id": request, "target": target}
        case _:  # it is not known what it is about
            pass
    return names


_IN_HAND: Final[ContextVar[Delivery | None]] = ContextVar("delivery", default=None)


def name_lines_by(delivery: Delivery) -> None:
    """All that this task logs from here on names `delivery`."""
    _IN_HAND.set(delivery)


def with_names(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
    """A processor: adds the names of the delivery in hand, where there is one and the line does not say otherwise."""
    delivery = _IN_HAND.get()
    return event if delivery is None else {**names_of(delivery), **event}
