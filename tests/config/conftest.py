"""A configuration folder to spoil: small, valid, and written anew for every test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

GOOD = {
    "settings.yaml": "instance: desk-1\n",
    "feeds.yaml": "feeds:\n  - {id: one, url: https://one.example/rss, publisher: One}\n",
    "topics/day.yaml": (
        "entities:\n  nato: [NATO, НАТО]\ntopics:\n  - {id: alliance, title: The alliance, query: '@nato summit'}\n"
    ),
    "alerts.yaml": (
        "receivers:\n  - {id: desk, webhook: {url: https://desk.example/in, secret_file: secrets/desk}}\n"
        "routes:\n  - {receiver: desk}\n"
        "operations: {receiver: desk}\n"
    ),
    "secrets/desk": f"{SECRET}\n",
}

Write = Callable[[Mapping[str, str | bytes | None]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the good folder with some files replaced, or left out where the text is None."""

    def write_folder(changes: Mapping[str, str | bytes | None]) -> Path:
        folder = tmp_path / "config"
        for name, text in {**GOOD, **changes}.items():
            if text is not None:
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text if isinstance(text, bytes) else text.encode())
                file.chmod(0o600)
        return folder

    return write_folder
