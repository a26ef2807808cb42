"""The JSON documents of what people are shown: `monarch … --json` prints them, and the page answers them. Pure."""

from collections.abc import Iterable
from dataclasses import asdict

from monarch.core.budget.forecast import Forecast
from monarch.core.portions.details import in_iso
from monarch.ports.readings import DeadLetter, RequestDetails, WorkerLine
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import obstacles

Document = dict[str, object]


def status_document(snapshot: Snapshot) -> Document:
    """How the fleet stands (`monarch status`)."""
    return {**asdict(snapshot), "obstacles": obstacles(snapshot)}


def request_document(details: RequestDetails, forecast: Forecast | None) -> Document:
    """One request (`monarch show`); without a forecast both of its fields are `None`."""
    return {
        "request": details.view.id,
        **asdict(details),
        "not_before": in_iso(details.view.portion),
        "milestones": details.view.portion.milestones,
        "forecast_seconds": forecast and round(forecast.seconds),
        "forecast_is_least": forecast and forecast.is_least,
    }


def letter_document(letter: DeadLetter) -> Document:
    """One dead letter (`monarch dead list`, `monarch dead show`)."""
    return {**asdict(letter), "target": letter.target}


def workers_document(workers: Iterable[WorkerLine]) -> list[Document]:
    """Who works (`monarch workers`)."""
    return [{**asdict(one), "host": one.host, "pid": one.pid} for one in workers]
