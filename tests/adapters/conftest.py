"""The server on loopback as a fixture, certificates for it, and a witness of what is dialled."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from wire import Serve, start


@pytest.fixture
def serve() -> Serve:
    return start


class _Witness:
    """Sees every connect() of this process: a hook of the interpreter's own (PEP 578), which cannot be taken off again."""

    def __init__(self) -> None:
        self.dialled: list[Any] | None = None
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self.dialled is not None:
            self.dialled.append(arguments[1])


@pytest.fixture(scope="session")
def witness() -> _Witness:
    return _Witness()


@pytest.fixture
def dialled(witness: _Witness) -> Iterator[list[Any]]:
    """The addresses that this process has tried to connect to since the test began."""
    witness.dialled = []
    yield witness.dialled
    witness.dialled = None


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `good` (127.0.0.1), `named` (named.example), `expired` and `other` (another host's): each a .pem and a .key, signed by itself."""
    if which("openssl") is None:
        pytest.skip("openssl is missing: TLS is not tested here")
    folder = tmp_path_factory.mktemp("certificates")
    for name, san, days in (
        ("good", "IP:127.0.0.1", "2"),
        ("named", "DNS:named.example", "2"),
        ("other", "DNS:other.example", "2"),
        ("expired", "IP:127.0.0.1", "-1"),
    ):
        key, wanted = folder / f"{name}.key", folder / f"{name}.csr"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"]
        signed = ["-signkey", key, "-days", days, "-copy_extensions", "copyall", "-out", folder / f"{name}.pem"]
        _openssl("req", "-new", *curve, *subject, "-keyout", key, "-out", wanted)
        _openssl("x509", "-req", "-in", wanted, *signed)
    return folder


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
