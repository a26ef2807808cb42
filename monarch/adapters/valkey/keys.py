"""The catalogue of keys: name, type, who writes it, when it ends.

All keys of an installation carry one hash tag, so that every script is legal in Valkey Cluster. Scripts receive
the keys that they are about and derive the names of the rest from the prefix, by the rules below.

```
key                    type        written by                    ends
requests               stream      mirror, submit, any producer, replay  entries are deleted when settled
migrations, notices    stream      settle, promote, replay, heal  entries are deleted when settled
dead                   stream      settle, sweep, audit, record  kept until replayed or dropped by a person
junk                   list        settle                        the newest 1,000 letters of messages that are wrong
parked                 sorted set  settle -> sweep               member leaves when promoted
parked:entries         hash        settle -> sweep               field leaves with its member
waiting:<target id>    sorted set  settle -> settle              member leaves when woken or promoted
request:<id>           hash        mirror, submit, settle, tell  retention after it ended well
known                  sorted set  mirror, submit, settle        requests by time; a member leaves once its request is gone
card:<cohort>          hash        settle, tell                  retention after the last of its requests ended well
open                   sorted set  mirror, submit, settle, replay, heal, begin   member leaves when it ended and was told
cohort:<cohort>        sorted set  settle                        its requests by when they joined, 200 at most; likewise
cohorts                sorted set  settle                        cohorts by when they began; a member leaves once its card is gone
cards:<digest>         string, PX  settle                        the newest card of a source, a channel and a portion; 30 days after it was joined
broken                 sorted set  settle                        keys of another type that were in the way of work, by when they last were; the newest 100
newer                  sorted set  settle                        a day after the last entry of a newer version was met
audited                hash        audit                         never
unsettled:<id>         set         settle                        empty when the request has ended
plan:<id>              string      settle                        retention after it ended well
migration:<id>         hash        settle, take, record, heal, begin   retention after the request ended well
verified:<migration>   string, PX  verify                        retention after it was read
ledger:<target id>     hash        permit, record                retention after its last write, while no migration needs it
needs:<target id>      set         take, settle, drop, replay, heal, begin   member leaves when its request has ended for good
latest:<target id>     string, PX  take                          retention after it was taken last
target:<target id>     string, PX  take, renew, settle           one lease
outlived:<stream>:<entry>  set, PX  renew, take, permit, settle, begin_telling   a day after its last write
accounts               sorted set  permit, gate, refuse          never; the newest thousand, by their last use
budget:<account>       sorted set  permit, record                two hours after its last write
slots:<account>        sorted set  permit, record                15 s a slot
turns:<account>        sorted set  permit, record                three minutes after the last in line asked
asks:<account>         sorted set  permit, record                likewise
shares:<account>       sorted set  permit                        three minutes after the last in line asked
knocks                 sorted set  settle, sweep, replay, heal   member leaves when nothing of it is queued any more
knockers               hash        with knocks                   likewise
learned:<account>      hash        permit, believe               never
points:<account>       hash        permit, admit                 two minutes after its last call
primary:<account>      hash        standing                      when GitHub's count begins anew
gate:<account>         hash        gate, believe, permit, record opened by a success; a day after it ran out
faults:<account>       set         record                        emptied by a success
inbox:<digest>         hash, PX    mirror, submit                a minute; a day for a submission
saying:<cohort>        string, PX  begin_telling                 15 s; of a request, where older code posts it
named                  sorted set  settle                        names of targets by when they were asked for; the newest 100,000, for the retention
sources                sorted set  settle                        ids of sources by when they were asked for; a member leaves after the retention
source:<id>            hash        settle                        retention after it was asked for
owner:<name>           string, PX  a sweep for missed ones       retention after the last sweep; 5,000 repositories at most
swept                  hash        turn                          a day after the last sweep
missed                 hash        found                         a field leaves when its repository was asked for or is too old; 2,000 at most
logins                 hash        introduce                     never; the newest 200: who we were is known by them alone
workers                hash        roster                        never; a field leaves when its worker stops; the newest 200
hearing                hash        mirror (heard:<worker>), ear (gap:<worker>)   never; a worker's fields leave with its line of `workers`
epoch                  hash        open_epoch, take, permit, sweep   never; 64 marks
paused                 string      pause (by whom)               when resumed
paused:since           string      pause (when, ms)              when resumed
refused                hash        settle, refuse                five minutes after its last write
asking                 string, PX  refusals                      50 s
receipt:<random>       string, PX  shelf                         a day
looking:<request>      string, PX  shelf                         30 s after it was said last that a look is under way
looked:<request>       string, PX  shelf                         a week
events                 stream      every script that changes state   MAXLEN ~ 10,000
```
"""

# ruff: noqa: D102 - the catalogue above says what each key is

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, MigrationId, RequestId, TargetId

GROUP = "workers"
"""The one consumer group of each stream of work."""

KINDS: Final = {
    **dict.fromkeys(("requests", "migrations", "notices", "dead", "events"), "stream"),
    **dict.fromkeys(("parked", "known", "open", "cohorts", "newer", "broken", "accounts"), "zset"),
    **dict.fromkeys(("knocks", "named", "sources"), "zset"),
    **dict.fromkeys(("parked:entries", "audited", "knockers", "swept", "missed"), "hash"),
    **dict.fromkeys(("logins", "workers", "hearing", "epoch", "refused"), "hash"),
    **dict.fromkeys(("paused", "paused:since", "asking"), "string"),
    "junk": "list",
}
"""What `TYPE` says of each key that an installation has once, by its name without the prefix; the catalogue has it in words."""

FAMILIES: Final = {
    **dict.fromkeys(("request", "card", "migration", "ledger", "learned", "points"), "hash"),
    **dict.fromkeys(("primary", "gate", "source", "inbox"), "hash"),
    **dict.fromkeys(("waiting", "cohort", "budget", "slots", "turns", "asks", "shares"), "zset"),
    **dict.fromkeys(("unsettled", "needs", "outlived", "faults"), "set"),
    **dict.fromkeys(("cards", "plan", "verified", "latest", "target", "saying", "owner"), "string"),
    **dict.fromkeys(("receipt", "looking", "looked"), "string"),
}
"""The same for keys of which there is one for each request, target or account, by their names before the first colon."""


def kind_of(name: str) -> str | None:
    """What `TYPE` should say of a key, by its name without the prefix; `None` for a key that the catalogue does not have."""
    return KINDS.get(name) or FAMILIES.get(name.partition(":")[0])


def kinds_around(names: Iterable[str]) -> dict[str, str]:
    """What a script may use that is given these keys, and the kind of each: these, others about the same, and the fleet's.

    By their names without the prefix.
    """
    given = {name: kind for name in names if (kind := kind_of(name))}
    about = [end for name in given if (end := name.partition(":")[2])]
    return {
        **given,
        **{f"{family}:{end}": kind for end in about for family, kind in FAMILIES.items()},
        **KINDS,
    }


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one installation, named by `namespace`."""

    namespace: str = "monarch"

    @property
    def prefix(self) -> str:
        return f"{{{self.namespace}}}:"

    def stream(self, stream: Stream) -> str:
        return self.prefix + stream.value

    @property
    def dead(self) -> str:
        return self.prefix + "dead"

    @property
    def parked(self) -> str:
        return self.prefix + "parked"

    @property
    def parked_entries(self) -> str:
        return self.prefix + "parked:entries"

    @property
    def known(self) -> str:
        return self.prefix + "known"

    @property
    def open(self) -> str:
        return self.prefix + "open"

    @property
    def cohorts(self) -> str:
        return self.prefix + "cohorts"

    @property
    def audited(self) -> str:
        return self.prefix + "audited"

    @property
    def named(self) -> str:
        return self.prefix + "named"

    @property
    def sources(self) -> str:
        return self.prefix + "sources"

    def source(self, source: int) -> str:
        return f"{self.prefix}source:{source}"

    def owner(self, name: str) -> str:
        return f"{self.prefix}owner:{name.lower()}"

    @property
    def swept(self) -> str:
        return self.prefix + "swept"

    @property
    def missed(self) -> str:
        return self.prefix + "missed"

    @property
    def logins(self) -> str:
        return self.prefix + "logins"

    @property
    def workers(self) -> str:
        return self.prefix + "workers"

    @property
    def epoch(self) -> str:
        return self.prefix + "epoch"

    @property
    def paused(self) -> str:
        return self.prefix + "paused"

    @property
    def paused_since(self) -> str:
        return self.prefix + "paused:since"

    @property
    def broken(self) -> str:
        return self.prefix + "broken"

    @property
    def newer(self) -> str:
        return self.prefix + "newer"

    @property
    def hearing(self) -> str:
        return self.prefix + "hearing"

    @property
    def refused(self) -> str:
        return self.prefix + "refused"

    @property
    def asking(self) -> str:
        return self.prefix + "asking"

    @property
    def events(self) -> str:
        return self.prefix + "events"

    def request(self, request: RequestId) -> str:
        return f"{self.prefix}request:{request}"

    def card(self, cohort: CohortId) -> str:
        return f"{self.prefix}card:{cohort}"

    def cohort(self, cohort: CohortId) -> str:
        return f"{self.prefix}cohort:{cohort}"

    def unsettled(self, request: RequestId) -> str:
        return f"{self.prefix}unsettled:{request}"

    def plan(self, request: RequestId) -> str:
        return f"{self.prefix}plan:{request}"

    def migration(self, migration: MigrationId) -> str:
        return f"{self.prefix}migration:{migration}"

    def saying(self, cohort: CohortId) -> str:
        return f"{self.prefix}saying:{cohort}"

    def verified(self, migration: MigrationId) -> str:
        return f"{self.prefix}verified:{migration}"

    def ledger(self, target: TargetId) -> str:
        return f"{self.prefix}ledger:{target}"

    def latest(self, target: TargetId) -> str:
        return f"{self.prefix}latest:{target}"

    def target(self, target: TargetId) -> str:
        return f"{self.prefix}target:{target}"

    def waiting(self, target: TargetId) -> str:
        return f"{self.prefix}waiting:{target}"

    def budget(self, account: str) -> str:
        return f"{self.prefix}budget:{account}"

    def slots(self, account: str) -> str:
        return f"{self.prefix}slots:{account}"

    @property
    def accounts(self) -> str:
        return self.prefix + "accounts"

    def turns(self, account: str) -> str:
        return f"{self.prefix}turns:{account}"

    def asks(self, account: str) -> str:
        return f"{self.prefix}asks:{account}"

    def learned(self, account: str) -> str:
        return f"{self.prefix}learned:{account}"

    def points(self, account: str) -> str:
        return f"{self.prefix}points:{account}"

    def primary(self, account: str) -> str:
        return f"{self.prefix}primary:{account}"

    def gate(self, account: str) -> str:
        return f"{self.prefix}gate:{account}"

    def faults(self, account: str) -> str:
        return f"{self.prefix}faults:{account}"

    def inbox(self, digest: str) -> str:
        return f"{self.prefix}inbox:{digest}"

    def receipt(self, name: str) -> str:
        return f"{self.prefix}receipt:{name}"

    def looking(self, request: RequestId) -> str:
        return f"{self.prefix}looking:{request}"

    def looked(self, request: RequestId) -> str:
        return f"{self.prefix}looked:{request}"
