"""TLS in front of a Valkey that has none: the embedded server is built without it.

The handshake is a real one; what ends it is Python's `ssl` and not the server. Where a server with TLS is on the
PATH, `native_server` finds it.
"""

import asyncio
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "tls"
AUTHORITY, CERTIFICATE, KEY = FOLDER / "authority.pem", FOLDER / "server.pem", FOLDER / "server.key"
"""A certificate for 127.0.0.1 and nothing else, valid for a hundred years, and who signed it."""

HOST = "127.0.0.1"


def native_server() -> Path | None:
    """A server with TLS on this machine, such as Debian's; `None` where there is none."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


@contextmanager
def tls_in_front_of(port: int) -> Iterator[int]:
    """The port behind which `port` of this machine is reached by TLS."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listen(port), loop).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(port: int) -> asyncio.Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            inner, outer = await asyncio.open_connection(HOST, port)
            try:
                await asyncio.gather(_pour(reader, outer), _pour(inner, writer))
            finally:
                outer.transport.abort()
                writer.transport.abort()

    return await asyncio.start_server(serve, HOST, 0, ssl=context)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on until one side ends, which ends both."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError


async def _end(server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(3):  # a transport is closed by the loop, and TLS has one around another
        await asyncio.sleep(0)
