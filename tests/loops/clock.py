"""A clock that is moved by hand, for everything that loops."""

from datetime import UTC, datetime

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)


class Clock:
    """Fulfils `ports.Clock`. `luck` of 0.5 is no jitter where luck spreads."""

    def __init__(self, time: datetime = NOW, luck: float = 0.0) -> None:
        self.time = time
        self._luck = luck
        self._tokens = 0

    def now(self) -> datetime:
        return self.time

    def luck(self) -> float:
        return self._luck

    def token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"
