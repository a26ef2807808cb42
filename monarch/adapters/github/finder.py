"""Finds repositories: by name the first time, by id from then on.

What it promises: an answer about a repository that was found once is about that very one. If it no longer exists, or if
a server without addresses by id has another one under its name, the answer is the same `NOT_FOUND`.
"""

from dataclasses import replace

import httpx

from monarch.adapters.github.addresses import Addresses
from monarch.adapters.github.auth.signed import SignedReader
from monarch.adapters.github.outcomes import read_outcome
from monarch.adapters.github.wire import read_repository
from monarch.core.advice import Advice
from monarch.core.ids import TargetId
from monarch.core.outcome import Code, Found, Permanent, ReadFailure, Scope
from monarch.core.ticket import Repository


class Finder:
    """Finds the repositories of one server, and learns how it can be addressed."""

    def __init__(self, reader: SignedReader, addresses: Addresses) -> None:
        self._reader = reader
        self._addresses = addresses

    async def by_name(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.read_repository`."""
        found = await self._read(name, self._addresses.of_name(name))
        if not isinstance(found, Found) or self._addresses.by_id is not None:
            return found
        return await self._learn(name, found) or found

    async def by_id(self, target: TargetId, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.find_repository`."""
        if self._addresses.by_id is False:
            found = await self.by_name(name)
        else:
            found = await self._read(name, self._addresses.of_id(target))
        match found:
            case Found(repository) if repository.id != target:
                return _another(target, name)
            case Permanent(Scope.REPOSITORY) if self._addresses.by_id is None:
                # Gone, or a server without such addresses: in both cases only its name can show which.
                return _another(target, name)
            case Found():
                self._addresses.by_id = self._addresses.by_id is not False
        return found

    async def confirm(self, repository: Repository) -> ReadFailure | None:
        """Why the name does not lead to this repository (any more); `None`: it does, or the server is addressed by id.

        One round trip lies between this and the call that follows, in which the name can still change hands.
        """
        if self._addresses.by_id is not False:
            return None
        found = await self.by_id(repository.id, repository.full_name)
        return None if isinstance(found, Found) else found

    async def _learn(self, name: str, found: Found[Repository]) -> ReadFailure | None:
        """Ask once whether the server offers addresses by id; why that is not known, `None` if it is.

        A refusal is "no", unless the repository is deleted between the two reads.
        """
        target = found.value.id
        answer = await self._read(name, self._addresses.of_id(target))
        match answer:
            case Found(repository):
                self._addresses.by_id = repository.id == target
            case Permanent(Scope.REPOSITORY | Scope.TICKET):
                again = await self._read(name, self._addresses.of_name(name))
                if not isinstance(again, Found) or again.value.id != target:
                    return _another(target, name)
                self._addresses.by_id = False
            case _:
                return answer
        return None

    async def _read(self, name: str, url: httpx.URL) -> Found[Repository] | ReadFailure:
        found = read_outcome(await self._reader.follow(name, url), read_repository)
        if isinstance(found, Found) and found.value.may_push is False:
            return Found(await self._as_seen_by_app(name, found.value))
        return found

    async def _as_seen_by_app(self, name: str, repository: Repository) -> Repository:
        """An App has permissions and no role: that it may not push says nothing about issues."""
        by_app = await self._reader.is_by_app(name)
        return replace(repository, may_push=None) if by_app else repository


def _another(target: TargetId, name: str) -> Permanent:
    reason = (
        f"{name} is not the repository {target} any more: it was deleted, moved out of reach, or its name was given to"
        " another one"
    )
    return Permanent(Scope.REPOSITORY, Code.NOT_FOUND, reason, advice=Advice())
