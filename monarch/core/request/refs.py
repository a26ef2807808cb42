"""Names of repositories: one parser, one canonical value, compared without case.

Code that holds a `RepoRef` may put it into the path of a request as it is: nothing that could leave
`/repos/<owner>/<name>` can be one. So the check is in the value itself, and not only in the parser.

These spellings name the same repository: `owner/repo`, the addresses that GitHub shows for cloning (https,
ssh, git, with or without `.git`), and the address of a page of the repository as copied from a browser
(`…/tree/main`, `…/issues`, with a query or a fragment). All other hosts are refused, and so are addresses
with a password, which would end up in streams and logs.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monarch.core.redact import describe

GITHUB_HOSTS: Final = frozenset({"github.com", "www.github.com"})
"""The hosts that addresses may name; a GitHub Enterprise Server has its own."""

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
"""At most 39 characters; the underscore is for accounts managed by an enterprise (`name_shortcode`)."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_NOT_NAMES = frozenset({".", ".."})
_MAX_LENGTH = 1000

_PLAIN = re.compile(r"(?P<owner>[^/:@]+)/(?P<name>[^/:@]+)/?")
_SCP = re.compile(r"git@(?P<host>[A-Za-z0-9.-]+):/?(?P<owner>[^/:@]+)/(?P<name>[^/:@]+)/?")
_CLONE = re.compile(
    r"(?:ssh://(?:git@)?|git://)(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)"
    r"/(?P<owner>[^/:@]+)/(?P<name>[^/:@]+)/?"
)
_PAGE = re.compile(
    r"(?:https?://)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)"
    r"/(?P<owner>[^/:@?#]+)/(?P<name>[^/:@?#]+)"
    r"(?P<page>(?:/(?:tree|blob|issues|pulls|wiki|labels|milestones)(?:/[A-Za-z0-9@+._-]+)*)?)/?"
    r"(?:[?#].*)?"
)


class BadRef(ValueError):  # noqa: N818 - a word of the contract, like BadMessage
    """The value cannot name a repository; the message says what was expected, what came, what to do."""


@dataclass(frozen=True, slots=True)
class RepoRef:
    """A repository as `owner/name`, spelled as it came; two spellings of the same one have the same `key`.

    Raises:
        BadRef: this cannot be the name of a repository on GitHub.
    """

    owner: str
    name: str

    def __post_init__(self) -> None:
        owner = _OWNER.fullmatch(self.owner)
        name = _NAME.fullmatch(self.name) and self.name not in _NOT_NAMES
        if not (owner and name) or self.name.lower().endswith(".git"):
            raise BadRef(_complaint(f"{self.owner}/{self.name}"))

    @property
    def full_name(self) -> str:
        """`owner/name`, as it was spelled."""
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """The same in lower case: equal for every spelling of one repository."""
        return self.full_name.lower()


def parse_ref(text: object, hosts: frozenset[str] = GITHUB_HOSTS) -> RepoRef:
    """Read any usual spelling of a repository.

    Args:
        text: what came; white space around it is ignored, inside it is a mistake.
        hosts: the hosts that an address may name, in lower case, with their port if it has one.

    Raises:
        BadRef: it is none of these spellings.
    """
    match = _match(text.strip(" \t\r\n"), hosts) if isinstance(text, str) else None
    if match is None:
        raise BadRef(_complaint(text, hosts))
    try:
        return RepoRef(match["owner"], _without_git(match["name"]))
    except BadRef:
        raise BadRef(_complaint(text, hosts)) from None


def respelled(given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The repositories of `given` as `known` spells them, each once; one that is not among these stays as it is.

    GitHub's names have no case, and a migration is kept under the spelling of its message.
    """
    spellings = {name.lower(): name for name in known}
    return tuple(dict.fromkeys(spellings.get(name.lower(), name) for name in given))


def _match(text: str, hosts: frozenset[str]) -> re.Match[str] | None:
    """The parts of an address on one of `hosts`; `None` if it is none that we know."""
    if len(text) > _MAX_LENGTH or not (text.isascii() and text.isprintable()):
        return None
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return plain
    match = _SCP.fullmatch(text) or _CLONE.fullmatch(text) or _PAGE.fullmatch(text)
    if match is None or match["host"].lower() not in hosts:
        return None
    # A browser would resolve the dots, and the address would be another repository's.
    segments = match.groupdict().get("page", "").split("/")
    return match if _NOT_NAMES.isdisjoint(segments) else None


def _without_git(name: str) -> str:
    return name[:-4] if name.lower().endswith(".git") else name


def _complaint(came: object, hosts: frozenset[str] = GITHUB_HOSTS) -> str:
    own = hosts - GITHUB_HOSTS  # of an Enterprise Server, which people mean where there is one
    shown = min(own or hosts, default="a host")
    todo = "write it as owner/repo"
    if isinstance(came, str) and "," in came:
        todo = "name each repository by itself, without commas between"
    return f"expected a repository as owner/repo (or its address on {shown}), got {describe(came)}; {todo}"
