"""connection: how the server of a feed is reached, where that takes more than its URL."""

from dataclasses import dataclass

from monitor.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What a server must prove, and what it is proven. Paths are absolute; an empty one names no file."""

    verify: bool = True
    ca_file: str = ""  # whose certificates the server's must be signed by; empty: the system's
    cert_file: str = ""  # ours, if the server asks who we are
    key_file: str = ""  # its key; empty: it stands in `cert_file`
    min_version: str = "1.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy, which is told `CONNECT` for https and the whole URL for http."""

    url: str  # http://host:port
    authorization: Secret | None = None  # the value of Proxy-Authorization


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """All of it."""

    tls: Tls = Tls()
    proxy: Proxy | None = None
    ports: tuple[int, ...] = ()  # that may be asked although HTTP is not spoken there as a rule


DIRECT = Connection()
