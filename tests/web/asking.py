"""Asking a server of ours over real HTTP."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from starlette.types import ASGIApp

from monarch.web.server import listening_on, serving

HOST: Final = "127.0.0.1"


@asynccontextmanager
async def asking(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`, served on a free port."""
    async with serving(app, listening_on(HOST, 0)) as port, asking_on(port) as client:
        yield client


def asking_on(port: int) -> httpx.AsyncClient:
    """A client of whatever listens there; it waits as long as a busy machine needs to load a page's code."""
    return httpx.AsyncClient(
        base_url=f"http://{HOST}:{port}",
        trust_env=False,
        timeout=60,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
