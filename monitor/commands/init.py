"""init: an empty folder in, a configuration that runs unedited out: the shipped files, and a secret of its own."""

import base64
import json
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from monitor.config import shipped

SECRET_BYTES = 32
SECRET_FILE = Path("secrets/desk")
_COPIED = ("settings.yaml", "feeds.yaml", "alerts.yaml", "topics/*.yaml", "schemas/*.schema.json")
_CONTACT = re.compile("^( *)# contact: .*$", re.MULTILINE)


class AlreadyThereError(Exception):
    """Files that would have been overwritten."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        super().__init__(f"already there: {', '.join(str(path) for path in paths)}")


def init(
    folder: Path, *, force: bool = False, contact: str = "", luck: Callable[[int], bytes] = secrets.token_bytes
) -> tuple[Path, ...]:
    """Write the configuration into `folder` and return what was written. `contact`: whom publishers turn to, checked before.

    Nothing is written if a file is already there (`AlreadyThereError`). `force` overwrites the files, but never the
    secret: the receivers know it. `luck(n)` gives n random bytes.
    """
    source = shipped()
    copies = {folder / file.relative_to(source): file for pattern in _COPIED for file in sorted(source.glob(pattern))}
    secret = folder / SECRET_FILE
    there = tuple(path for path in (*copies, secret) if path.exists())
    if there and not force:
        raise AlreadyThereError(there)
    for target, file in copies.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    if contact:
        settings = folder / "settings.yaml"
        settings.write_text(_with_contact(settings.read_text("utf-8"), contact), "utf-8")
    if secret in there:
        return tuple(copies)
    _write_secret(secret, luck(SECRET_BYTES))
    return (*copies, secret)


def _with_contact(text: str, contact: str) -> str:
    """The settings with that contact in the place of the commented one."""
    written, count = _CONTACT.subn(lambda found: f"{found[1]}contact: {json.dumps(contact)}", text)
    if count != 1:
        raise ValueError("the shipped settings have one line `# contact: …`")
    return written


def _write_secret(path: Path, key: bytes) -> None:
    """For its owner's eyes from the first moment on; a secret of Standard Webhooks, on one line."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
        opened.write(f"whsec_{base64.b64encode(key).decode('ascii')}\n")
