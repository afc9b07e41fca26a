"""margin: what is to be printed in; as wide as the terminal out, or into a pipe without any margin."""

import re
from typing import Any

from rich.console import Console

WIDTH_MAX = 140  # of what is read on a terminal; longer lines tire
PIPED_WIDTH = 10_000  # where nobody sees a margin, nothing is cut or wrapped

_FILLED_UP = re.compile(" +$", re.MULTILINE)  # tables make all lines as long as their longest one


class Page(Console):
    """A console that takes nothing in a text for a style. Into a pipe no line ends with blanks."""

    def __init__(self, *, stderr: bool) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)
        self.width = min(self.width, WIDTH_MAX) if self.is_terminal else PIPED_WIDTH

    def print(self, *objects: Any, **how: Any) -> None:
        if self.is_terminal:
            super().print(*objects, **how)
            return
        with self.capture() as captured:
            super().print(*objects, **how)
        self.file.write(_FILLED_UP.sub("", captured.get()))
        self.file.flush()
