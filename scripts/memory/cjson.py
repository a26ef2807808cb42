"""`cjson`, as Valkey gives it to scripts: what a script encodes or decodes is what it would be on a server, byte for byte."""

import json
import re
from typing import Any, Final

from lupa import lua51

_ESCAPED: Final = re.compile(rb'["\\/\x00-\x1f\x7f]')
_SHORT: Final = {
    **{bytes([code]): b"\\u%04x" % code for code in (*range(32), 127)},
    b'"': b'\\"',
    b"\\": b"\\\\",
    b"/": b"\\/",
    b"\b": b"\\b",
    b"\f": b"\\f",
    b"\n": b"\\n",
    b"\r": b"\\r",
    b"\t": b"\\t",
}


class Json:
    """Encodes and decodes the values of one Lua; `null` is what Lua has for JSON's null."""

    def __init__(self, lua: Any) -> None:
        self._table_from = lua.table_from
        self.null = lua.eval(b"newproxy()")

    def encode(self, value: Any) -> bytes:
        """A value of Lua as JSON; an empty table is an object."""
        kind = lua51.lua_type(value)
        if kind == "table":
            return self._encode_table(value)
        if value is None or kind == "userdata":
            return b"null"
        if isinstance(value, bytes):
            return b'"' + _ESCAPED.sub(lambda found: _SHORT[found[0]], value) + b'"'
        if isinstance(value, bool):
            return b"true" if value else b"false"
        return b"%.14g" % value

    def _encode_table(self, table: Any) -> bytes:
        fields = list(table.items())
        names = [name for name, _ in fields]
        if names and all(isinstance(name, int) and name > 0 for name in names):
            items = [self.encode(table[at]) for at in range(1, max(names) + 1)]
            return b"[" + b",".join(items) + b"]"
        pairs = [self.encode(_name(name)) + b":" + self.encode(part) for name, part in fields]
        return b"{" + b",".join(pairs) + b"}"

    def decode(self, raw: bytes) -> Any:
        """JSON as a value of Lua.

        Raises:
            ValueError: it is no JSON, which Lua's `pcall` catches.
        """
        return self._made(json.loads(raw.decode("utf-8", "surrogateescape"), parse_int=float))

    def _made(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return _raw(value)
        if kind is float:
            return value
        if kind is dict:
            return self._table_from({_raw(name): self._made(one) for name, one in value.items()})
        if kind is list:
            return self._table_from([self._made(one) for one in value])
        return self.null if value is None else value


def _name(name: Any) -> bytes:
    return name if isinstance(name, bytes) else b"%.14g" % name


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
