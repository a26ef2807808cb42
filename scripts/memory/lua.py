"""Runs Monarch's Lua over a memory, as a server runs it: the same Lua (5.1), the same conversions, the same errors."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from lupa import lua51

from scripts.memory.cjson import Json
from scripts.memory.keyspace import RefusedError

_SETUP: Final = b"""
local call, encode, decode, null, sha1hex = ...
redis = {pcall = call, sha1hex = sha1hex}
function redis.error_reply(text) return {err = text} end
function redis.call(...)
  local reply = call(...)
  if type(reply) == 'table' and reply.err then error(reply, 0) end
  return reply
end
cjson = {encode = encode, decode = decode, null = null}
local compiled = {}
function load_script(digest, text)
  compiled[digest] = assert(loadstring('local KEYS, ARGV = ...\\n' .. text, '@user_script'))
end
-- What a script gives, or what it broke on.
function run_script(digest, keys, args)
  local ok, reply = pcall(compiled[digest], keys, args)
  if ok then return reply end
  if type(reply) == 'table' and reply.err then return {err = reply.err .. ' script: ' .. digest .. ', on @user_script:0.'} end
  if type(reply) ~= 'string' then error(reply, 0) end
  return {err = 'ERR ' .. reply .. ' script: ' .. digest .. ', on @user_script.'}
end
"""

Do = Callable[[bytes, list[bytes]], Any]


class Lua:
    """One interpreter. Each script is compiled once, and runs over the memory that it is given."""

    def __init__(self) -> None:
        runtime = lua51.LuaRuntime(encoding=None, unpack_returned_tuples=False)
        self._table_from = runtime.table_from
        self._do: Do = _nowhere
        self._known: set[str] = set()
        json = Json(runtime)
        setup = runtime.eval(b"loadstring")(_SETUP, b"@setup")
        setup(self._call, json.encode, json.decode, json.null, _sha1hex)
        self._load, self._run = runtime.globals()[b"load_script"], runtime.globals()[b"run_script"]

    def run(
        self, digest: str, text: str, do: Do, keys: Sequence[bytes], args: Sequence[bytes]
    ) -> Any:
        """The script's answer, as the protocol has it.

        Args:
            text: the whole script; its first line says how it is to be run, and means nothing here.
            do: runs a command.

        Raises:
            RefusedError: it ended in an error.
        """
        if digest not in self._known:
            # Its place is kept, so that an error names the line that a person finds.
            self._load(digest.encode(), b"\n".join(text.encode().split(b"\n")[1:]))
            self._known.add(digest)
        self._do = do
        keys_table, args_table = self._table_from(keys), self._table_from(args)
        return self._answer(self._run(digest.encode(), keys_table, args_table))

    def _call(self, name: bytes, *args: Any) -> Any:
        words = [one if type(one) is bytes else _argument(one) for one in args]
        try:
            reply = self._do(name, words)
        except RefusedError as error:
            return self._table_from({b"err": str(error).encode()})
        kind = type(reply)
        return reply if kind is bytes or kind is int else self._given(reply)

    def _given(self, reply: Any) -> Any:
        """A reply, as a script sees it: nil is false, and a status is a table."""
        kind = type(reply)
        if kind is bytes or kind is int:
            return reply
        if reply is None:
            return False
        if kind is list:
            given = self._given
            return self._table_from([one if type(one) is bytes else given(one) for one in reply])
        return self._table_from({b"ok": reply.encode()})

    def _answer(self, value: Any) -> Any:
        """What a script gives, as the protocol has it: numbers are cut, and a list ends at its first hole."""
        kind = type(value)
        if kind is bytes or kind is int or value is None:
            return value
        if kind is bool:
            return 1 if value else None
        if kind is float:
            return int(value)
        fields = dict(value.items())
        if b"err" in fields:
            raise RefusedError(fields[b"err"].decode("utf-8", "replace"))
        if b"ok" in fields:
            return fields[b"ok"].decode()
        found: list[Any] = []
        while (one := fields.get(len(found) + 1)) is not None:
            found.append(self._answer(one))
        return found


def _argument(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return b"%d" % value if value == int(value) else repr(value).encode()
    raise RefusedError("ERR Command arguments must be strings or integers")


def _sha1hex(text: bytes) -> bytes:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()


def _nowhere(name: bytes, _args: list[bytes]) -> Any:
    raise AssertionError(name)
