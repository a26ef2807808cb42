"""What names a delivery in a log line."""

from monarch.core.delivery import Delivery, MigrationEntry, NoticeEntry, RequestEntry


def names_of(delivery: Delivery) -> dict[str, str | int]:
    """Its entry and attempt, and the request and target where it has them."""
    names: dict[str, str | int] = {
        "entry_id": delivery.token.entry,
        "attempt": delivery.attempts + 1,
    }
    match delivery.entry:
        case RequestEntry(request) | NoticeEntry(request):
            names["request_id"] = request
        case MigrationEntry(request, target):
            names |= {"request_id": request, "target": target}
        case _:  # nobody knows what it is about
            pass
    return names
