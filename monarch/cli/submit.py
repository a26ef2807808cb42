"""`submit` and `publish`: the two ways in."""

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, NoReturn

from monarch.cli.calling import WRONG, changed, fail, operate, refuse, remedy_for, settings
from monarch.cli.choice import actor
from monarch.cli.follow import follow, judge
from monarch.cli.portions import (
    RequestArguments,
    demand_date,
    has_mistaken_date,
    in_arguments,
    too_far,
)
from monarch.cli.terminal.output import note_done
from monarch.cli.terminal.printing import clean, show_json
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.core.request.channels import EXPECTED, can_be_a_channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monarch.adapters.valkey.inbox import Submission
    from monarch.app.operator import Operator
    from monarch.core.portions.message import Portion
    from monarch.core.verdict import RefusedTarget
    from monarch.telemetry import Snapshot


def submit_message(
    asked: RequestArguments, key: str | None, by: str | None, *, wait: bool, as_json: bool
) -> None:
    """Submit, print the request's id, and with `wait` follow it to its end."""
    _demand_channel(asked.channel)
    name, payload = actor(by), asked.message()
    portion = _demand_request(payload, "submitted")
    chosen = uuid.uuid4().hex if key is None else _checked(key)
    # Who repeats a submission that has come in wants its request, even if its date has passed meanwhile.
    may_be_known = key is not None and has_mistaken_date(portion)
    if not may_be_known:
        demand_date(portion, _NOTHING)

    async def work(person: "Operator") -> "tuple[Submission, Snapshot | None]":
        if may_be_known and not await person.has_submitted(chosen):
            demand_date(portion, _NOTHING)
        done = await _submitted(person, payload, chosen, name)
        note_done(f"submitted as {done.request}")
        return done, None if wait else await standing_beside(person)

    done, snapshot = operate(work)
    request = done.request
    if not done.is_new:
        complain(f"request {request} was submitted already under this key")
    if not as_json:
        print(request, flush=True)
    tell_obstacles(snapshot)
    end = follow(request, quiet=as_json) if wait else None
    if as_json:
        show_json({"request": request, **(asdict(end) if end else {})})
    if end is not None:
        judge(end)


_NOTHING: Final = "nothing was submitted"


async def _submitted(person: "Operator", payload: bytes, key: str, by: str) -> "Submission":
    from monarch.adapters.valkey.inbox import KeyTaken  # noqa: PLC0415 - lazily
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        return await person.submit(payload, key, by=by)
    except KeyTaken as taken:
        fail(f"{taken}. Nothing was submitted", advice="choose another --key, or none")
    except StoreError as error:
        reason = str(error).rstrip(".")
        if error.is_untouched:
            fail(f"{reason}. Nothing was submitted", advice=remedy_for(error))
        # With the key, because only that way it can be repeated without a second request.
        advice = f"to repeat it safely, add --key {key}. {remedy_for(error)}"
        fail(f"{reason}. It may have been submitted", advice=advice)


def _demand_channel(channel: str | None) -> None:
    """Refuse what Slack would refuse after all the work is done. Empty means no channel."""
    if channel and channel.strip() and not can_be_a_channel(channel):
        refuse("--channel", EXPECTED, channel)


def _foretell(payload: bytes) -> None:
    """Warn of a message that cannot be planned: it is published all the same, to try what happens to it."""
    from monarch.app.plan import parsed  # noqa: PLC0415 - lazily
    from monarch.core.request.ignored import misspelt, repeated  # noqa: PLC0415 - lazily
    from monarch.core.request.message import BadMessage  # noqa: PLC0415 - lazily

    request = parsed(payload, settings())
    if isinstance(request, BadMessage):
        complain(f"! it will end as a dead letter: {clean(request.sentence)}")
        return
    if (reason := too_far(request.portion)) is not None:
        complain(f"! it will end as a dead letter: {clean(reason)}")
        return
    _warn_of(request.refused)
    for key, near in misspelt(payload).items():
        complain(f"! its key {clean(key)} is ignored: did you mean {near}?")
    for key in repeated(payload):
        complain(f"! its key {key} is given more than once: only the last one counts")


def _demand_request(payload: bytes, done: str) -> "Portion":
    """Refuse a message that cannot be planned, or that has no target left; warn of each invalid target beside others.

    Returns the portion, whose date is not looked at.
    """
    from monarch.app.plan import parsed  # noqa: PLC0415 - lazily
    from monarch.core.request.message import BadMessage  # noqa: PLC0415 - lazily

    request = parsed(payload, settings())
    if isinstance(request, BadMessage):
        fail(f"{clean(in_arguments(request.sentence))}; nothing was {done}", WRONG)
    if not request.targets:
        _refuse_all(request.refused, done)
    _warn_of(request.refused)
    return request.portion


def _warn_of(targets: "Sequence[RefusedTarget]") -> None:
    for refused in targets:
        words = f"{clean(refused.target)} will end as a dead letter: {clean(refused.letter)}"
        complain(f"! {words}")


def _refuse_all(refused: "Sequence[RefusedTarget]", done: str) -> NoReturn:
    """End, since no target is left: each mistake on a line of its own, if there are several."""
    mistakes = tuple(clean(one.sentence) for one in refused)
    if len(mistakes) == 1:
        fail(f"there is no target that can be one: {mistakes[0]}; nothing was {done}", WRONG)
    lines = "".join(f"\n- {mistake}" for mistake in mistakes)
    message = f"there is no target that can be one, and nothing was {done}:{lines}"
    fail(message, WRONG, mistakes=mistakes)


_LONGEST_KEY: Final = 200


def _checked(key: str) -> str:
    """Check a key, which becomes part of the name of a key in Valkey."""
    if not key.strip() or not key.isprintable() or len(key) > _LONGEST_KEY:
        refuse("--key", f"up to {_LONGEST_KEY} printable characters", key)
    return key


def _is_json(word: str | None) -> bool:
    return word is not None and word.lstrip().startswith("{")


def publish_message(
    source: str | None,
    targets: list[str],
    channel: str | None,
    payload: str | None,
    *,
    as_json: bool,
) -> None:
    """Publish, and print how many subscribers heard it."""
    has_payload, has_names = payload is not None, bool(source or targets or channel)
    if has_payload == has_names or (has_names and not (source and targets)):
        fail(
            "give SOURCE and TARGETS (with --channel or without), or --payload, and not both",
            WRONG,
            advice="a message as JSON goes behind --payload" if _is_json(source) else None,
        )
    content = _content(source, targets, channel, payload)

    async def work(person: "Operator") -> "tuple[int, str, Snapshot | None]":
        heard = await changed("publish", "`monarch requests`", person.publish(content))
        return heard, person.settings.channel, await standing_beside(person)

    heard, published_on, snapshot = operate(work)
    if as_json:
        show_json({"receivers": heard})
    else:
        print(f"heard by {heard}")
    if heard:
        # The workers may be unable to keep it: with a Valkey that takes nothing in, messages wait in them.
        tell_obstacles(snapshot)
    if not heard:
        fail(
            f"no worker listens to the channel {clean(published_on)}, so it is lost",
            advice="start `monarch run`, set MONARCH_CHANNEL as the workers have it, or use `monarch submit`",
        )


def _content(
    source: str | None, targets: list[str], channel: str | None, payload: str | None
) -> bytes:
    from monarch.app.operator import message  # noqa: PLC0415 - lazily

    _demand_channel(channel)
    if payload is not None:
        # The terminal's input, byte for byte.
        written = payload.encode("utf-8", "surrogateescape")
        _foretell(written)
        return written
    content = message(source or "", targets, channel)
    done = "published (--payload publishes anything)"
    demand_date(_demand_request(content, done), f"nothing was {done}")
    return content
