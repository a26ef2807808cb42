"""Where people see what the API serves, and by which addresses they may name it."""

import pytest

from monarch.app.wiring import rules_of, web_url_of
from monarch.core.request.refs import BadRef, parse_ref
from monarch.settings import settings_from

CLOUD, OCTOCORP = "https://api.github.com", "https://api.octocorp.ghe.com"
SERVER = "https://GitHub.school.example:8443/api/v3"


@pytest.mark.parametrize(
    ("api", "web"),
    [
        (CLOUD, "https://github.com"),
        (f"{CLOUD}/", "https://github.com"),
        (OCTOCORP, "https://octocorp.ghe.com"),
        (SERVER, "https://GitHub.school.example:8443"),
        ("http://127.0.0.1:39391/github", "http://127.0.0.1:39391"),
        ("https://api.example.com/api/v3", "https://api.example.com"),
    ],
)
def test_people_are_led_to_pages_and_not_to_the_api(api: str, web: str) -> None:
    """Links in Slack and in copies lead there."""
    assert web_url_of(settings_from({"GITHUB_API_URL": api})) == web


@pytest.mark.parametrize(
    ("api", "named"),
    [
        (CLOUD, "https://github.com/o/r"),
        (OCTOCORP, "https://octocorp.ghe.com/o/r"),
        (OCTOCORP, "git@octocorp.ghe.com:o/r.git"),
        (SERVER, "https://github.school.example:8443/o/r"),
        (SERVER, "git@github.school.example:o/r.git"),
        (SERVER, "ssh://git@github.school.example/o/r.git"),
    ],
)
def test_a_message_may_name_what_people_see(api: str, named: str) -> None:
    """As it is copied from a browser, with its port, or as one clones it."""
    hosts = rules_of(settings_from({"GITHUB_API_URL": api})).hosts

    assert parse_ref(named, hosts).full_name == "o/r"


def test_another_host_is_refused() -> None:
    """Another enterprise's repository of the same name is another one."""
    with pytest.raises(BadRef):
        parse_ref(
            "https://other.ghe.com/o/r", rules_of(settings_from({"GITHUB_API_URL": OCTOCORP})).hosts
        )
