"""Who we are at GitHub: the accounts that copies are written under, now and before.

An account is its number. Its login changes when a user or an App is renamed, and someone else can take a login that has
become free; so a login decides only if no number is known.

*Certain* says whether the account in use is known by its number. It is if `/user` says so (personal tokens), or a 201 once
said so. Before that, an issue by a bot may be ours: only installations of Apps, `GITHUB_TOKEN` among them, cannot be asked
who they are, and these write as bots.

*Complete* says whether all accounts that have ever begun to write are known by their numbers. An account may have written
without an answer and be gone: then a later account finds a copy whose author is on no record.
"""

from dataclasses import dataclass
from typing import Final

from monarch.core.target.permission import Credential
from monarch.core.ticket import Author

KEPT: Final = 200
"""How many accounts are remembered, the newest."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account of ours on record; `credential` is the account (`core.target.permission.Credential`) that taught it.

    An account that has not said who it is has the login `""`.
    """

    author: Author
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Us:
    """All accounts of ours, as far as they are known, and how far that is (see above)."""

    authors: tuple[Author, ...] = ()
    is_certain: bool = True
    is_complete: bool = True

    def wrote(self, author: Author | None) -> bool:
        """Whether this is one of us. The author of a deleted account (`None`) never is."""
        return author is not None and any(_is_same(each, author) for each in self.authors)

    def certainly_wrote(self, author: Author | None) -> bool:
        """Whether this is one of us by its number: someone else may have taken a login."""
        known = 0 if author is None else author.id
        return known != 0 and any(each.id == known for each in self.authors)

    def know(self, author: Author) -> bool:
        """Whether this account is on record with its present login."""
        return any(
            each.id == author.id and each.login.lower() == author.login.lower()
            for each in self.authors
        )

    def may_have_written(self, author: Author | None) -> bool:
        """Whether this may be us, although nothing says so yet."""
        return not self.is_certain and author is not None and author.is_bot


def us_of(known: tuple[KnownAccount, ...], credential: Credential) -> Us:
    """Who we are, from what is on record and what the credential says about itself."""
    own = () if credential.author is None else (KnownAccount(credential.author),)
    shown = (*own, *known)
    authors = tuple(dict.fromkeys(each.author for each in shown if each.author.login))
    is_certain = any(_teaches(each, credential) for each in shown)
    return Us(authors, is_certain, is_certain and all(each.author.id for each in known))


def _teaches(known: KnownAccount, credential: Credential) -> bool:
    """Whether this shows the number of the account in use."""
    if not known.author.id:
        return False
    if credential.author is None:
        return known.credential == credential.account
    return _is_same(known.author, credential.author)


def _is_same(one: Author, other: Author) -> bool:
    if one.id and other.id:
        return one.id == other.id
    return one.login.lower() == other.login.lower()
