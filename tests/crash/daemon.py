"""The real daemon, with a hand on the plug: `python daemon.py CONFIG POINT COUNT` kills itself with SIGKILL when the named point of the
chain is reached for the COUNT-th time. It wraps what the composition root puts together; nothing in the product knows of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from monitor import app
from monitor.adapters.fetcher import Fetcher
from monitor.adapters.parse_pool import ParsePool
from monitor.adapters.receivers.webhook import Webhook
from monitor.adapters.store import deliveries
from monitor.adapters.store.books import StoreFeedBook, StoreOutbox
from monitor.config import load


class Plug:
    """Pulled when it was touched often enough."""

    def __init__(self, count: int) -> None:
        self._left = count

    def touch(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, name: str, touch: Callable[[], None]) -> None:
    original = getattr(owner, name)

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        touch()
        return await original(*args, **kwargs)

    setattr(owner, name, wrapped)


def after(owner: type, name: str, touch: Callable[[], None]) -> None:
    original = getattr(owner, name)

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        touch()
        return result

    setattr(owner, name, wrapped)


def in_transaction(touch: Callable[[], None]) -> None:
    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO matches"):
            touch()

    event.listen(Engine, "after_cursor_execute", executed)


def before_claim_of_something(touch: Callable[[], None]) -> None:
    original = StoreOutbox.claim

    async def wrapped(self: StoreOutbox, *args: Any, **kwargs: Any) -> Any:
        if await self.store.read(deliveries.pending):
            touch()
        return await original(self, *args, **kwargs)

    setattr(StoreOutbox, "claim", wrapped)  # noqa: B010  a method assigned plainly is refused by the type checker


def arm(point: str, plug: Plug) -> None:
    arms: dict[str, Callable[[], None]] = {
        "P1 before fetch": lambda: before(Fetcher, "fetch", plug.touch),
        "P3 after parse": lambda: after(ParsePool, "parse", plug.touch),
        "P4 mid-transaction": lambda: in_transaction(plug.touch),
        "P5 after item commit": lambda: after(StoreFeedBook, "commit", plug.touch),
        "P6 before claim": lambda: before_claim_of_something(plug.touch),
        "P7 after claim before POST": lambda: before(Webhook, "tell", plug.touch),
        "P9 after 2xx before commit": lambda: before(StoreOutbox, "settle", plug.touch),
    }
    if point in arms:  # P2 and P8 are pulled by the servers that the daemon speaks with
        arms[point]()


def main() -> int:
    folder, point, count = sys.argv[1:]
    arm(point, Plug(int(count)))
    return asyncio.run(app.run(load(Path(folder), os.environ)))


if __name__ == "__main__":
    sys.exit(main())
