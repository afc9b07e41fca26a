"""request: a URL and headers in, the bytes of a request out (RFC 9112, sections 3 and 5)."""

import re
from collections.abc import Mapping

from yarl import URL

_NOT_IN_A_LINE = re.compile(r"[\r\n\0]")


def get(url: URL, headers: Mapping[str, str], *, whole_url: bool = False) -> bytes:
    """A GET on a connection of its own; `whole_url`: as a proxy is asked. Raises ValueError for what would be more than a header."""
    target = str(url.with_fragment(None)) if whole_url else url.raw_path_qs
    return _head(f"GET {target}", url.host_port_subcomponent, {**headers, "Connection": "close"})


def post(url: URL, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST, after which another one may follow. Raises ValueError for what would be more than a header."""
    return (
        _head(f"POST {url.raw_path_qs}", url.host_port_subcomponent, {**headers, "Content-Length": str(len(body))})
        + body
    )


def connect(host: str, port: int, headers: Mapping[str, str]) -> bytes:
    """What asks a proxy for a tunnel (RFC 9110, section 9.3.6)."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return _head(f"CONNECT {authority}", authority, headers)


def _head(asked: str, host: str | None, headers: Mapping[str, str]) -> bytes:
    lines = [f"{asked} HTTP/1.1", f"Host: {host}", *[f"{name}: {value}" for name, value in headers.items()]]
    if _NOT_IN_A_LINE.search("".join(lines)):
        raise ValueError("a line break in a header")
    return "\r\n".join([*lines, "", ""]).encode()
