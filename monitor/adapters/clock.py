"""clock: real time and real luck. Every decision of newsmon that depends on them asks here."""

import random
import secrets
from datetime import UTC, datetime

TOKEN_BYTES = 16


class SystemClock:
    """Fulfils `ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def luck(self) -> float:
        return random.random()  # noqa: S311  it spreads load, it guards nothing

    def token(self) -> str:
        return secrets.token_hex(TOKEN_BYTES)
