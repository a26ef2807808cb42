"""Where the App is installed, by the owner of a repository.

GitHub is asked once for each owner. A found installation is believed until GitHub gives out no token any more; a missing
one only for a minute, since an operator may be about to install the App.

A repository that does not exist yet has no installation to ask for by its name, so GitHub is asked about its owner, too,
before the App is believed not to be there. GitHub redirects a repository that was given away to its new owner: what is
found there is true of this repository, and says nothing about the others of the former owner.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import anyio

from monarch.adapters.github.addresses import path_of
from monarch.adapters.github.auth.app import AppCaller
from monarch.adapters.github.auth.app_wire import InstallationFacts, read_installation
from monarch.adapters.github.auth.installation import Installation, InstallationGone
from monarch.adapters.github.auth.passes import Pass
from monarch.adapters.github.outcomes import read_outcome
from monarch.core.outcome import Code, Found, Permanent, ReadFailure, Scope
from monarch.core.request.refs import RepoRef
from monarch.core.target.permission import Credential
from monarch.ports import Clock

ABSENCE_S: Final = 60.0
"""How long the App is believed not to be installed on an owner, in seconds."""

FORGOTTEN_S: Final = 3600.0
"""How long after that this is still assumed if GitHub cannot be asked, in seconds."""

REFUSAL_KEPT_S: Final = 60.0
"""How long a refused App makes no calls, in seconds: repeated bad credentials make GitHub refuse good ones, too."""


class Installations:
    """The App as its installations."""

    def __init__(self, caller: AppCaller, clock: Clock, dice: Callable[[], float]) -> None:
        """`dice` gives numbers in [0, 1)."""
        self._caller = caller
        self._clock = clock
        self._dice = dice
        self._asking: dict[str, anyio.Lock] = {}
        # By owner, or by the name of a repository that now belongs to another owner; in lower case.
        self._there: dict[str, Installation] = {}
        self._absent: dict[str, float] = {}
        self._refusal: tuple[float, Permanent] | None = None

    async def pass_for(self, ref: RepoRef) -> Pass | ReadFailure | None:
        """A pass for the repository; `None` if the App is not installed."""
        found = await self._signed(ref)
        return found[1] if isinstance(found, tuple) else found

    async def credential(self, ref: RepoRef) -> Found[Credential] | ReadFailure | None:
        """Who pays; `None` if the App is not installed."""
        found = await self._signed(ref)
        return Found(found[0].credential(found[1])) if isinstance(found, tuple) else found

    async def check(self) -> ReadFailure | None:
        """See `AppCaller.check`; while the App is refused, asked as rarely as its other calls."""
        if self._refusal is not None and self._clock.now() < self._refusal[0]:
            return self._refusal[1]
        return await self._caller.check()

    def refused(self, used: Pass) -> bool:
        """See `Passes.refused`; `False` for a pass that is not an installation's."""
        if used.installation is None:
            return False
        known = (each for each in self._there.values() if each.id == used.installation)
        installation = next(known, None)
        return installation is None or installation.refused(used)

    async def _signed(self, ref: RepoRef) -> tuple[Installation, Pass] | ReadFailure | None:
        """The installation for the repository and its pass; looked up again if it is gone."""
        for _ in range(2):
            installation = await self._find(ref)
            if not isinstance(installation, Installation):
                return installation
            used = await installation.pass_()
            if isinstance(used, Pass):
                return installation, used
            if not isinstance(used, InstallationGone):
                return used
            self._forget(installation)
        return None

    async def _find(self, ref: RepoRef) -> Installation | ReadFailure | None:
        owner = ref.owner.lower()
        known = self._known(ref)
        if known is not None or self._clock.now() < self._absent.get(owner, 0.0):
            return known
        async with self._asking.setdefault(owner, anyio.Lock()):
            return self._known(ref) or await self._ask(ref, owner)

    def _known(self, ref: RepoRef) -> Installation | None:
        return self._there.get(ref.key) or self._there.get(ref.owner.lower())

    async def _ask(self, ref: RepoRef, owner: str) -> Installation | ReadFailure | None:
        facts = self._known_refusal() or await self._look_up(ref)
        match facts:
            case Found(InstallationFacts() as there):
                key = owner if there.owner.lower() in {owner, ""} else ref.key
                self._there[key] = self._same(there)
                self._absent.pop(owner, None)
                return self._there[key]
            case Permanent(_, Code.NOT_FOUND):
                self._note_absent(owner)
                return None
            case Permanent(Scope.CREDENTIAL):
                self._refusal = (self._clock.now() + REFUSAL_KEPT_S, facts)
        # If it was not there lately, a personal token is used meanwhile.
        return None if owner in self._absent else facts

    async def _look_up(self, ref: RepoRef) -> Found[InstallationFacts] | ReadFailure:
        name = quote(ref.owner, safe="")
        answer = await self._read(f"{path_of(ref.full_name)}/installation")
        for path in (f"orgs/{name}/installation", f"users/{name}/installation"):
            if not (isinstance(answer, Permanent) and answer.code is Code.NOT_FOUND):
                return answer
            answer = await self._read(path)
        return answer

    async def _read(self, path: str) -> Found[InstallationFacts] | ReadFailure:
        return read_outcome(await self._caller.call("GET", path), read_installation)

    def _same(self, facts: InstallationFacts) -> Installation:
        """The one object for an installation, whatever its owner is called: it has one token."""
        known = (each for each in self._there.values() if each.id == facts.id)
        return next(known, None) or Installation(facts, self._caller, self._clock, self._dice)

    def _note_absent(self, owner: str) -> None:
        now = self._clock.now()
        recent = {each: until for each, until in self._absent.items() if now < until + FORGOTTEN_S}
        self._absent = {**recent, owner: now + ABSENCE_S}

    def _forget(self, installation: Installation) -> None:
        self._there = {o: each for o, each in self._there.items() if each is not installation}

    def _known_refusal(self) -> Permanent | None:
        if self._refusal is None or self._clock.now() >= self._refusal[0]:
            return None
        return self._refusal[1]
