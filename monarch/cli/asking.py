"""`submit` and `publish`: the two ways in."""

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING

from monarch.cli.calling import WRONG, fail, operate
from monarch.cli.following import follow, judge
from monarch.cli.printing import show_json
from monarch.core.ids import RequestId

if TYPE_CHECKING:
    from monarch.app.operator import Operator


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

    request = operate(lambda person: _submitted(person, payload, chosen))
    if not as_json:
        print(request, flush=True)
    end = follow(request, quiet=as_json) if wait else None
    if as_json:
        show_json({"request": request, **(asdict(end) if end else {})})
    if end is not None:
        judge(end)


async def _submitted(person: "Operator", payload: bytes, key: str) -> RequestId:
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        return await person.submit(payload, key)
    except StoreError as error:
        # Said with the key: only so can it be repeated without a second request.
        fail(
            f"{str(error).rstrip('.')}. It may have been submitted: to repeat it safely, add --key {key}"
        )


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
