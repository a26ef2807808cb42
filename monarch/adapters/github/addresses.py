"""Paths of GitHub's API: nothing that a name holds can lead anywhere else."""

from urllib.parse import quote

import httpx

from monarch.core.refs import RepoRef
from monarch.core.ticket import Repository


def url_of(base: httpx.URL, path: str) -> httpx.URL:
    """Make the address of `path` below `base`, and make sure that it is the one that leaves."""
    url = base.copy_with(raw_path=base.raw_path + path.encode("ascii"))
    if not url.raw_path.endswith(path.encode("ascii")):
        raise ValueError(f"the path {path!r} would leave as {url.raw_path!r}")
    return url


def ref_of(full_name: str) -> RepoRef:
    """A canonical name as its parts.

    Raises:
        BadRef: it is none.
    """
    owner, _, name = full_name.partition("/")
    return RepoRef(owner, name)


def path_of(full_name: str) -> str:
    """`repos/<owner>/<name>` and nothing else: a `RepoRef` cannot hold a name that leaves it.

    Raises:
        BadRef: `full_name` is not a canonical `owner/repo`.
    """
    ref = ref_of(full_name)
    return f"repos/{quote(ref.owner, safe='')}/{quote(ref.name, safe='')}"


def issue_path(repository: Repository, number: int) -> str:
    """`repos/<owner>/<name>/issues/<number>`."""
    return f"{path_of(repository.full_name)}/issues/{number:d}"
