"""`submit` and `publish`: the two ways in."""

import uuid
from typing import TYPE_CHECKING

import typer

from monarch.cli.calling import FAILED, WRONG, fail, operate
from monarch.cli.printing import show_json
from monarch.cli.progress import progress
from monarch.core.ids import RequestId
from monarch.core.summary import State

if TYPE_CHECKING:
    from monarch.app.operator import Operator, RequestDetails


def submit_message(
    source: str,
    targets: list[str],
    channel: str | None,
    key: str | None,
    *,
    wait: bool,
    as_json: bool,
) -> None:
    """Submit, print the request's id, and with `wait` follow it to its end."""
    from monarch.app.operator import message  # noqa: PLC0415 - lazily

    payload, chosen = message(source, targets, channel), key or uuid.uuid4().hex

    async def work(person: "Operator") -> "tuple[RequestId, RequestDetails | None]":
        request = await _submitted(person, payload, chosen)
        if not as_json:
            print(request, flush=True)
        return request, await followed(person, request, quiet=as_json) if wait else None

    request, end = operate(work)
    if as_json:
        show_json(end or {"request": request})
    if wait:
        judge(request, end)


async def _submitted(person: "Operator", payload: bytes, key: str) -> RequestId:
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        return await person.submit(payload, key)
    except StoreError as error:
        # Said with the key: only so can it be repeated without a second request.
        fail(
            f"{str(error).rstrip('.')}. It may have been submitted: to repeat it safely, add --key {key}"
        )


async def followed(
    person: "Operator", request: RequestId, *, quiet: bool
) -> "RequestDetails | None":
    """Show how a request goes on until it has ended; how it stands then, `None` where it is not known any more."""
    last = None
    with progress(quiet=quiet) as shown:
        async for details in person.reader.changes(request):
            shown.update(details.view, await person.outlook.forecast(request))
            last = details
    return last


def judge(request: RequestId, end: "RequestDetails | None") -> None:
    """Fail where a followed request did not end well."""
    if end is None or not end.view.has_ended:
        fail(f"request {request} is not known any more")
    if end.view.state not in {State.DONE, State.SKIPPED}:
        raise typer.Exit(FAILED)


def publish_message(
    source: str | None,
    targets: list[str],
    channel: str | None,
    payload: str | None,
    *,
    as_json: bool,
) -> None:
    """Publish, and print how many heard it."""
    from monarch.app.operator import message  # noqa: PLC0415 - lazily

    if (payload is None) == (source is None or not targets):
        fail("give SOURCE and TARGETS, or --payload, and not both", WRONG)
    if payload is None:
        content = message(source or "", targets, channel)
    else:
        # What the terminal gave, byte for byte.
        content = payload.encode("utf-8", "surrogateescape")

    async def work(person: "Operator") -> int:
        return await person.publish(content)

    heard = operate(work)
    if as_json:
        show_json({"receivers": heard})
    else:
        print(f"heard by {heard}")
    if not heard:
        fail("nobody heard it, so it is lost: start `monarch run`, or use `monarch submit`")
