"""guard: an address or a URL in, why it may not be dialled out; and sockets that are opened only after that question.

Feeds, their redirects and receivers name hosts that newsmon then connects to, from inside somebody's network. So what is
not public is refused unless the configuration allows it by name (`allow_private`). A name proves nothing, for it may
resolve to anything, and to something else a moment later: what is asked about is the address of the socket itself.

`ipaddress.is_global` is no help: it takes multicast, NAT64, 6to4 and IPv4-compatible addresses for public. The table
follows the IANA special-purpose registries (RFC 6890) and refuses whatever of IPv6 is not global unicast.
"""

import re
import socket
from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

from yarl import URL

from monitor.text.http import is_web_port

URL_CHARS_MAX = 2083
URLS_KEPT_MAX = 2048  # a feed's URL is read once, not at every poll: about a kilobyte each
ALLOWANCES_KEPT_MAX = 256

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
AddrInfo: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""What a socket is opened and connected with, as `socket.getaddrinfo` gives it."""

_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291, section 2.5.5.2
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how an IPv6-only network reaches IPv4
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an address of this machine"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address of a provider's own network"),  # RFC 6598; Alibaba's metadata too
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "a cloud's metadata address"),  # Azure: public by number, local by routing
        ("169.254.0.0/16", "a link-local address"),  # the clouds' metadata
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "an address reserved for protocols"),  # Oracle's metadata too
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an address of this machine"),
        ("::1/128", "a loopback address"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b:1::/48", "a local NAT64 address"),
        ("100::/64", "an address that discards"),
        ("100:0:0:1::/64", "a dummy address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "an address reserved for protocols"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "an address for documentation"),
        ("5f00::/16", "a segment-routing address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)
# What two readers of one URL could read differently: one would check a host, and the other dial another one.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")


_NO_HOST = "the URL names no host that can be dialled"


class Blocked(OSError):  # noqa: N818  it is a decision, and is read as one
    """The guard refused to dial. Its text is for a person."""


def refusal(address: str, allow_private: Iterable[str] = ()) -> str | None:
    """Why that IP address may not be dialled, in words; None if it may. Host names in `allow_private` do not count here."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "the address cannot be read"
    real = _unpacked(ip)
    if any(real in network or ip in network for network in _networks(tuple(allow_private))):
        return None
    what = _what(real)
    if what is None:
        return None
    return f"{address} is {what}" if real == ip else f"{address} stands for {real}, {what}"


@lru_cache(maxsize=URLS_KEPT_MAX)
def web_url(text: str, ports: tuple[int, ...] = ()) -> URL:
    """The URL, which may be asked as far as it goes: nothing is known of its host's address yet. Raises Blocked, in words that do not
    repeat it.

    `ports` may be asked although HTTP is not spoken there as a rule.
    """
    if len(text) > URL_CHARS_MAX:
        raise Blocked(f"a URL longer than {URL_CHARS_MAX} characters")
    if _AMBIGUOUS.search(text):
        raise Blocked("white space, a control character or a backslash in the URL")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise Blocked("the URL cannot be read") from None
    if url.scheme not in {"http", "https"}:
        raise Blocked("a URL that is not http or https")
    if url.raw_user is not None or url.raw_password is not None:
        raise Blocked("a user name or password in the URL")
    if not host:
        raise Blocked("a URL without a host")
    if not is_web_port(port or 0, ports):
        raise Blocked(f"port {port} is not for HTTP")
    return url


def is_address(host: str) -> bool:
    """Whether the host of a URL is an address rather than a name. Raises Blocked for a number that is neither (127.1, 2130706433): the
    system would take it for one.
    """
    if ":" in host:
        return True
    if not host.replace(".", "").isdigit():
        return False
    try:
        ip_address(host)
    except ValueError:
        raise Blocked(_NO_HOST) from None
    return True


class Guard:
    """What one poll or one attempt may dial: public addresses, and what its `allow_private` names."""

    def __init__(self, allow_private: Collection[str], own: Collection[tuple[str, int]] = ()) -> None:
        """`own`: where newsmon itself listens; that is never dialled, whatever is allowed."""
        self._allow = tuple(allow_private)
        self._own = tuple(own)
        self._granted: set[Address] = set()  # what the allowed names resolved to

    def choose(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Those of a host's addresses that may be dialled. Raises Blocked if that is none of them."""
        found = list(addresses)
        if host.lower().rstrip(".") in self._allow:
            self._granted.update(_unpacked(ip_address(address)) for address in found)
        refused = {address: why for address in found if (why := self._refusal(address, port)) is not None}
        chosen = [address for address in found if address not in refused]
        if refused and not chosen:
            raise Blocked(next(iter(refused.values())))
        return chosen

    def vet(self, host: str, port: int) -> None:
        """A host that a proxy is to reach. Raises Blocked for what can be told of it here: an address as it is written, and the
        names of this machine. Any other name is the proxy's to resolve, and its own rules decide what it reaches.
        """
        name = host.lower().rstrip(".")
        if name in self._allow:
            return
        try:
            address = str(ip_address(name))
        except ValueError:
            if _NUMBER.fullmatch(name.rpartition(".")[2]):  # 2130706433, 0x7f.1: an address in disguise
                raise Blocked(_NO_HOST) from None
            if name == "localhost" or name.endswith(".localhost"):
                raise Blocked(f"{name} is this machine, or the proxy's") from None
            return
        why = self._refusal(address, port)
        if why is not None:
            raise Blocked(why)

    def open(self, info: AddrInfo) -> socket.socket:
        """The socket for that address. Raises Blocked instead of opening one for an address that may not be dialled."""
        family, kind, protocol, _, (address, port, *_) = info
        why = self._refusal(str(address), int(port))
        if why is not None:
            raise Blocked(why)
        return socket.socket(family, kind, protocol)

    def _refusal(self, address: str, port: int) -> str | None:
        if _is_own(address, port, self._own):
            return f"{address} port {port} is newsmon itself"
        why = refusal(address, self._allow)
        return None if why is not None and self._granted and _unpacked(ip_address(address)) in self._granted else why


@lru_cache(maxsize=ALLOWANCES_KEPT_MAX)
def _networks(allow_private: tuple[str, ...]) -> tuple[Network, ...]:
    networks: list[Network] = []
    for text in allow_private:
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:  # a host name
            continue
    return tuple(networks)


def _unpacked(ip: Address) -> Address:
    """The IPv4 address that is really reached through an IPv6 one."""
    if isinstance(ip, IPv6Address) and (ip in _MAPPED or ip in _NAT64):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _what(ip: Address) -> str | None:
    for network, what in _NOT_PUBLIC:
        if ip in network:
            return what
    if isinstance(ip, IPv6Address) and ip not in _GLOBAL_UNICAST:
        return "not a public address"
    return None


def _is_own(address: str, port: int, own: Collection[tuple[str, int]]) -> bool:
    """Whether that is where newsmon itself listens. A listener without an address of its own is on all of this machine's."""
    hosts = [host for host, own_port in own if own_port == port]
    if not hosts:
        return False
    try:
        ip = _unpacked(ip_address(address))
        fixed = [_unpacked(ip_address(host)) for host in hosts]
    except ValueError:  # a listener's host name
        return _is_of_this_machine(address)
    if any(host.is_unspecified for host in fixed):
        return _is_of_this_machine(address)
    return ip in fixed or ip.is_unspecified


def _is_of_this_machine(address: str) -> bool:
    """Only an address of this machine can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
