"""`events`: what happened, and with `-f` what happens. Nothing here changes anything."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from monarch.adapters.valkey.views.numbers import NUMBER
from monarch.adapters.valkey.views.wanted import Wanted, newest
from monarch.cli.calling import end_if_interrupted, nothing, operate
from monarch.cli.choice import hint_of
from monarch.cli.terminal.away import AGAIN_S, Away
from monarch.cli.terminal.most import Most, tell_cut
from monarch.cli.terminal.printing import clean, fields_of, moment, say, show_json
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.troubles import tell_obstacles
from monarch.core.entry_ids import entry_order

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.ports.readings import Event

_NONE, _NONE_SUCH = "no events yet", "no such events: see them all with `monarch events`"


def show_events(most: Most, wanted: Wanted, *, follow: bool, as_json: bool) -> None:
    """Show the newest wanted events, and with `follow` those that come."""

    async def work(person: "Operator") -> None:
        # Events that come while past ones are read must be shown, and only once.
        before = await person.events.page(1)
        found = await newest(person.events, most.asked, wanted)
        events = found[-most.number :]
        for event in events:
            _show_event(event, as_json=as_json)
        tell_cut(found, most)
        if not events:
            empty = _NONE if wanted == Wanted() else _NONE_SUCH + hint_of(wanted.target)
            complain(nothing(empty, "events"))
        tell_obstacles(await person.standing.snapshot())
        if follow:
            after = max((one.id for one in (*before, *events)), key=entry_order, default="0-0")
            await _follow_events(person, wanted, after, as_json=as_json)

    operate(work)


async def _follow_events(person: "Operator", wanted: Wanted, after: str, *, as_json: bool) -> None:
    """Show what comes, through every outage that the workers survive: what happened meanwhile is shown afterwards."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    away = Away("waiting")
    while True:
        end_if_interrupted()
        try:
            for event in await person.events.next(after):
                if wanted.holds(event):
                    _show_event(event, as_json=as_json)
                after = event.id
            away.ended()
        except StoreError as error:
            away.missed(error)
            await anyio.sleep(AGAIN_S)


def _as_known(fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields, with a ticket by its number, as people know it, or by GitHub's id if the number is unknown."""
    if NUMBER not in fields:
        return fields
    shown = {**fields, "ticket": f"#{fields[NUMBER]}"}
    del shown[NUMBER]
    return shown


def _show_event(event: "Event", *, as_json: bool) -> None:
    if as_json:
        show_json(event, indent=None)
    else:
        fields = fields_of(_as_known(event.fields))
        words = (moment(event.at_ms), f"{clean(event.name):<18}", fields)
        say("  ".join(words).rstrip())
