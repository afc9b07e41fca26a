"""complaints: what is odd in a document, said once per kind however often it occurs."""

from monitor.text.html import one_line

COMPLAINTS_MAX = 20
EXAMPLE_CHARS_MAX = 80


class Complaints:
    """Collects while one document is read; `words` are for a person."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def add(self, what: str, example: str = "") -> None:
        self._first.setdefault(what, one_line(example, EXAMPLE_CHARS_MAX))
        self._count[what] = self._count.get(what, 0) + 1

    def words(self) -> tuple[str, ...]:
        return tuple(self._word(what) for what in list(self._first)[:COMPLAINTS_MAX])

    def _word(self, what: str) -> str:
        example, count = self._first[what], self._count[what]
        return what + (f": {example}" if example else "") + (f" ({count} times)" if count > 1 else "")
