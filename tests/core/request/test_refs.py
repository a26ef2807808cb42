"""One parser, one canonical value; nothing that leaves the repository's path."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.request.refs import BadRef, RepoRef, parse_ref, respelled

OWNERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True).filter(
    lambda name: name not in {".", ".."} and not name.lower().endswith(".git")
)

SPELLINGS = (
    "{0}/{1}",
    " {0}/{1}\n",
    "{0}/{1}/",
    "{0}/{1}.git",
    "github.com/{0}/{1}",
    "https://github.com/{0}/{1}",
    "https://github.com/{0}/{1}/",
    "https://github.com/{0}/{1}.git",
    "https://github.com/{0}/{1}.git/",
    "http://github.com/{0}/{1}",
    "https://www.github.com/{0}/{1}",
    "https://GitHub.com/{0}/{1}",
    "https://github.com/{0}/{1}?tab=readme-ov-file",
    "https://github.com/{0}/{1}#readme",
    "https://github.com/{0}/{1}/issues",
    "https://github.com/{0}/{1}/issues?q=is%3Aopen",
    "https://github.com/{0}/{1}/tree/main",
    "https://github.com/{0}/{1}/tree/feature/a@b+c/",
    "https://github.com/{0}/{1}/blob/main/README.md#top",
    "git@github.com:{0}/{1}.git",
    "git@github.com:{0}/{1}",
    "git@github.com:/{0}/{1}.git",
    "ssh://git@github.com/{0}/{1}.git",
    "git://github.com/{0}/{1}.git",
)

HOSTILE = (
    "",
    " ",
    "owner",
    "/",
    "owner/",
    "/repo",
    "owner//repo",
    "owner/repo/more",
    "owner/..",
    "owner/.",
    "../repo",
    "./repo",
    "owner/.git",
    "owner/repo.git.git",
    "owner/..%2f..%2fuser",
    "owner%2frepo",
    "owner/re po",
    "own er/repo",
    "owner/repo\n/x",
    "owner/re\x00po",
    "owner/re\u202epo",
    "owner/repo\u200b",
    "оwner/repo",  # noqa: RUF001 - a Cyrillic o is the point
    "owner/reⓡo",
    "\u212aowner/repo",  # the sign for kelvin, which lower() takes for a k
    "-owner/repo",
    "_owner/repo",
    "own.er/repo",
    "owner/repo?x=1",
    "owner/repo#1",
    "owner\\repo",
    "owner:repo",
    "o" * 40 + "/repo",
    "owner/" + "r" * 101,
    "x" * 5000,
    "https://github.com/owner",
    "https://github.com/owner/repo/../../other/repo",
    "https://github.com/owner/repo/tree/../../../other",
    "https://github.com/owner/repo/tree/./x",
    "https://github.com/owner/repo/settings",
    "https://github.com/owner/../x",
    "https://github.com/owner/%2e%2e",
    "https://evil.example/owner/repo",
    "https://github.com.evil.example/owner/repo",
    "https://evil.example#github.com/owner/repo",
    "https://github.com@evil.example/owner/repo",
    "https://github.com:8443/owner/repo",
    "https://me:hunter2@github.com/owner/repo",
    "git@evil.example:owner/repo.git",
    "ssh://root@github.com/owner/repo",
    "ftp://github.com/owner/repo",
    "file:///owner/repo",
    "javascript://github.com/owner/repo",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_usual_spellings_are_one_repository(spelling: str) -> None:
    """What people copy from a browser, a terminal or a list means the same."""
    assert parse_ref(spelling.format("Nss-Group", "cider.falls_1")) == RepoRef(
        "Nss-Group", "cider.falls_1"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_and_broken_names_are_refused(text: str) -> None:
    """No request may ever leave for a path that is not the canonical repository."""
    with pytest.raises(BadRef) as caught:
        parse_ref(text)

    message = str(caught.value)
    assert message.startswith("expected a repository as owner/repo")
    assert message.endswith(("write it as owner/repo", "without commas between"))
    assert message.endswith("without commas between") == ("," in text)
    assert len(message) < 300
    assert message.isprintable()
    assert "hunter2" not in message


@pytest.mark.parametrize("value", [None, 1, True, ["owner/repo"], {"a": 1}, b"owner/repo"])
def test_what_is_no_text_is_refused(value: object) -> None:
    """JSON holds other things than texts."""
    with pytest.raises(BadRef):
        parse_ref(value)


@given(OWNERS, NAMES, st.sampled_from(SPELLINGS))
def test_a_spelling_is_read_back_as_it_was(owner: str, name: str, spelling: str) -> None:
    """Round trip: the name and nothing else."""
    ref = parse_ref(spelling.format(owner, name))

    assert ref == RepoRef(owner, name)
    assert parse_ref(ref.full_name) == ref


@given(st.one_of(st.text(), st.from_regex(r"(https?://)?[\w.:@-]*/[^/]*/?.{0,40}")))
def test_whatever_is_accepted_stays_in_its_path(text: str) -> None:
    """The path that an HTTP client would send is the one that we meant."""
    try:
        ref = parse_ref(text)
    except BadRef:
        return

    path = f"/repos/{ref.full_name}"
    assert urlsplit(f"https://api.github.com{path}").path == path
    assert re.fullmatch(r"/repos/[\w-]+/[\w.-]+", path, re.ASCII)
    assert ref.name not in {".", ".."}


def test_spellings_are_compared_without_case() -> None:
    """GitHub does the same."""
    assert RepoRef("Org", "Repo").key == RepoRef("org", "rEPO").key == "org/repo"


def test_a_target_is_found_in_any_case() -> None:
    """A person who typed another case was refused: the request had no such target. What it lacks stays as it came."""
    known = ("School/Team-A", "school/team-b")

    assert respelled(["school/TEAM-a", "School/Team-A", "x/y"], known) == ("School/Team-A", "x/y")


def test_a_name_of_an_enterprise_account_has_an_underscore() -> None:
    """Enterprise managed users are called `name_shortcode`."""
    assert parse_ref("octocat_nss/repo").owner == "octocat_nss"


def test_a_value_that_was_not_parsed_is_checked_too() -> None:
    """Code that holds a `RepoRef` needs no second check."""
    with pytest.raises(BadRef):
        RepoRef("owner", "../x")


def test_other_hosts_are_allowed_by_name() -> None:
    """A GitHub Enterprise Server has its own, with its own port."""
    hosts = frozenset({"git.example.org", "git.example.org:8443"})

    for text in (
        "https://git.example.org/o/r",
        "https://git.example.org:8443/o/r.git",
        "git@git.example.org:o/r.git",
        "o/r",
    ):
        assert parse_ref(text, hosts) == RepoRef("o", "r")
    with pytest.raises(BadRef, match=r"git\.example\.org"):
        parse_ref("https://github.com/o/r", hosts)
    with pytest.raises(BadRef):
        parse_ref("https://github.com/o/r", frozenset())
