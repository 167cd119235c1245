"""The engines of the installation: so many at a time; whoever comes beyond that waits without a word."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Engines:
    """A limit that may change while it holds."""

    def __init__(self, most: Callable[[], int], *, seen: Callable[[int], None]) -> None:
        self._most = most
        self._seen = seen
        self._at_work = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Hold an engine for the block; wait until one is free."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._at_work < self._most())
            self._at_work += 1
            self._seen(self._at_work)
        try:
            yield
        finally:
            await self.changed(freed=1)

    async def idle(self) -> None:
        """Return when no engine is at work."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._at_work == 0)

    async def changed(self, *, freed: int = 0) -> None:
        """Let those who wait look again."""
        async with self._changed:
            self._at_work -= freed
            self._changed.notify_all()
