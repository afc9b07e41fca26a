"""network: a Configuration in, what feeds are asked and read with beside a daemon out, for as long as it is entered."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from monitor import __version__

if TYPE_CHECKING:
    from monitor.model.settings import Configuration
    from monitor.ports import Fetch, Parse


class Network:
    fetch: "Fetch"
    parse: "Parse"

    def __init__(self, configuration: "Configuration") -> None:
        self._settings = configuration.settings
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        from monitor.adapters.fetcher import Fetcher
        from monitor.adapters.parse_pool import ParsePool

        agent = self._settings.poll.agent(__version__)
        self.fetch = await self._stack.enter_async_context(Fetcher(user_agent=agent))
        pool = ParsePool(workers=self._settings.poll.parse_workers)
        self._stack.push_async_callback(pool.close)
        self.parse = pool
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
