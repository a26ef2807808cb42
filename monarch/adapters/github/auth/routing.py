"""Chooses who signs: the App where it is installed, else the personal token.

The choice depends only on the owner of the repository, so different ones may sign for the source and the targets of one
request.
"""

from monarch.adapters.github.addresses import ref_of
from monarch.adapters.github.auth.installations import Installations
from monarch.adapters.github.auth.passes import Pass
from monarch.adapters.github.auth.personal import PersonalToken
from monarch.core.advice import Advice
from monarch.core.outcome import Code, Found, Permanent, ReadFailure, Scope
from monarch.core.request.refs import RepoRef
from monarch.core.target.permission import Credential


class Routing:
    """A personal token and an App side by side (`passes.Passes`); at least one of them is there."""

    def __init__(self, personal: PersonalToken | None, app: Installations | None) -> None:
        if personal is None and app is None:
            raise ValueError("neither a token for GitHub nor a GitHub App")
        self._personal = personal
        self._app = app

    async def pass_for(self, name: str) -> Pass | ReadFailure:
        """See `Passes`."""
        ref = ref_of(name)
        found = await self._app.pass_for(ref) if self._app else None
        if found is not None:
            return found
        return _not_installed(ref) if self._personal is None else self._personal.pass_

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `Passes`."""
        ref = ref_of(name)
        found = await self._app.credential(ref) if self._app else None
        if found is not None:
            return found
        return _not_installed(ref) if self._personal is None else await self._personal.credential()

    async def check(self) -> str | ReadFailure:
        """See `ports.Signing.check`: the first failure if GitHub does not take all our credentials."""
        if self._app is None:
            return "" if self._personal is None else await self._personal.check()
        failure = await self._app.check()
        if failure is not None or self._personal is None:
            return failure or ""
        found = await self._personal.check()
        # An App writes as another account for each owner.
        return "" if isinstance(found, str) else found

    def refused(self, used: Pass) -> bool:
        """See `Passes`. There is only one personal token, so no other pass can do better."""
        return self._app is not None and self._app.refused(used)


def _not_installed(ref: RepoRef) -> Permanent:
    return Permanent(
        Scope.REPOSITORY,
        Code.FORBIDDEN,
        f"the GitHub App is not installed on {ref.owner}",
        advice=Advice(f"install it there for {ref.full_name}, or set GH_PAT"),
    )
