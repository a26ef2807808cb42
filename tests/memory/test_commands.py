"""Each command of the memory answers as a real Valkey does, and leaves the same behind."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monarch.sandbox.valkey import EmbeddedValkey
from tests.memory.servers import GROUP, Command, both

KEYS = ("k", "l")
A_STREAM: tuple[Command, ...] = (
    ("XGROUP", "CREATE", "k", GROUP, "0", "MKSTREAM"),
    *(("XADD", "k", "*", "v", 1, "n", n) for n in range(4)),
)
IN_HAND: tuple[Command, ...] = (
    *A_STREAM,
    ("XREADGROUP", "GROUP", GROUP, "one", "COUNT", 2, "STREAMS", "k", ">"),
    ("XREADGROUP", "GROUP", GROUP, "two", "COUNT", 1, "STREAMS", "k", ">"),
)
AGED: tuple[Command, ...] = (
    *IN_HAND,
    ("XCLAIM", "k", GROUP, "one", 0, "{0}", "IDLE", 60000, "RETRYCOUNT", 3, "JUSTID"),
    ("XCLAIM", "k", GROUP, "two", 0, "{2}", "IDLE", 40000, "RETRYCOUNT", 0, "JUSTID"),
)
SCORES: Command = ("ZADD", "k", 1, "a", 2, "b", 2, "aa", "3.5", "c", -1, "d")
HASH: Command = ("HSET", "k", "a", 1, "b", "two", "c", "")

CASES: dict[str, tuple[Command, ...]] = {
    # ------------------------------------------------------------------------------------------ keys
    "nothing": (("TYPE", "k"), ("EXISTS", "k", "l"), ("DEL", "k"), ("PTTL", "k"), ("PERSIST", "k")),
    "types": (
        *(("SET", "k", 1), ("TYPE", "k"), ("DEL", "k"), HASH, ("TYPE", "k"), ("DEL", "k")),
        *(("SADD", "k", 1), ("TYPE", "k"), ("DEL", "k"), SCORES, ("TYPE", "k"), ("DEL", "k")),
        *(("RPUSH", "k", 1), ("TYPE", "k"), ("DEL", "k"), *A_STREAM, ("TYPE", "k")),
    ),
    "exists": (("SET", "k", 1), ("EXISTS", "k", "l", "k"), ("DEL", "k", "l", "k"), ("EXISTS", "k")),
    "expiry": (
        *(("PEXPIRE", "k", 5000), ("SET", "k", 1), ("PEXPIRE", "k", 60000), ("PTTL", "k")),
        *(("PERSIST", "k"), ("PTTL", "k"), ("PERSIST", "k"), ("PEXPIRE", "k", 80000)),
        *(("SET", "k", 2), ("PTTL", "k"), ("PEXPIRE", "k", 0), ("GET", "k"), ("PEXPIRE", "k", "x")),
    ),
    "expiry is kept by what changes a key": (
        *(HASH, ("PEXPIRE", "k", 60000), ("HSET", "k", "a", 2), ("HINCRBY", "k", "a", 2)),
        *(("HDEL", "k", "a"), ("PTTL", "k"), ("HDEL", "k", "b", "c"), ("PTTL", "k")),
    ),
    "expired at once": (("SET", "k", 1), ("PEXPIRE", "k", -1), ("EXISTS", "k")),
    # --------------------------------------------------------------------------------------- strings
    "strings": (
        *(("GET", "k"), ("SET", "k", b"\x00\xff"), ("GET", "k"), ("SET", "k", 2, "NX")),
        *(("SET", "l", 3, "NX", "PX", 100000), ("SET", "k", 4, "PX", 100000), ("GET", "k")),
        *(("SET", "k", 1, "PX", "x"), ("HGET", "k", "a"), ("ZADD", "k", 1, "a"), ("XLEN", "k")),
    ),
    "a string takes the place of anything": (HASH, ("SET", "k", 1), ("GET", "k")),
    "the empty string": (("SET", "k", ""), ("GET", "k"), ("EXISTS", "k")),
    # ----------------------------------------------------------------------------------------- lists
    "lists": (
        *(("LLEN", "k"), ("LPOP", "k"), ("RPUSH", "k", 1, 2), ("RPUSH", "k", 3), ("LLEN", "k")),
        *(("LPOP", "k"), ("LPOP", "k"), ("LPOP", "k"), ("EXISTS", "k"), ("GET", "k")),
    ),
    # ---------------------------------------------------------------------------------------- hashes
    "hashes": (
        *(HASH, ("HSET", "k", "a", 2, "d", 3, "d", 4), ("HGETALL", "k"), ("HLEN", "k")),
        *(
            ("HGET", "k", "c"),
            ("HGET", "k", "z"),
            ("HMGET", "k", "a", "z", "c"),
            ("HGET", "l", "a"),
        ),
        *(("HEXISTS", "k", "c"), ("HEXISTS", "k", "z"), ("HMGET", "l", "a", "b"), ("HGETALL", "l")),
        *(("HSETNX", "k", "a", 9), ("HSETNX", "l", "a", 9), ("HSET", "k", "odd"), ("GET", "k")),
        *(("HDEL", "k", "a", "z"), ("HDEL", "k", "b", "c", "d"), ("EXISTS", "k"), ("HDEL", "k", 1)),
    ),
    "counting": (
        *(("HINCRBY", "k", "n", 2), ("HINCRBY", "k", "n", -5), ("HGET", "k", "n"), HASH),
        *(("HINCRBY", "k", "b", 1), ("HINCRBY", "k", "c", 1), ("HINCRBY", "k", "n", "x")),
        *(("HSET", "k", "f", "1.0"), ("HINCRBY", "k", "f", 1)),
    ),
    # ------------------------------------------------------------------------------------------ sets
    "sets": (
        *(
            ("SADD", "k", "a", "b", "a"),
            ("SADD", "k", "b"),
            ("SCARD", "k"),
            ("SISMEMBER", "k", "a"),
        ),
        *(("SISMEMBER", "k", "z"), ("SREM", "k", "a", "z"), ("SMEMBERS", "k"), ("SMEMBERS", "l")),
        *(("SREM", "k", "b"), ("EXISTS", "k"), ("SCARD", "k"), ("SET", "k", 1), ("SMEMBERS", "k")),
    ),
    "any member": (
        *(("SRANDMEMBER", "k", 2), ("SADD", "k", "only"), ("SRANDMEMBER", "k", 2)),
        ("SRANDMEMBER", "k", 0),
    ),
    # ----------------------------------------------------------------------------------- sorted sets
    "sorted sets": (
        *(SCORES, ("ZCARD", "k"), ("ZSCORE", "k", "c"), ("ZSCORE", "k", "a"), ("ZSCORE", "k", "z")),
        *(
            ("ZADD", "k", 9, "a", 8, "new"),
            ("ZADD", "k", "NX", 5, "a", 7, "nx"),
            ("ZADD", "k", "GT", 5, "nx", 9, "nx", 1, "gt"),
            ("ZSCORE", "k", "a"),
        ),
        *(("ZREM", "k", "a", "z"), ("ZMSCORE", "k", "b", "z"), ("ZADD", "k", "x", "y")),
        *(("ZADD", "k", 1234567890123, "big"), ("ZSCORE", "k", "big"), ("ZSCORE", "l", "a")),
        *(("ZADD", "k", "0.1", "tenth"), ("ZSCORE", "k", "tenth")),
    ),
    "ranges by place": (
        SCORES,
        *(("ZRANGE", "k", *at) for at in ((0, -1), (0, 0), (1, 2), (-2, -1), (-2, -2), (5, 9))),
        *(
            ("ZRANGE", "k", *at, "WITHSCORES")
            for at in ((0, -1), (-9, 1), (3, 1), (-1, 0), (-3, -9))
        ),
        *(("ZREVRANGE", "k", *at) for at in ((0, 1), (-2, -1), (2, 9))),
        *(("ZREVRANGE", "k", 0, 1, "WITHSCORES"), ("ZRANGE", "l", 0, -1), ("ZRANGE", "k", "x", 1)),
    ),
    "ranges by score": (
        SCORES,
        *(("ZRANGEBYSCORE", "k", *at) for at in (("-inf", "+inf"), (2, 2), ("(2", "+inf"))),
        *(("ZRANGEBYSCORE", "k", *at) for at in (("-inf", "(2"), (2, "(3.5"), (9, 1), (1, 2))),
        *(("ZRANGEBYSCORE", "k", "-inf", "+inf", "LIMIT", *at) for at in ((0, 2), (2, 9), (1, -1))),
        ("ZRANGEBYSCORE", "k", 1, 2, "WITHSCORES", "LIMIT", 1, 1),
        *(("ZRANGEBYSCORE", "k", "x", 1), ("ZRANGEBYSCORE", "l", "-inf", "+inf")),
        *(("ZCOUNT", "k", 2, 2), ("ZCOUNT", "k", "(2", "+inf"), ("ZCOUNT", "l", 0, 1)),
        *(("ZREMRANGEBYSCORE", "k", "-inf", "(2"), ("ZREMRANGEBYSCORE", "k", 9, 10)),
        *(("ZREMRANGEBYSCORE", "k", "-inf", "+inf"), ("EXISTS", "k")),
    ),
    "ranges by name": (
        ("ZADD", "k", 0, "a/1", 0, "a/2", 0, "a/3", 0, "b/1", 0, "a"),
        *(("ZLEXCOUNT", "k", *at) for at in (("[a/", "(a0"), ("(a/2", "(a0"), ("[a/2", "[a/2"))),
        *(("ZRANGEBYLEX", "k", *at) for at in (("[a/", "(a0"), ("[a/", "(a/3"), ("(b", "(a"))),
        *(("ZRANGEBYLEX", "k", "[a/", "(a0", "LIMIT", *at) for at in ((0, 2), (1, 9), (9, 1))),
        *(("ZLEXCOUNT", "l", "[a", "[b"), ("ZRANGEBYLEX", "k", "a", "[b")),
    ),
    "removing by place": (
        *(SCORES, ("ZREMRANGEBYRANK", "k", 0, -4), ("ZREMRANGEBYRANK", "k", 0, -1001)),
        *(("ZRANGE", "k", 0, -1), ("ZREMRANGEBYRANK", "k", 0, -1), ("EXISTS", "k")),
    ),
    "popping": (*(SCORES, *(("ZPOPMIN", "k"),) * 6), ("EXISTS", "k")),
    # --------------------------------------------------------------------------------------- streams
    "an entry under an id that is given": (
        *(("XADD", "k", "5-5", "a", 1), ("XADD", "k", "5-6", "a", 2), ("XADD", "k", "5-6", "a", 3)),
        ("XLEN", "k"),
    ),
    "streams": (
        *(("XLEN", "k"), *A_STREAM, ("XLEN", "k"), ("XRANGE", "k", "-", "+")),
        *(
            ("XRANGE", "k", "{1}", "{1}"),
            ("XRANGE", "k", "{1}", "{2}"),
            ("XRANGE", "k", "({1}", "+"),
        ),
        *(("XRANGE", "k", "-", "+", "COUNT", 2), ("XREVRANGE", "k", "+", "-", "COUNT", 2)),
        *(("XREVRANGE", "k", "({2}", "-"), ("XRANGE", "k", "x", "+"), ("XRANGE", "l", "-", "+")),
        *(("XDEL", "k", "{1}", "1-1"), ("XRANGE", "k", "{1}", "{1}"), ("XDEL", "l", "1-1")),
        *(("XDEL", "k", "{0}", "{2}", "{3}"), ("EXISTS", "k"), ("XLEN", "k"), ("GET", "k")),
    ),
    "groups": (
        *A_STREAM,
        *(
            ("XGROUP", "CREATE", "k", GROUP, "0", "MKSTREAM"),
            ("XGROUP", "DELCONSUMER", "k", GROUP, 1),
        ),
        *(("XGROUP", "DELCONSUMER", "k", "other", 1), ("XINFO", "CONSUMERS", "k", GROUP)),
        *(("XINFO", "CONSUMERS", "l", GROUP), ("XINFO", "CONSUMERS", "k", "other")),
        *(("XREADGROUP", "GROUP", GROUP, "one", "COUNT", 3, "STREAMS", "k", ">"),),
        *(("XREADGROUP", "GROUP", GROUP, "two", "COUNT", 3, "STREAMS", "k", ">"),),
        *(("XREADGROUP", "GROUP", GROUP, "two", "COUNT", 3, "STREAMS", "k", ">"),),
        *(("XREADGROUP", "GROUP", GROUP, "two", "COUNT", 3, "BLOCK", 1, "STREAMS", "k", ">"),),
        *(("XREADGROUP", "GROUP", "other", "two", "COUNT", 3, "STREAMS", "k", ">"),),
        *(("XREADGROUP", "GROUP", GROUP, "two", "COUNT", 3, "STREAMS", "l", ">"),),
        *(("XINFO", "CONSUMERS", "k", GROUP), ("XGROUP", "DELCONSUMER", "k", GROUP, "one")),
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XINFO", "CONSUMERS", "k", GROUP)),
    ),
    "an entry that is deleted before it is read": (
        *A_STREAM,
        *(("XDEL", "k", "{0}", "{2}"),),
        *(("XREADGROUP", "GROUP", GROUP, "one", "COUNT", 9, "STREAMS", "k", ">"),),
    ),
    "pending": (
        *AGED,
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XPENDING", "k", GROUP, "-", "+", 2)),
        *(("XPENDING", "k", GROUP, "{1}", "{1}", 1), ("XPENDING", "k", GROUP, "{3}", "{3}", 1)),
        *(("XPENDING", "k", GROUP, "{0}", "{0}", 1, "one"),),
        *(("XPENDING", "k", GROUP, "{0}", "{0}", 1, "two"),),
        *(("XPENDING", "k", GROUP, "-", "+", 9, "one"), ("XPENDING", "k", GROUP, "-", "+", 9, "z")),
        *(("XPENDING", "k", GROUP, "IDLE", 50000, "-", "+", 9),),
        *(("XPENDING", "k", GROUP, "IDLE", 25000, "-", "+", 1),),
        *(("XPENDING", "k", "other", "-", "+", 9), ("XPENDING", "l", GROUP, "-", "+", 9)),
        *(("SET", "l", 1), ("XPENDING", "l", GROUP, "-", "+", 9), ("XACK", "l", GROUP, "1-1")),
    ),
    "acknowledged": (
        *IN_HAND,
        *(("XACK", "k", GROUP, "{0}", "{3}", "9-9"), ("XACK", "k", GROUP, "{0}")),
        *(("XACK", "k", "other", "{1}"), ("XACK", "l", GROUP, "{1}"), ("XLEN", "k")),
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XINFO", "CONSUMERS", "k", GROUP)),
    ),
    "claimed": (
        *AGED,
        *(("XCLAIM", "k", GROUP, "new", 0, "{1}", "JUSTID"), ("XPENDING", "k", GROUP, "-", "+", 9)),
        *(
            ("XCLAIM", "k", GROUP, "new", 0, "{3}", "JUSTID"),
            ("XCLAIM", "k", GROUP, "x", 0, "9-9", "JUSTID"),
        ),
        *(("XDEL", "k", "{0}"), ("XCLAIM", "k", GROUP, "new", 0, "{0}", "JUSTID")),
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XINFO", "CONSUMERS", "k", GROUP)),
        *(
            ("XCLAIM", "k", "other", "new", 0, "{1}", "JUSTID"),
            ("XCLAIM", "l", GROUP, "n", 0, "1-1", "JUSTID"),
        ),
    ),
    "claimed by idle time": (
        *AGED,
        *(("XAUTOCLAIM", "k", GROUP, "heir", 50000, "0-0", "COUNT", 9),),
        *(("XAUTOCLAIM", "k", GROUP, "heir", 50000, "0-0", "COUNT", 9),),
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XINFO", "CONSUMERS", "k", GROUP)),
        *(("XAUTOCLAIM", "k", "other", "heir", 1, "0-0", "COUNT", 9),),
        *(("XAUTOCLAIM", "l", GROUP, "heir", 1, "0-0", "COUNT", 9),),
    ),
    "claimed in pieces": (
        *IN_HAND,
        *(("XAUTOCLAIM", "k", GROUP, "heir", 0, "0-0", "COUNT", 2),),
        *(("XAUTOCLAIM", "k", GROUP, "heir", 0, "{2}", "COUNT", 2),),
        *(("XAUTOCLAIM", "k", GROUP, "heir", 90000, "{1}", "COUNT", 1),),
    ),
    "claimed what is gone": (
        *AGED,
        *(
            ("XDEL", "k", "{0}", "{1}"),
            ("XAUTOCLAIM", "k", GROUP, "heir", 25000, "0-0", "COUNT", 1),
        ),
        *(("XAUTOCLAIM", "k", GROUP, "heir", 25000, "0-0", "COUNT", 9),),
        *(("XPENDING", "k", GROUP, "-", "+", 9), ("XINFO", "CONSUMERS", "k", GROUP)),
    ),
    "another type": tuple(
        (name, "k", *rest)
        for name, *rest in (
            *(("HSET", "a", 1), ("HGET", "a"), ("HMGET", "a"), ("HGETALL",), ("HDEL", "a")),
            *(("HINCRBY", "a", 1), ("SADD", 1), ("SREM", 1), ("SCARD",), ("ZADD", 1, "a")),
            *(("ZRANGE", 0, -1), ("ZCARD",), ("RPUSH", 1), ("LPOP",), ("LLEN",), ("GET",)),
            *(("XADD", "*", "a", 1), ("XLEN",), ("XRANGE", "-", "+"), ("XDEL", "1-1")),
            *(("SET", 1), ("HSET", "a", 1), ("SADD", 1), ("ZADD", 1, "a"), ("XADD", "*", "a", 1)),
        )
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_memory_answers_as_a_server_does(server: EmbeddedValkey, case: str) -> None:
    """Reply by reply, and in what is there afterwards."""
    async with both(server) as (real, memory):
        assert await memory.tell(CASES[case]) == await real.tell(CASES[case])
        assert await memory.state(KEYS) == await real.state(KEYS)


def _some(*words: object) -> st.SearchStrategy[object]:
    return st.sampled_from(words)


_KEY, _FIELD, _NUMBER = _some(*KEYS), _some("a", "b", "c"), _some(-1, 0, 1, 2, 7)
_ENTRY, _WHO = _some("{0}", "{1}", "{2}"), _some("one", "two")
_RANDOM = st.one_of(
    st.tuples(st.just("HSET"), _KEY, _FIELD, _NUMBER, _FIELD, _NUMBER),
    st.tuples(_some("HINCRBY"), _KEY, _FIELD, _NUMBER),
    st.tuples(_some("HGET", "HDEL", "HEXISTS", "SADD", "SREM", "ZREM", "ZSCORE"), _KEY, _FIELD),
    st.tuples(st.just("ZADD"), _KEY, _NUMBER, _FIELD),
    st.tuples(_some("ZRANGE", "ZREVRANGE", "ZREMRANGEBYRANK"), _KEY, _NUMBER, _NUMBER),
    st.tuples(_some("ZRANGEBYSCORE", "ZCOUNT", "ZREMRANGEBYSCORE"), _KEY, _NUMBER, _NUMBER),
    st.tuples(_some("ZPOPMIN", "LPOP", "DEL", "TYPE", "XLEN", "SCARD", "HLEN", "HGETALL"), _KEY),
    st.tuples(
        st.just("XREADGROUP"),
        *map(st.just, ("GROUP", GROUP)),
        _WHO,
        *map(st.just, ("COUNT", 1, "STREAMS", "s", ">")),
    ),
    st.tuples(_some("XACK"), st.just("s"), st.just(GROUP), _ENTRY),
    st.tuples(_some("XDEL"), st.just("s"), _ENTRY),
    st.tuples(
        st.just("XCLAIM"),
        *map(st.just, ("s", GROUP)),
        _WHO,
        st.just(0),
        _ENTRY,
        *map(st.just, ("IDLE", 60000, "RETRYCOUNT", 2, "JUSTID")),
    ),
    st.tuples(
        st.just("XAUTOCLAIM"),
        *map(st.just, ("s", GROUP)),
        _WHO,
        _some(0, 40000),
        *map(st.just, ("0-0", "COUNT", 1)),
    ),
    st.tuples(*map(st.just, ("XPENDING", "s", GROUP, "-", "+", 9))),
    st.tuples(*map(st.just, ("XINFO", "CONSUMERS", "s", GROUP))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_RANDOM, max_size=30))
async def test_memory_and_server_live_through_the_same(
    server: EmbeddedValkey, commands: list[Command]
) -> None:
    """Whatever is done to it, in whatever order."""
    begun: list[Command] = [("XGROUP", "CREATE", "s", GROUP, "0", "MKSTREAM")]
    begun += [("XADD", "s", "*", "n", n) for n in range(3)]
    async with both(server) as (real, memory):
        assert await memory.tell([*begun, *commands]) == await real.tell([*begun, *commands])
        assert await memory.state([*KEYS, "s"]) == await real.state([*KEYS, "s"])
