"""The body of an answer, read up to a bound.

The other side decides how much comes, and a few packed bytes can unpack to more than a machine has. So a body is
taken from the connection in pieces and unpacked in steps. Between two steps the event loop turns, so that leases are
renewed and the call's deadline holds; and what is over the bound is not read any further.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import anyio
import httpx

MAX_BYTES: Final = 32 * 1024 * 1024
"""Of one body, unpacked: a page of a hundred issues, each as long as GitHub allows, is about 7 MB."""

ACCEPTED: Final = "gzip"
"""The one content encoding that is asked for, and understood."""

_STEP: Final = 256 * 1024


class TooLargeError(Exception):
    """A body is larger than the bound."""


async def read_body(response: httpx.Response, limit: int = MAX_BYTES) -> bytes:
    """Read the body of an answer that was opened as a stream; `limit` is in bytes, unpacked.

    Raises:
        TooLargeError: it is larger.
        httpx.HTTPError: it broke off, or cannot be unpacked.
    """
    if response.is_stream_consumed:
        # A transport in memory gives a body as a whole, and unpacked.
        return response.content
    unpacking = _Unpacking(response)
    body = bytearray()
    async for chunk in response.aiter_raw():
        for part in unpacking.parts(chunk):
            body += part
            if len(body) > limit:
                raise TooLargeError
            await anyio.lowlevel.checkpoint()
    unpacking.end()
    return bytes(body)


class _Unpacking:
    """Turns the bytes of a connection into those of a body."""

    def __init__(self, response: httpx.Response) -> None:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == ACCEPTED else None
        self._has_begun = False
        if encoding not in {ACCEPTED, "", "identity"}:
            raise httpx.DecodingError(f"it is packed in a way that was not asked for: {encoding}")

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk holds, in steps."""
        self._has_begun = self._has_begun or bool(chunk)
        if self._gzip is None:
            yield chunk
            return
        while chunk and not self._gzip.eof:
            try:
                yield self._gzip.decompress(chunk, _STEP)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
            chunk = self._gzip.unconsumed_tail

    def end(self) -> None:
        """Make sure that nothing is missing; an answer without any body is whole, whatever its headers say."""
        if self._gzip is not None and self._has_begun and not self._gzip.eof:
            raise httpx.DecodingError("what was packed ends too early")
