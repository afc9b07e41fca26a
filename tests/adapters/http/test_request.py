"""request: what goes over the wire, to the byte, and never more than one header."""

import pytest
from yarl import URL

from monitor.adapters.http import request

TARGETS = {
    "a path": ("http://a.example/feed", "/feed", "a.example"),
    "no path": ("http://a.example", "/", "a.example"),
    "a query alone": ("http://a.example?x=1", "/?x=1", "a.example"),
    "a path and a query": ("http://a.example/f?x=1&y=%20", "/f?x=1&y=%20", "a.example"),
    "a fragment": ("http://a.example/f#top", "/f", "a.example"),
    "another port": ("http://a.example:8080/", "/", "a.example:8080"),
    "the usual port": ("https://a.example:443/", "/", "a.example"),
    "the other scheme's port": ("https://a.example:80/", "/", "a.example:80"),
    "IPv4": ("http://192.0.2.1:81/", "/", "192.0.2.1:81"),
    "IPv6": ("http://[2001:db8::1]:8080/", "/", "[2001:db8::1]:8080"),
    "a name in another script": ("http://ПРИМЕР.рф/", "/", "xn--e1afmkfd.xn--p1ai"),
    "a path in another script": ("http://a.example/лента", "/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0", "a.example"),
    "a coded line break": ("http://a.example/a%0d%0aX:%20y", "/a%0D%0AX:%20y", "a.example"),
}


@pytest.mark.parametrize(("url", "target", "host"), TARGETS.values(), ids=TARGETS)
def test_a_get(url: str, target: str, host: str) -> None:
    asked = request.get(URL(url), {"user-agent": "t", "accept": "*/*"})
    assert asked == (
        f"GET {target} HTTP/1.1\r\nHost: {host}\r\nuser-agent: t\r\naccept: */*\r\nConnection: close\r\n\r\n".encode()
    )


def test_a_get_of_a_proxy_names_the_whole_url() -> None:
    asked = request.get(URL("http://a.example:8080/f?x=1#top"), {}, whole_url=True)
    assert asked == (b"GET http://a.example:8080/f?x=1 HTTP/1.1\r\nHost: a.example:8080\r\nConnection: close\r\n\r\n")


def test_a_post() -> None:
    asked = request.post(URL("http://a.example/hook"), {"user-agent": "t"}, "{é}".encode())
    assert asked == (b"POST /hook HTTP/1.1\r\nHost: a.example\r\nuser-agent: t\r\nContent-Length: 4\r\n\r\n{\xc3\xa9}")


def test_a_tunnel() -> None:
    assert request.connect("a.example", 443, {}) == b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
    assert request.connect("::1", 443, {}) == b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"


INJECTED = {
    "a line": {"x": "y\r\nz: 1"},
    "a bare line feed": {"x": "y\nz: 1"},
    "a bare carriage return": {"x": "y\rz: 1"},
    "two halves of a line break": {"x": "y\r", "z": "\n1"},
    "a NUL": {"x": "y\0"},
    "in a name": {"x\r\ny": "z"},
}


@pytest.mark.parametrize("headers", INJECTED.values(), ids=INJECTED)
def test_a_header_is_one_line(headers: dict[str, str]) -> None:
    for ask in (
        lambda: request.get(URL("http://a.example/"), headers),
        lambda: request.connect("a.example", 443, headers),
    ):
        with pytest.raises(ValueError, match=r"^a line break in a header$"):
            ask()
