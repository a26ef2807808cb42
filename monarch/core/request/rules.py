"""What this installation accepts: which repositories may be read, and which may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from monarch.core.advice import Advice
from monarch.core.outcome import Code
from monarch.core.request.refs import GITHUB_HOSTS, RepoRef
from monarch.core.verdict import Dead


@dataclass(frozen=True, slots=True)
class Rules:
    """What this installation accepts.

    The globs match `owner/repo` without regard to case, and `*` stays within one side of the slash; no
    globs at all allow everything. `hosts` are those that addresses may name. `private_to_public`: whether
    the tickets of a private source may be copied into a public target, where everyone can read them.
    """

    allowed_sources: tuple[str, ...] = ()
    allowed_targets: tuple[str, ...] = ()
    hosts: frozenset[str] = GITHUB_HOSTS
    private_to_public: bool = False


def source_refusal(name: str, rules: Rules, asked: str = "") -> Dead | None:
    """Why nothing may be read from the repository `name` (`owner/repo`); `None` if it may.

    `asked` is the name that the request used, if GitHub knows the repository under another: a renamed repository
    answers to both names, and the list means its present one.
    """
    if _is_allowed(name, rules.allowed_sources):
        return None
    reason = f"{_named(name, asked)} is not among the allowed sources"
    return Dead(Code.SOURCE_NOT_ALLOWED, reason, advice=Advice("add it to MONARCH_ALLOWED_SOURCES"))


def another_source(found: int, known: int | None, name: str) -> Dead | None:
    """Why an update does not read the repository that has the name of its source; `None` if it is the very one.

    `found` and `known` are GitHub's ids of repositories; `known` is `None` if any repository of that name is meant.
    """
    if known in {None, found}:
        return None
    reason = (
        f"{name} is another repository now than the one whose tickets were copied, and GitHub does not show that one any"
        " more"
    )
    return Dead(Code.NOT_FOUND, reason, advice=_OTHER_SOURCE)


_OTHER_SOURCE: Final = Advice("give Monarch's account access to the template, if it still exists")


def target_refusal(name: str, rules: Rules, asked: str = "") -> Dead | None:
    """Why nothing may be written to the repository `name`; see `source_refusal`."""
    if _is_allowed(name, rules.allowed_targets):
        return None
    reason = f"{_named(name, asked)} is not among the allowed targets"
    return Dead(Code.TARGET_NOT_ALLOWED, reason, advice=Advice("add it to MONARCH_ALLOWED_TARGETS"))


def _is_allowed(name: str, globs: Sequence[str]) -> bool:
    owner, _, repository = name.partition("/")
    return is_allowed(RepoRef(owner, repository), globs)


def _named(name: str, asked: str) -> str:
    return f"{asked} is {name} now, which" if asked.lower() not in {"", name.lower()} else name


def is_allowed(ref: RepoRef, globs: Sequence[str]) -> bool:
    """Whether one of `globs` (`owner/repo`, with wildcards) names `ref`; no globs allow everything."""
    return not globs or any(_matches(ref, glob.lower().split("/")) for glob in globs)


def _matches(ref: RepoRef, sides: list[str]) -> bool:
    names = ref.key.split("/")
    return len(sides) == len(names) and all(map(fnmatchcase, names, sides))
