"""A script in memory gives what it gives on a server: values, errors, JSON."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from valkey.exceptions import ResponseError

from monarch.adapters.valkey.client.connection import connected
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.memory.clock import LoopTime
from scripts.memory.keyspace import RefusedError, UnknownCommandError
from scripts.memory.lua import Lua
from scripts.memory.server import Server

VALUES = (
    "return 1",
    "return {1, 2.9, -2.9, 'x', true, false, 3}",
    "return {1, nil, 3}",
    "return {{'a', {}}, {ok = 'fine'}}",
    "return {KEYS[1], ARGV[1], #KEYS, #ARGV}",
    "return redis.call('SET', KEYS[1], 1)",
    "return {redis.call('GET', KEYS[1]), redis.call('HGETALL', KEYS[1]), redis.call('EXISTS', KEYS[1])}",
    "return redis.call('GET', KEYS[1]) == false and 'nil is false' or 'other'",
    "redis.call('HSET', KEYS[1], 'whole', 3, 'part', 1.5, 'big', 1e15, 'third', 1 / 3) return redis.call('HGETALL', KEYS[1])",
    "return redis.call('TYPE', KEYS[1]).ok",
    "redis.call('SET', KEYS[1], 1) return redis.pcall('HGET', KEYS[1], 'a').err",
    "return {pcall(cjson.decode, '{') and 1 or 0, pcall(cjson.decode, '') and 1 or 0}",
    "return redis.sha1hex('abc')",
    "return unpack({'a', 'b'})",
    "return string.format('%.0f', 1e15)",
)
ERRORS = (
    "return redis.error_reply('WRONGTYPE it is one')",
    "redis.call('SET', KEYS[1], 1) return redis.call('HGET', KEYS[1], 'a')",
    "local nothing = nil return nothing.field",
    "return 1 + {}",
    "error('a reason')",
    "redis.call('HSET', KEYS[1], 'a', 'b') return redis.call('HINCRBY', KEYS[1], 'a', 1)",
)
JSON = (
    '{"a": null, "b": [1, 2.5, "x", true], "c": {}, "d": []}',
    r'"a \" \\ \/ \b \f \n \r \t \u00e9 \u20ac"',
    '"é 漢 🎉"',
    '{"deep": [[[{"x": [1]}]]]}',
    "[0, -1, 1e3, 1234567890123, 0.1]",
)
LUA = (
    "{}",
    "{1, 2, 3}",
    "{a = 'b'}",
    "{'/', '\"', '\\\\', '\\n', '\\127', '\\1'}",
    "{x = {1.5, 1e15, true, false}}",
    "'text'",
)


def in_memory(text: str) -> object:
    """What it gives over a memory of its own."""
    server = Server(LoopTime().now_ms)
    return Lua().run("digest", f"#!lua\n{text}", server.do, [b"key"], [b"argument"])


async def on_a_server(server: EmbeddedValkey, text: str) -> object:
    """What it gives over an empty server."""
    async with connected(server.url, "memory") as client:
        await client.flushall()
        return await client.eval(f"#!lua\n{text}", 1, "key", "argument")  # type: ignore[misc]  # untyped there


@pytest.mark.parametrize("text", VALUES)
async def test_a_script_gives_the_same(server: EmbeddedValkey, text: str) -> None:
    """Numbers are cut, lists end at their first hole, a status is text."""
    here, there = in_memory(text), await on_a_server(server, text)

    assert (here.encode() if isinstance(here, str) else _told(here)) == there


def _told(value: object) -> object:
    """A status within a list, as the library gives it."""
    if isinstance(value, list):
        return [_told(one) for one in value]
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize("text", ERRORS)
async def test_a_script_breaks_on_the_same(server: EmbeddedValkey, text: str) -> None:
    """With the same kind of error, which says that a script broke, and the line where it was its own."""
    with pytest.raises(RefusedError) as here:
        in_memory(text)
    with pytest.raises(ResponseError) as there:
        await on_a_server(server, text)

    start = str(there.value).partition(" script: ")[0]
    assert str(here.value).removeprefix("ERR ").startswith(start)
    assert ("script: " in str(here.value)) == ("script: " in str(there.value))


@pytest.mark.parametrize("text", JSON)
async def test_json_is_read_alike(server: EmbeddedValkey, text: str) -> None:
    """What was decoded and encoded again; null is no nil."""
    script = f"local it = cjson.decode([==[{text}]==]) return {{cjson.encode(it), type(it)}}"

    here, there = in_memory(script), await on_a_server(server, script)

    assert here == there


@pytest.mark.parametrize("value", LUA)
async def test_json_is_written_alike(server: EmbeddedValkey, value: str) -> None:
    """Byte for byte."""
    script = f"return cjson.encode({value})"

    assert in_memory(script) == await on_a_server(server, script)


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=20)))
def test_json_gives_back_what_it_was_given(texts: list[bytes]) -> None:
    """Also what is no UTF-8: a payload may be anything."""
    server = Server(LoopTime().now_ms)
    script = "#!lua\nlocal all = cjson.decode(cjson.encode(ARGV)) return all"

    found = Lua().run("digest", script, server.do, [], [b"first", *texts])

    assert found == [b"first", *texts]


@pytest.mark.parametrize("call", ["'OBJECT', 'ENCODING', 'k'", "'ZADD', 'k', 'CH', 1, 'a'"])
def test_what_the_memory_does_not_have_is_told_loudly(call: str) -> None:
    """No script and no adapter can take it for trouble."""
    with pytest.raises(UnknownCommandError):
        in_memory(f"local ok = pcall(redis.call, {call}) return redis.call({call})")
