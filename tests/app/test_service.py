"""What a worker says of itself when it starts."""

from monarch.app.assembly import Role
from monarch.app.service import names_of


def test_a_console_shows_roles_as_words() -> None:
    """It showed `roles=[<Role.NOTIFIER: 'notifier'>]`."""
    assert repr(names_of([Role.NOTIFIER])) == "['notifier']"
