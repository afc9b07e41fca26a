"""guard: what is not public is never dialled, however it is written down."""

import socket
from contextlib import closing

import pytest
from yarl import URL

from monitor.adapters.guard import Blocked, Guard, refusal, web_url

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]

NOT_PUBLIC = {
    "0.0.0.0": "an address of this machine",
    "0.1.2.3": "an address of this machine",
    "10.0.0.1": "a private address",
    "10.255.255.255": "a private address",
    "100.64.0.1": "an address of a provider's own network",
    "100.100.100.200": "an address of a provider's own network",
    "100.127.255.255": "an address of a provider's own network",
    "127.0.0.1": "a loopback address",
    "127.255.255.254": "a loopback address",
    "168.63.129.16": "a cloud's metadata address",
    "169.254.0.1": "a link-local address",
    "169.254.169.254": "a link-local address",
    "172.16.0.1": "a private address",
    "172.31.255.255": "a private address",
    "192.0.0.8": "an address reserved for protocols",
    "192.0.0.192": "an address reserved for protocols",
    "192.0.2.1": "an address for documentation",
    "192.88.99.1": "a 6to4 relay",
    "192.168.1.5": "a private address",
    "198.18.0.1": "an address for benchmarks",
    "198.19.255.255": "an address for benchmarks",
    "198.51.100.7": "an address for documentation",
    "203.0.113.9": "an address for documentation",
    "224.0.0.1": "a multicast address",
    "239.255.255.250": "a multicast address",
    "240.0.0.1": "a reserved address",
    "255.255.255.254": "a reserved address",
    "255.255.255.255": "the broadcast address",
    "::": "an address of this machine",
    "::1": "a loopback address",
    "::2": "an IPv4-compatible address",
    "::7f00:1": "an IPv4-compatible address",
    "::127.0.0.1": "an IPv4-compatible address",
    "::8.8.8.8": "an IPv4-compatible address",
    "64:ff9b:1::1": "a local NAT64 address",
    "64:ff9b:1:ffff::a00:1": "a local NAT64 address",
    "100::1": "an address that discards",
    "100:0:0:1::1": "a dummy address",
    "2001::1": "a Teredo address",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "a Teredo address",
    "2001:2::1": "an address reserved for protocols",
    "2001:10::1": "an address reserved for protocols",
    "2001:20::1": "an address reserved for protocols",
    "2001:1ff:ffff::1": "an address reserved for protocols",
    "2001:db8::1": "an address for documentation",
    "2002:7f00:1::": "a 6to4 address",
    "2002:808:808::1": "a 6to4 address",
    "3fff::1": "an address for documentation",
    "3fff:fff:ffff::1": "an address for documentation",
    "4000::1": "not a public address",
    "5f00::1": "a segment-routing address",
    "8000::1": "not a public address",
    "fc00::1": "a private address",
    "fd00:ec2::254": "a private address",
    "fdff:ffff::1": "a private address",
    "fe00::1": "not a public address",
    "fe80::1": "a link-local address",
    "fe80::1%eth0": "a link-local address",
    "febf::1": "a link-local address",
    "fec0::1": "a site-local address",
    "feff::1": "a site-local address",
    "ff02::1": "a multicast address",
    "ff0e::1": "a multicast address",
}

EMBEDDED = {
    "::ffff:127.0.0.1": "127.0.0.1, a loopback address",
    "::ffff:7f00:1": "127.0.0.1, a loopback address",
    "0:0:0:0:0:ffff:a9fe:a9fe": "169.254.169.254, a link-local address",
    "::ffff:10.0.0.1": "10.0.0.1, a private address",
    "64:ff9b::7f00:1": "127.0.0.1, a loopback address",
    "64:ff9b::10.0.0.1": "10.0.0.1, a private address",
    "64:ff9b::a9fe:a9fe": "169.254.169.254, a link-local address",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(("address", "what"), NOT_PUBLIC.items(), ids=NOT_PUBLIC)
def test_another_address_may_not(address: str, what: str) -> None:
    assert refusal(address) == f"{address} is {what}"


@pytest.mark.parametrize(("address", "what"), EMBEDDED.items(), ids=EMBEDDED)
def test_an_address_inside_an_address_is_the_one_that_counts(address: str, what: str) -> None:
    assert refusal(address) == f"{address} stands for {what}"


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "1.2.3.4.5", "::1::", "[::1]"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refusal(text) == "the address cannot be read"


ALLOWED = {
    "a network": ("192.168.1.5", ("192.168.1.0/24",), True),
    "an address": ("192.168.1.5", ("192.168.1.5",), True),
    "one of several": ("10.1.1.1", ("192.168.1.0/24", "10.0.0.0/8"), True),
    "IPv6": ("fd00::1", ("fd00::/8",), True),
    "inside another address": ("::ffff:10.0.0.1", ("10.0.0.0/8",), True),
    "another network": ("192.168.2.5", ("192.168.1.0/24",), False),
    "the other family": ("::1", ("127.0.0.0/8",), False),
    "a host name says nothing here": ("192.168.1.5", ("nas.local",), False),
    "nothing": ("127.0.0.1", (), False),
}


@pytest.mark.parametrize(("address", "allow", "allowed"), ALLOWED.values(), ids=ALLOWED)
def test_the_configuration_allows_networks(address: str, allow: tuple[str, ...], allowed: bool) -> None:
    assert (refusal(address, allow) is None) is allowed


URLS: dict[str, str | None] = {
    "https://a.example/feed?x=%20": None,
    "http://a.example:8080/": None,
    "http://a.example:80/": None,
    "HTTP://A.EXAMPLE/": None,
    "https://пример.рф/лента": None,
    "http://[2001:db8::1]:1024/": None,
    "http://a.example:443/": None,
    "http://a.example:0/": "port 0 is not for HTTP",
    "http://a.example:25/": "port 25 is not for HTTP",
    "http://a.example:1023/": "port 1023 is not for HTTP",
    "http://a.example:65536/": "the URL cannot be read",
    "http://a.example:x/": "the URL cannot be read",
    "http://[::1/": "the URL cannot be read",
    "ftp://a.example/": "a URL that is not http or https",
    "file:///etc/passwd": "a URL that is not http or https",
    "//a.example/": "a URL that is not http or https",
    "": "a URL that is not http or https",
    "http:///feed": "a URL without a host",
    "http://me@a.example/": "a user name or password in the URL",
    "http://:secret@a.example/": "a user name or password in the URL",
    "http://a.example/" + "x" * 2083: "a URL longer than 2083 characters",
    "http://a.example\\@b.example/": "white space, a control character or a backslash in the URL",
    "http://a.example/\n": "white space, a control character or a backslash in the URL",
    "http://a.\texample/": "white space, a control character or a backslash in the URL",
    "http://a.example/\x7f": "white space, a control character or a backslash in the URL",
    "http://a.example/ x": "white space, a control character or a backslash in the URL",
    "http://a.example/\ud800": "white space, a control character or a backslash in the URL",
}


@pytest.mark.parametrize(("url", "why"), URLS.items(), ids=[ascii(url)[:40] for url in URLS])
def test_a_url_that_two_readers_could_read_differently_is_refused(url: str, why: str | None) -> None:
    if why is None:
        assert web_url(url) == URL(url)
    else:
        with pytest.raises(Blocked) as refused:
            web_url(url)
        assert str(refused.value) == why


def info(address: str, port: int = 80) -> tuple[int, int, int, str, tuple[str, int]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def test_a_socket_is_opened_only_for_what_may_be_dialled() -> None:
    guard = Guard(("10.0.0.0/8",))
    with closing(guard.open(info("8.8.8.8"))) as public, closing(guard.open(info("10.0.0.1"))) as allowed:
        assert public.family == allowed.family == socket.AF_INET
    with pytest.raises(Blocked, match=r"^127\.0\.0\.1 is a loopback address$"):
        guard.open(info("127.0.0.1"))


CHOICES = {
    "public ones stay": ("a.example", ["8.8.8.8", "2606:4700::1"], ["8.8.8.8", "2606:4700::1"]),
    "private ones go": ("a.example", ["127.0.0.1", "8.8.8.8", "fd00::1"], ["8.8.8.8"]),
    "allowed networks stay": ("a.example", ["192.168.1.1", "192.168.2.1"], ["192.168.1.1"]),
    "an allowed name keeps all": ("nas.local", ["192.168.2.1", "::1"], ["192.168.2.1", "::1"]),
    "in any case, with a final dot": ("NAS.local.", ["192.168.2.1"], ["192.168.2.1"]),
    "but not the names below it": ("x.nas.local", ["192.168.2.1", "8.8.8.8"], ["8.8.8.8"]),
    "nothing comes of nothing": ("a.example", [], []),
}


@pytest.mark.parametrize(("host", "found", "chosen"), CHOICES.values(), ids=CHOICES)
def test_of_a_names_addresses_some_are_chosen(host: str, found: list[str], chosen: list[str]) -> None:
    assert Guard(("192.168.1.0/24", "nas.local")).choose(host, 80, found) == chosen


def test_no_address_left_is_a_refusal() -> None:
    with pytest.raises(Blocked, match=r"^10\.0\.0\.1 is a private address$"):
        Guard(()).choose("a.example", 80, ["10.0.0.1", "127.0.0.1"])


def test_what_an_allowed_name_led_to_can_be_opened_until_the_guard_goes() -> None:
    guard = Guard(("nas.local",))
    guard.choose("nas.local", 80, ["192.168.2.1"])
    guard.open(info("192.168.2.1")).close()
    guard.open(info("::ffff:192.168.2.1")).close()
    with pytest.raises(Blocked):
        Guard(("nas.local",)).open(info("192.168.2.1"))
    with pytest.raises(Blocked):
        guard.open(info("192.168.2.2"))


OWN = {
    "its address": (("127.0.0.1", 8787), "127.0.0.1", 8787, True),
    "another port": (("127.0.0.1", 8787), "127.0.0.1", 8788, False),
    "another address": (("127.0.0.1", 8787), "127.0.0.2", 8787, False),
    "as a mapped address": (("127.0.0.1", 8787), "::ffff:127.0.0.1", 8787, True),
    "as no address": (("127.0.0.1", 8787), "0.0.0.0", 8787, True),
    "listening everywhere": (("0.0.0.0", 8787), "127.0.0.1", 8787, True),
    "listening everywhere, asked elsewhere": (("0.0.0.0", 8787), "8.8.8.8", 8787, False),
    "listening on a name": (("localhost", 8787), "127.0.0.1", 8787, True),
}


@pytest.mark.parametrize(("own", "address", "port", "refused"), OWN.values(), ids=OWN)
def test_newsmon_itself_is_refused_even_where_all_is_allowed(
    own: tuple[str, int], address: str, port: int, refused: bool
) -> None:
    guard = Guard(("0.0.0.0/0", "::/0"), [own])
    if refused:
        with pytest.raises(Blocked, match=f"^{address} port {port} is newsmon itself$"):
            guard.open(info(address, port))
    else:
        guard.open(info(address, port)).close()
