"""The acts over HTTP. The guard has decided who may press; this module decides whether the set is the one that was shown."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Final, Protocol

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from monarch.core.redact import quote
from monarch.ports import StoreError
from monarch.ports.spoiled import is_spoiled, spoiled_keys
from monarch.web.acts.catalogue import ACTS, BadQuestion, PageAct, asked
from monarch.web.acts.form import BadForm, form_of
from monarch.web.acts.means import Means
from monarch.web.acts.meant import ActResult, Meant, changes
from monarch.web.door.access import Named
from monarch.web.door.guard import visitor_of, wants_json
from monarch.web.door.visit import Doors
from monarch.web.page.sights import left_out, why_unreadable

MOST_KEYS: Final = 1000
"""How many members a form names, so that the page can say what has changed; for a larger set it sends only the digest."""

SHOWN: Final = 500
"""How many members to list."""

_NOT_DONE: Final = "Not done"
_NOTHING: Final = _NOT_DONE, "Nothing was done."
_NOT_SHOWN: Final = "Not shown"
_NOT_READ: Final = (
    _NOT_SHOWN,
    "The receipt cannot be shown now. What it reports was done before, and needs no second press.",
)
_UNSURE: Final = (
    "Not known whether it was done",
    "It may have been done or not: look at how things stand before you press again.",
)
"""What to say where Valkey did not do what it was asked, in a title and a sentence: reading changes nothing, but what became
of a write is unknown."""


class _Unreadable(Exception):  # noqa: N818 - said to people, not raised past the page
    """The record that a set is read from is broken; the message names its key."""


class Drawing(Protocol):
    """Makes a page."""

    def __call__(
        self, request: Request, title: str, template: str, status: int, models: Mapping[str, object]
    ) -> Response:
        """The answer."""


class Acts:
    """The addresses of the acts.

    Args:
        means: what the acts use.
        doors: whether there is a way to sign in.
        draw: makes pages.
    """

    def __init__(self, means: Means, doors: Doors, draw: Drawing) -> None:
        self._means = means
        self._doors = doors
        self._draw = draw

    def routes(self) -> list[BaseRoute]:
        """The routes to add to the page's own."""
        return [
            Route("/acts/{act}", self._ask, methods=["GET"]),
            Route("/acts/{act}", self._press, methods=["POST"]),
            Route("/receipts/{name}", self._receipt, methods=["GET"]),
        ]

    async def _ask(self, request: Request) -> Response:
        """Show the set, and the button."""
        act = ACTS.get(request.path_params["act"])
        if act is None:
            return self._trouble(request, HTTPStatus.NOT_FOUND, "There is no such act.")
        try:
            meant = await self._read(act, asked(act, request.query_params.multi_items()))
        except BadQuestion as error:
            return self._trouble(request, HTTPStatus.BAD_REQUEST, str(error))
        except _Unreadable as error:
            return self._trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error), _NOT_SHOWN)
        except StoreError as error:
            return self._away(request, error)
        return self._set(request, meant)

    async def _press(self, request: Request) -> Response:
        """Do it, if the set is the one that was shown."""
        act, visitor = ACTS.get(request.path_params["act"]), visitor_of(request)
        if act is None:
            return self._trouble(request, HTTPStatus.NOT_FOUND, "There is no such act.")
        # The guard lets no other visitor through; but where something is changed, do not rely on the guard being there.
        if not isinstance(visitor, Named):
            return self._trouble(request, HTTPStatus.FORBIDDEN, "Nothing was done: sign in first.")
        try:
            return await self._pressed(request, act, visitor)
        except (BadQuestion, BadForm) as error:
            return self._trouble(request, HTTPStatus.BAD_REQUEST, f"Nothing was done. {error}")
        except _Unreadable as error:
            reason = f"Nothing was done. {error}"
            return self._trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, reason)
        except StoreError as error:
            return self._away(request, error)

    async def _pressed(self, request: Request, act: PageAct, visitor: Named) -> Response:
        query, form = asked(act, request.query_params.multi_items()), await form_of(request)
        _demand_own(form)
        meant = await self._read(act, query)
        before = _lines(form.get("keys", ""))
        if not meant.can_be_done or form.get("digest") != meant.digest:
            return self._set(request, meant, _why_not(meant, before, form))
        _demand_whole(before, meant)
        return await self._do(request, act, meant, visitor)

    async def _read(self, act: PageAct, query: Mapping[str, str]) -> Meant:
        """The set as it is now, with a sentence about each broken key that it was read without.

        Raises:
            _Unreadable: the record that it rests on is broken; that it cannot be read is not that there is none.
        """
        with spoiled_keys() as met:
            meant = await act.read(self._means, query)
        if is_spoiled(met, act.rests_on_for(query)):
            raise _Unreadable(why_unreadable(met))
        words = left_out(met)
        problem = " ".join([meant.problem, *words]) if meant.problem else ""
        return replace(meant, notes=(*meant.notes, *words), problem=problem)

    async def _do(self, request: Request, act: PageAct, meant: Meant, visitor: Named) -> Response:
        try:
            done = await act.do(self._means, meant, visitor.by)
        except StoreError as error:
            return self._away(request, error, _NOTHING if error.is_untouched else _UNSURE)
        answer = await self._answer(request, act, visitor, done)
        if done.then is not None:
            answer.background = BackgroundTask(_to_its_end, done.then)
        return answer

    async def _answer(
        self, request: Request, act: PageAct, visitor: Named, done: ActResult
    ) -> Response:
        """Redirect to the receipt; a program gets its content at once."""
        if wants_json(request):
            return _json(_done_document(act, visitor, done))
        try:
            name = await self._means.keep_receipt(act.name, visitor.by, done)
        except StoreError as error:
            known = f"The press was carried out: {done.title}. Only its receipt is missing."
            return self._away(request, error, ("Done, without a receipt", known))
        return RedirectResponse(f"/receipts/{name}", HTTPStatus.SEE_OTHER, _NOT_KEPT)

    async def _receipt(self, request: Request) -> Response:
        """Show what was done."""
        try:
            receipt = await self._means.receipt(request.path_params["name"][:64])
        except StoreError as error:
            return self._away(request, error, _NOT_READ)
        if receipt is None:
            reason = "There is no such receipt: it is kept for a day."
            return self._trouble(request, HTTPStatus.NOT_FOUND, reason, "Not known")
        return self._draw(
            request, receipt.title, "receipt.html", HTTPStatus.OK, {"receipt": receipt}
        )

    # ----------------------------------------------------------------------------------- answering

    def _set(self, request: Request, meant: Meant, refused: Sequence[str] = ()) -> Response:
        """The set as it is now; `refused` says why a press did nothing."""
        status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
        if wants_json(request):
            return _json(_document(meant, refused), status)
        models: dict[str, object] = {
            "meant": meant,
            "shown": meant.members[:SHOWN],
            "more": max(0, len(meant.members) - SHOWN),
            "refused": refused,
            "keys": "\n".join(meant.keys) if len(meant.keys) <= MOST_KEYS else "",
            "action": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            "hidden": {},
            "can_press": isinstance(visitor_of(request), Named),
            "can_sign_in": bool(self._doors.token),
            "can_name": self._doors.can_name,
        }
        return self._draw(request, meant.title, "act.html", status, models)

    def _trouble(
        self, request: Request, status: int, reason: str, title: str = _NOT_DONE
    ) -> Response:
        if wants_json(request):
            return _json({"error": reason}, status)
        return self._draw(request, title, "trouble.html", status, {"reason": reason})

    def _away(
        self, request: Request, error: StoreError, known: tuple[str, str] = _NOTHING
    ) -> Response:
        """Valkey is away, or refuses; `known` says what became of the press, in a title and a sentence."""
        title, words = known
        what = f"{words} {error.sentence.rstrip('.')}."
        return self._trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, what, title)


async def _to_its_end(then: Callable[[], Awaitable[None]]) -> None:
    """Work after the answer cannot report a failure: people press again for what Valkey did not keep."""
    with suppress(StoreError):
        await then()


_NOT_KEPT: Final = {"Cache-Control": "no-store"}


def _demand_own(form: Mapping[str, str]) -> None:
    """Demand that nothing chooses in the body: it would be ignored, and the act would mean more than was chosen.

    Raises:
        BadForm: there is a field that is not the page's own.
    """
    strange = [quote(name, 40) for name in form if name not in _OWN_FIELDS]
    if strange:
        raise BadForm(
            f"The body of a press has the fields {' and '.join(_OWN_FIELDS)}, as a form, and not '{strange[0]}': choices stand"
            " in the address, after a ?."
        )


def _demand_whole(before: Sequence[str], meant: Meant) -> None:
    """Demand that the keys in the body, where there are any, are those of the digest beside them.

    Raises:
        BadForm: they name a part of the set, or more than it.
    """
    if before and set(before) != set(_lines("\n".join(meant.keys))):
        raise BadForm(
            "The field keys names another set than the digest beside it. A press is about the whole set that was shown: leave"
            " keys out, and choose in the address, after a ?."
        )


def _lines(keys: str) -> list[str]:
    """The keys that a form names, one a line; browsers end lines in their own way."""
    return [key.rstrip("\r") for key in keys.split("\n") if key.strip()]


_OWN_FIELDS: Final = ("digest", "keys")


def _why_not(meant: Meant, before: Sequence[str], form: Mapping[str, str]) -> tuple[str, ...]:
    if meant.problem:
        return (f"Nothing was done. {meant.problem}",)
    if not meant.members and form.get("digest") == meant.digest:
        return ("Nothing was done: there is nothing to do it to.",)
    if not form.get("digest"):
        return ("Nothing was done: the press named no set. This is the set as it is now.",)
    if len(form["digest"]) != len(meant.digest):
        return (
            "Nothing was done: no set was shown with that digest. This is the set as it is now.",
        )
    news = changes(before, meant) if before else ()
    if meant.basis and not news:
        news = ("Something newer was asked for meanwhile: look at it before you press again.",)
    return ("Nothing was done: the set has changed since it was shown.", *news)


def _json(document: Mapping[str, object], status: int = HTTPStatus.OK) -> Response:
    return JSONResponse(document, status, _NOT_KEPT)


def _document(meant: Meant, refused: Sequence[str]) -> dict[str, object]:
    return {
        "act": meant.act,
        "title": meant.title,
        "set": [{"key": member.key, "words": member.words} for member in meant.members],
        "digest": meant.digest,
        "problem": meant.problem,
        "notes": [] if meant.problem else list(meant.notes),
        "refused": list(refused),
        "command": meant.command,
    }


def _done_document(act: PageAct, visitor: Named, done: ActResult) -> dict[str, object]:
    lines = [{"words": line.words, "is_bad": line.is_bad} for line in done.lines]
    return {"act": act.name, "by": visitor.by, "title": done.title, "lines": lines}
