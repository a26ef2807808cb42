"""What this installation accepts: which repositories may be read, and which may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from monarch.core.request.refs import GITHUB_HOSTS, RepoRef


@dataclass(frozen=True, slots=True)
class Rules:
    """What this installation accepts.

    The globs stand for `owner/repo`, are compared without case, and `*` stays within one side of the
    slash; no globs at all allow everything. `hosts` are those that addresses may name. `private_to_public`: whether
    the tickets of a private source may be copied into a public target, where everybody can read them.
    """

    allowed_sources: tuple[str, ...] = ()
    allowed_targets: tuple[str, ...] = ()
    hosts: frozenset[str] = GITHUB_HOSTS
    private_to_public: bool = False


def source_refusal(name: str, rules: Rules, asked: str = "") -> str | None:
    """Why nothing may be read from the repository `name` (`owner/repo`); `None` where it may be.

    `asked` is the name that it was asked for by, where GitHub knows it under another one: a repository that was
    renamed answers to both, and the list means the one that it is.
    """
    return _refusal(name, asked, rules.allowed_sources, "sources", "MONARCH_ALLOWED_SOURCES")


def target_refusal(name: str, rules: Rules, asked: str = "") -> str | None:
    """Why nothing may be written to the repository `name`; see `source_refusal`."""
    return _refusal(name, asked, rules.allowed_targets, "targets", "MONARCH_ALLOWED_TARGETS")


def _refusal(name: str, asked: str, globs: Sequence[str], kind: str, setting: str) -> str | None:
    owner, _, repository = name.partition("/")
    if is_allowed(RepoRef(owner, repository), globs):
        return None
    renamed = f"{asked} is {name} now, which" if asked.lower() not in {"", name.lower()} else name
    return f"{renamed} is not among the allowed {kind}; add it to {setting}, then replay it (`monarch dead replay`)"


def is_allowed(ref: RepoRef, globs: Sequence[str]) -> bool:
    """Whether one of `globs` (`owner/repo`, with wildcards) names `ref`; no globs allow everything."""
    return not globs or any(_matches(ref, glob.lower().split("/")) for glob in globs)


def _matches(ref: RepoRef, sides: list[str]) -> bool:
    names = ref.key.split("/")
    return len(sides) == len(names) and all(map(fnmatchcase, names, sides))
