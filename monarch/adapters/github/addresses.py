"""Addresses of GitHub's API: no name can lead anywhere else, and a repository is its id.

A name can mean another repository at any moment: the repository is deleted and generated anew, renamed or transferred, or
two names are swapped. So every read and write of a repository that was found once goes to its id, `/repositories/{id}/…`.
GitHub's own `Link` headers and redirects use these addresses, but its description of the API does not name them, so the
first repository that is found is asked for by its id, once for each server. A server that does not offer them is asked by
name, and `Reads` and `Writes` check that the name still leads to the same id.
"""

from urllib.parse import quote

import httpx

from monarch.core.ids import TargetId
from monarch.core.request.refs import RepoRef
from monarch.core.ticket import Repository


class Addresses:
    """The addresses of one server.

    Attributes:
        by_id: whether the server offers addresses by id; `None` until that is known.
    """

    def __init__(self, base: httpx.URL) -> None:
        """`base` is the API's own address, with a final slash."""
        self._base = base
        self.by_id: bool | None = None

    def of_name(self, full_name: str) -> httpx.URL:
        """The address of the repository with that name.

        Raises:
            BadRef: `full_name` is not a canonical `owner/repo`.
        """
        return url_of(self._base, path_of(full_name))

    def of_id(self, target: TargetId) -> httpx.URL:
        """The address of the repository with that id."""
        return url_of(self._base, _path_by_id(target))

    def below(self, repository: Repository, path: str) -> httpx.URL:
        """The address of a path below a repository, such as `issues`."""
        folder = _path_by_id(repository.id) if self.by_id else path_of(repository.full_name)
        return url_of(self._base, f"{folder}/{path}")


def url_of(base: httpx.URL, path: str) -> httpx.URL:
    """The address of `path` below `base`, after a check that it is sent unchanged."""
    url = base.copy_with(raw_path=base.raw_path + path.encode("ascii"))
    if not url.raw_path.endswith(path.encode("ascii")):
        raise ValueError(f"the path {path!r} would leave as {url.raw_path!r}")
    return url


def ref_of(full_name: str) -> RepoRef:
    """A canonical name as its parts.

    Raises:
        BadRef: it is not one.
    """
    owner, _, name = full_name.partition("/")
    return RepoRef(owner, name)


def path_of(full_name: str) -> str:
    """`repos/<owner>/<name>` and nothing else: a `RepoRef` cannot hold a name that leads out of it.

    Raises:
        BadRef: `full_name` is not a canonical `owner/repo`.
    """
    ref = ref_of(full_name)
    return f"repos/{quote(ref.owner, safe='')}/{quote(ref.name, safe='')}"


def _path_by_id(target: TargetId) -> str:
    return f"repositories/{target:d}"
