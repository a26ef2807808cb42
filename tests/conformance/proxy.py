"""A proxy between workers and the stand-in that keeps every exchange: what left, and what came back."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.descriptions import Exchange

WITHIN_S: Final = 60
_HOP_BY_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Recorder:
    """The exchanges so far; calls of the API alone, whose address ends in `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.exchanges: list[Exchange] = []

    def keep(self, method: str, target: str, asked: bytes, status: int, answered: bytes) -> None:
        """Keep one."""
        parts = urlsplit(target)
        self.exchanges.append(
            Exchange(
                method,
                parts.path.removeprefix(self.prefix),
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                _json(asked),
                status,
                _json(answered),
            )
        )


@contextmanager
def recording(upstream: str) -> Iterator[tuple[Recorder, str]]:
    """The recorder, and the address that stands in for `upstream` meanwhile."""
    parts = urlsplit(upstream)
    recorder = Recorder(parts.path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
            """Be silent."""

        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            to = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WITHIN_S)
            try:
                to.request(self.command, self.path, body or None, dict(self.headers))
                answer = to.getresponse()
                content = answer.read()
            finally:
                to.close()
            recorder.keep(self.command, self.path, body, answer.status, content)
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            if answer.status != http.HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _relay  # noqa: N815 - the library's names

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield recorder, f"http://127.0.0.1:{server.server_address[1]}{parts.path}"
        finally:
            server.shutdown()
            serving.join()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
