"""The page of a worker, loaded for its first visitor: without visitors it costs nothing, its code included.

```
waiting --first look--> loaded (in a thread) --> open --the worker ends--> closed
```

The first visitor waits about a second, while the event loop goes on. A separate task opens and closes what the page
needs, since the request that asked for it may be given up at any moment. If the page's code cannot be loaded (it was
replaced while the worker runs), that request fails, but neither the worker nor the next request does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from starlette.types import Receive, Scope, Send

from monarch.settings import Settings

if TYPE_CHECKING:
    from monarch.app.page import Served


class LatePage:
    """An ASGI application that becomes `app.page.Served` at its first request."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._served: Served | None = None
        self._loaded = anyio.Event()
        self._opened = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the page does."""
        while self._served is None:
            await to_thread.run_sync(_load)
            self._loaded.set()
            await self._opened.wait()
        await self._served.app(scope, receive, send)

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[None]:
        """Open the page when it is asked for, and close it at the end of the `with` block. Put it around the server."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._open)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """As `Page.living`, once there is a page. Put it inside of the server, so that streams do not hold that up."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._live)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()

    async def _open(self) -> None:
        await self._loaded.wait()
        from monarch.app.page import page_of  # noqa: PLC0415 - loaded by now

        async with page_of(self._settings) as self._served:
            self._opened.set()
            await anyio.sleep_forever()

    async def _live(self) -> None:
        await self._opened.wait()
        if self._served is not None:
            async with self._served.page.living():
                await anyio.sleep_forever()


def _load() -> None:
    import monarch.app.page  # noqa: F401, PLC0415 - see above
    from monarch.web.page.drawing import prepare  # noqa: PLC0415 - see above

    prepare()
