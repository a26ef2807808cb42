"""The acts where a key has another type: what cannot be read is not taken for nothing."""

import pytest

from monarch.core.report.summary import State
from monarch.web.acts.catalogue import ACTS
from tests.web.acts.house import (
    ADA,
    FROM_HERE,
    JSON,
    REQUEST,
    Means,
    a_migration,
    a_page,
    a_request,
)

PRESSING = ADA | FROM_HERE
RECORD = f"{{monarch}}:request:{REQUEST}"
OF_REQUESTS = [name for name, act in ACTS.items() if act.asks == ("request",)]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        *((f"/acts/{name}?request={REQUEST}", RECORD) for name in OF_REQUESTS),
        ("/acts/replay", "{monarch}:dead"),
        ("/acts/replay?letter=1-0", "{monarch}:dead"),
        ("/acts/drop?code=poison", "{monarch}:dead"),
        ("/acts/resume", "{monarch}:paused"),
    ],
)
async def test_what_cannot_be_read_is_neither_unknown_nor_gone(address: str, key: str) -> None:
    """The acts said "No request is known." and "There is no such dead letter."; the command names the broken key."""
    means = Means(spoiled=(key,))
    async with a_page(means) as page:
        seen = await page.get(address, headers=ADA)
        told = await page.get(address, headers=ADA | JSON)
        pressed = await page.post(address, data={"digest": "x"}, headers=PRESSING | JSON)

    assert (seen.status_code, told.status_code, pressed.status_code) == (503, 503, 503)
    for text in (seen.text, told.text, pressed.text):
        assert f"The key {key} holds something else than Monarch's record" in text
        assert "is known" not in text
        assert "no such" not in text
    assert "Nothing was done." in pressed.text
    assert not means.done


async def test_a_set_that_lacks_something_says_so() -> None:
    """Another broken key stops no act, and its set is shown with a word about what it was read without."""
    key = f"{{monarch}}:migration:{REQUEST}:org/b"
    means = Means(known=a_request(a_migration("org/a", State.RUNNING)), spoiled=(key,))
    async with a_page(means) as page:
        cancel = (await page.get(f"/acts/cancel?request={REQUEST}", headers=ADA | JSON)).json()
        waiting = (await page.get(f"/acts/try?request={REQUEST}", headers=ADA | JSON)).json()

    assert (cancel["problem"], [one["key"] for one in cancel["set"]]) == ("", ["org/a"])
    assert f"The key {key} holds something else" in cancel["notes"][-1]
    assert waiting["problem"].startswith("Nothing of it waits for a later time. The key {monarch}:")
