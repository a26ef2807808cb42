"""Cohorts, for people: a list, and one cohort with its requests. Nothing here writes."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.codec import pairs
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.raw import text, texts, whole
from monarch.adapters.valkey.views.request import (
    Flat,
    RawRequest,
    card_of,
    cohort_view,
    request_views,
)
from monarch.core.card.view import Card, CohortView
from monarch.core.ids import CohortId, RequestId, migration_id
from monarch.ports.readings import CohortLine

MOST: Final = 500
"""How many cohorts to list at most."""


class Cohorts:
    """Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, scripts: Scripts, keys: Keys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    async def newest(self, limit: int) -> tuple[CohortLine, ...]:
        """The newest `limit` cohorts, newest first; at most `MOST`."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zrevrange(self._keys.cohorts, 0, min(limit, MOST) - 1)
        (found,) = await answers_of(pipe, "listing cohorts")
        ids = [CohortId(text(one)) for one in found]
        cards = await _cards(self._client, self._keys, ids)
        states = await self._states([one for one in ids if one in cards])
        return tuple(_line(one, cards[one], states.get(one, {})) for one in ids if one in cards)

    async def _states(self, cohorts: list[CohortId]) -> dict[CohortId, dict[str, int]]:
        """For each cohort, how many requests are in which state."""
        pipe = self._client.pipeline(transaction=False)
        for one in cohorts:
            pipe.zrange(self._keys.cohort(one), 0, -1)
        members = await answers_of(pipe, "reading cohorts")
        asked = [
            (cohort, RequestId(text(raw)))
            for cohort, requests in zip(cohorts, members, strict=True)
            for raw in requests
        ]
        pipe = self._client.pipeline(transaction=False)
        for _, request in asked:
            pipe.hget(self._keys.request(request), "state")
        answers = await answers_of(pipe, "reading requests")
        states: dict[CohortId, dict[str, int]] = {}
        for (cohort, _), state in zip(asked, answers, strict=True):
            counts = states.setdefault(cohort, {})
            if state:
                counts[text(state)] = counts.get(text(state), 0) + 1
        return states

    async def one(self, cohort: CohortId) -> CohortView | None:
        """One cohort with all its requests and their targets, at one moment; `None` where it is not known (any more)."""
        answer = await cast(
            "Awaitable[tuple[Flat, list[RawRequest], bytes, int]]",
            self._scripts.call("cohort", [self._keys.card(cohort)], cohort),
        )
        flat, requests, paused, in_hand = answer
        await self._look_for_spoiled(cohort, requests)
        if not flat:
            return None
        views = request_views(requests, paused)
        return cohort_view(cohort, _settled(pairs(flat), in_hand), views)

    async def _look_for_spoiled(self, cohort: CohortId, found: list[RawRequest]) -> None:
        """Read again what the script has left out, so that a key of another type is noted."""
        there = {request for request, _, _ in found}
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(self._keys.card(cohort))
        pipe.get(self._keys.paused)
        pipe.zrange(self._keys.cohort(cohort), 0, -1)
        *_, members = await answers_of(pipe, "reading a cohort")
        pipe = self._client.pipeline(transaction=False)
        for raw in members:
            if raw not in there:
                pipe.hgetall(self._keys.request(RequestId(text(raw))))
        for request, fields, migrations in found:
            targets = pairs(fields).get("targets", "").splitlines()
            for target, migration in zip(targets, migrations, strict=False):
                if not migration:
                    name = migration_id(RequestId(text(request)), target)
                    pipe.hgetall(self._keys.migration(name))
        await answers_of(pipe, "reading a cohort")


async def _cards(
    client: Valkey, keys: Keys, cohorts: Sequence[CohortId]
) -> dict[CohortId, dict[str, str]]:
    """The fields of these cohorts' cards; those that are gone are left out."""
    pipe = client.pipeline(transaction=False)
    for one in cohorts:
        pipe.hgetall(keys.card(one))
        pipe.exists(keys.saying(one))
    answers = await answers_of(pipe, "reading cards")
    found = zip(cohorts, answers[::2], answers[1::2], strict=True)
    return {one: _settled(texts(raw), in_hand) for one, raw, in_hand in found if raw}


def _settled(card: Mapping[str, str], in_hand: int) -> dict[str, str]:
    """The fields of a card without what a notifier has in hand: a call that is under way is not one without an answer."""
    return {name: value for name, value in card.items() if name != "card_open" or not in_hand}


async def read_cards(
    client: Valkey, keys: Keys, cohorts: Iterable[CohortId | None]
) -> dict[CohortId | None, Card | None]:
    """Where the cards of these cohorts are in Slack; nothing for one that is gone, and for `None`."""
    known = sorted({one for one in cohorts if one is not None})
    found = await _cards(client, keys, known) if known else {}
    return {one: card_of(fields) for one, fields in found.items()}


def _line(cohort: CohortId, card: Mapping[str, str], states: Mapping[str, int]) -> CohortLine:
    return CohortLine(
        id=cohort,
        source=card.get("source", ""),
        channel=card.get("channel") or None,
        opened_ms=whole(card.get("opened_ms", "")) or 0,
        joined_ms=whole(card.get("joined_ms", "")) or 0,
        targets=whole(card.get("targets", "")) or 0,
        states=states,
        card=card_of(card),
    )
