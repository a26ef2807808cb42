"""The watch for missed repositories: when it sweeps, what it tells, and that it may die anywhere."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger, capture_logs

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.missed import ValkeyMissed
from monarch.adapters.valkey.views.missed import MissedOnRecord
from monarch.core.card.messages import Words
from monarch.core.delivery import Stream
from monarch.core.missed.judging import window_ms
from monarch.core.outcome import Code, Permanent, Scope, Transient
from monarch.ports import Posted, StoreError, Unanswered
from monarch.sandbox.faults import Answer, Match
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.stages.missed.sweeper import Options, SweepTools
from monarch.stages.missed.tell import Teller
from monarch.stages.missed.watch import EVERY_MS, Duty, MissedWatch
from monarch.telemetry import Telemetry
from tests.contracts.missed.school import CHANNEL, OWNER, RETENTION_MS, School, a_school, made


class LateMissed(ValkeyMissed):
    """What is kept in Valkey, as it will be after `late_ms`."""

    late_ms = 0

    async def now_ms(self) -> int:
        """The server's clock, moved on."""
        return await super().now_ms() + self.late_ms


class Channel:
    """Slack, as far as it is needed here: what it takes, and what it answers next."""

    def __init__(self) -> None:
        self.posts: list[str] = []
        self.answers: list[Any] = []

    async def post(
        self, channel: str, words: Words, thread: str | None = None, *, broadcast: bool = False
    ) -> Any:
        """Take a message, unless something else is to be answered."""
        assert channel == CHANNEL
        answer = self.answers.pop(0) if self.answers else Posted("1.0", channel)
        if isinstance(answer, Posted | Unanswered):
            self.posts.append(words.text)
        assert (thread, broadcast) == (None, False)
        return answer

    async def update(self, channel: str, ts: str, words: Words) -> Any:
        """It is never edited."""
        raise NotImplementedError


class Worker:
    """One worker that watches; `wrap` is put around each port."""

    def __init__(
        self,
        school: School,
        channel: Channel,
        *,
        submits: bool = False,
        wrap: Callable[[Any], Any] = lambda port: port,
    ) -> None:
        self.missing = LateMissed(school.client, school.keys, "channel", retention_ms=RETENTION_MS)
        known = school.reading
        reading = SweepTools(
            wrap(known.github), wrap(known.owners), wrap(self.missing), known.budget, known.us
        )
        telemetry = Telemetry(CollectorRegistry(), structlog.wrap_logger(CapturingLogger()))
        teller = Teller(
            wrap(channel), reading.missing, telemetry, "https://github.com", submits=submits
        )
        self.gaps = 0
        duty = Duty((OWNER,), window_ms(30 * 86_400_000), submits)
        options = Options(school.rules)
        self.watch = MissedWatch(reading, options, duty, telemetry, teller, lambda: self.gaps)


async def requests_in(school: School) -> list[str]:
    """The targets of everything that was asked for."""
    entries = await school.client.xrange(school.keys.stream(Stream.REQUESTS))
    return [json.loads(f[b"payload"])["all_target_repositories"][0] for _, f in entries]


async def told(school: School) -> Counter[str]:
    """How often each event of the sweep is in the log for people."""
    entries = await school.client.xrange(school.keys.events)
    names = (fields[b"event"].decode() for _, fields in entries)
    return Counter(name for name in names if name.startswith("repository."))


async def an_age_passes(school: School, ms: int) -> None:
    """The last sweep was so long ago."""
    at = int(await school.client.hget(school.keys.swept, "at"))
    await school.client.hset(school.keys.swept, "at", at - ms)
    for repository, packed in (await school.client.hgetall(school.keys.missed)).items():
        known = json.loads(packed)
        if "telling_ms" in known:
            known["telling_ms"] = str(int(known["telling_ms"]) - ms)
            await school.client.hset(school.keys.missed, repository, json.dumps(known))


async def test_a_worker_sweeps_when_it_is_its_turn(school: School) -> None:
    """Every ten minutes it is somebody's; after a gap in hearing that was not swept yet, soon."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    one, other = Worker(school, Channel()), Worker(school, Channel())

    assert await one.watch.look()
    assert not await one.watch.look()
    assert not await other.watch.look()
    await an_age_passes(school, EVERY_MS)
    assert await other.watch.look()
    await an_age_passes(school, 20_000)
    one.gaps = 1
    assert await one.watch.look()
    await an_age_passes(school, 20_000)
    assert not await one.watch.look()


async def test_what_is_too_young_is_looked_at_again_once_it_is_not(school: School) -> None:
    """Without another turn."""
    await school.sandbox.seed(a_school(made("team-a", days=0)))
    await school.asks_for()
    worker, channel = Worker(school, Channel()), Channel()
    worker = Worker(school, channel)

    assert await worker.watch.look()
    assert not await worker.watch.look()
    assert channel.posts == []
    worker.missing.late_ms = 61_000
    assert await worker.watch.look()

    assert len(channel.posts) == 1


async def test_a_sweep_that_failed_is_repeated_soon_and_then_later_and_later(
    school: School,
) -> None:
    """By the same worker, without another turn, until it comes to its end; its turn comes all the same."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    lists = Match(api="github", method="GET", path_regex=f"/{OWNER}/repos")
    fault = await school.sandbox.add_fault(Answer(status=404), match=lists, times=None)
    channel = Channel()
    worker = Worker(school, channel)

    assert await worker.watch.look()
    assert await _looks(worker, 10, 35, 60, 100) == [False, True, False, True]
    await school.sandbox.remove_faults(fault)
    assert await _looks(worker, 150, 230, 900) == [False, True, False]

    assert len(channel.posts) == 1


async def _looks(worker: Worker, *after_s: int) -> list[bool]:
    """Whether it sweeps so many seconds later than at first."""
    swept = []
    for seconds in after_s:
        worker.missing.late_ms = seconds * 1000
        swept.append(await worker.watch.look())
    return swept


async def test_each_repository_is_told_once_in_the_channel_of_its_source(school: School) -> None:
    """A later sweep tells of those alone that came since."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    channel = Channel()
    await Worker(school, channel).watch.look()
    await school.sandbox.seed(a_school(made("team-b")))
    await an_age_passes(school, EVERY_MS)
    await Worker(school, channel).watch.look()

    first, second = channel.posts
    assert "team-a" in first
    assert "team-b" in second
    assert "team-a" not in second
    assert await requests_in(school) == []


@pytest.mark.parametrize(
    ("answer", "posts"),
    [
        (Transient("away"), 1),
        (Unanswered("lost"), 1),
        (Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "channel_not_found"), 0),
    ],
)
async def test_what_slack_does_not_take_is_told_again_unless_it_may_be_there(
    school: School, answer: Any, posts: int
) -> None:
    """A lost answer is not repeated, nor is a refusal for good; the others are told by the next sweep."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    channel = Channel()
    channel.answers = [answer]

    for _ in range(2):
        await Worker(school, channel).watch.look()
        await an_age_passes(school, EVERY_MS)

    assert len(channel.posts) == posts


async def test_a_report_whose_answer_was_lost_is_logged(school: School) -> None:
    """It was not posted again, and no line said so."""
    await school.sandbox.seed(a_school(made("team-a")))
    await school.asks_for()
    channel = Channel()
    channel.answers = [Unanswered("Slack answered 502")]

    with capture_logs() as lines:
        await Worker(school, channel).watch.look()

    (line,) = (line for line in lines if line["event"] == "notice.unanswered")
    assert (line["kind"], line["reason"]) == ("missed", "Slack answered 502")


class _Dead(BaseException):
    """The process is gone."""


class Blows:
    """Strikes at the n-th call of any port that is wrapped: before it, or after it has had its effect."""

    def __init__(self, strike: int, blow: BaseException | None, *, after: bool) -> None:
        self.calls = 0
        self._strike, self._blow, self._after = strike, blow, after

    def wrap(self, port: Any) -> Any:
        """The port with this around it."""
        blows = self

        class Wrapped:
            def __getattr__(self, name: str) -> Any:
                method = getattr(port, name)

                async def called(*args: Any, **more: Any) -> Any:
                    return await blows.around(lambda: method(*args, **more))

                return called

        return Wrapped()

    async def around(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """One call."""
        self.calls += 1
        is_struck = self.calls == self._strike
        if is_struck and self._blow is not None and not self._after:
            raise self._blow
        answer = await call()
        if is_struck and self._blow is not None:
            raise self._blow
        return answer


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("blow", [_Dead(), StoreError("away")])
async def test_a_worker_that_dies_anywhere_in_its_sweep_leaves_it_to_the_next(
    school: School, tmp_path: Path, blow: BaseException, after: bool
) -> None:
    """Every repository is asked for once and on record once; the channel is told, and where it is told twice that is said."""
    await school.sandbox.seed(a_school(made("team-a"), made("team-b")))
    with EmbeddedValkey(tmp_path) as kept:
        async with connected(kept.url, "tests") as school.client:
            calls = await _whole_sweep(school)
            for strike in range(1, calls + 1):
                await school.client.flushall()
                await _struck(school, Blows(strike, blow, after=after))


async def _whole_sweep(school: School) -> int:
    """How many calls it takes."""
    await school.asks_for()
    counted = Blows(0, None, after=False)
    await Worker(school, Channel(), submits=True, wrap=counted.wrap).watch.look()
    return counted.calls


async def _struck(school: School, blows: Blows) -> None:
    """A worker is struck, and the next one goes on."""
    await school.asks_for()
    channel = Channel()
    with pytest.raises((_Dead, StoreError)):
        await Worker(school, channel, submits=True, wrap=blows.wrap).watch.look()
    if await school.client.hexists(school.keys.swept, "at"):
        await an_age_passes(school, EVERY_MS)
    await Worker(school, channel, submits=True).watch.look()

    assert sorted(await requests_in(school)) == ["school/team-a", "school/team-b"]
    events = await told(school)
    assert events["repository.missed"] <= 2
    assert events["repository.asked"] <= 2
    assert channel.posts
    assert [text for text in channel.posts[1:] if "Posted again" not in text] == []


async def test_what_is_on_record_is_shown_with_who_asked_for_it(
    school: School, tmp_path: Path
) -> None:
    """The newest first; rubbish is left out."""
    await school.sandbox.seed(a_school(made("team-a", days=2), made("team-b")))
    with EmbeddedValkey(tmp_path) as kept:
        async with connected(kept.url, "tests") as school.client:
            await school.asks_for()
            await Worker(school, Channel(), submits=True).watch.look()
            await school.client.hset(school.keys.missed, "1", b"no JSON")
            lines = await MissedOnRecord(school.client, school.keys).all()

    assert [one.repository for one in lines] == ["school/team-b", "school/team-a"]
    assert {(one.channel, one.by) for one in lines} == {(CHANNEL, "Monarch")}
    assert all(one.request and one.found_ms > one.created_ms for one in lines)
