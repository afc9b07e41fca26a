"""severity: how loudly a topic speaks."""

from enum import StrEnum


class Severity(StrEnum):
    """From the quietest to the loudest; `rank` orders them."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
