"""names: what things are called and where they are reached, as text in; the same text back if it is sound.

Each check raises ValueError with what was expected, and never repeats the text: a URL may hold a secret.
"""

import ipaddress
import re
from typing import Annotated
from unicodedata import normalize
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema

from monitor.model.settings import Listen
from monitor.text.http import is_web_port

URL_CHARS_MAX = 2083
TEXT_CHARS_MAX = 300
HEADER_CHARS_MAX = 4096
SLUG_MADE_CHARS_MAX = 40  # of an id that is made: there is room for what tells it from others
PORT_MAX = 65535
PORTS_MAX = 100  # that one feed or receiver may name

DIRECT = "direct"  # no proxy, whatever the defaults say

_SLUG = r"[a-z0-9_-]{1,64}"
_HOST = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`|~-]{1,64}@(?P<host>[^@]+)")
_IN_COMMENT = re.compile(r"[^\x00-\x20\x7f-\U0010ffff()<>{}\[\]\\\"]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}"


def check_slug(text: str) -> str:
    if not re.fullmatch(_SLUG, text):
        raise ValueError("expected an id of 1 to 64 small letters a-z, digits, `_` and `-`")
    return text


def slug(text: str) -> str:
    """An id made of a text: its Latin letters and digits; '' where it has none."""
    letters = normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:SLUG_MADE_CHARS_MAX].rstrip("-")


def check_line(text: str) -> str:
    """One line of text for people."""
    text = text.strip()
    if not text or len(text) > TEXT_CHARS_MAX or _CONTROL.search(text):
        raise ValueError(f"expected one line of 1 to {TEXT_CHARS_MAX} characters")
    return text


def check_header_text(text: str) -> str:
    """What may stand in an HTTP header: one line of printable ASCII."""
    if len(text) > TEXT_CHARS_MAX or not re.fullmatch(r"[\x20-\x7e]*", text):
        raise ValueError(f"expected at most {TEXT_CHARS_MAX} printable ASCII characters on one line")
    return text.strip()


def check_contact(text: str) -> str:
    """Whom publishers turn to: a page or a mail address, as it may stand in the comment of a User-Agent (RFC 9110, sections
    5.6.5 and 10.1.5). Empty: nobody.
    """
    text = text.strip()
    mail = _MAIL.fullmatch(text)
    if not text or (mail and _HOST.fullmatch(mail["host"])):
        return text
    if not text.startswith(("http://", "https://")):
        raise ValueError(
            "expected a URL that begins with https:// or http://, or a mail address such as desk@example.org"
        )
    if len(text) > TEXT_CHARS_MAX or not _IN_COMMENT.fullmatch(text):
        raise ValueError(f"expected at most {TEXT_CHARS_MAX} ASCII characters, without blanks, brackets or quotes")
    return check_url(text)


def check_header_name(name: str, ours: frozenset[str]) -> str:
    """The name of a header that newsmon does not set itself."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("expected the name of an HTTP header")
    if name.lower() in ours:
        raise ValueError("newsmon sets this header itself")
    return name


def check_header_value(text: str) -> str:
    if len(text) > HEADER_CHARS_MAX or not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", text):
        raise ValueError("expected printable ASCII characters on one line")
    return text


def check_language(text: str) -> str:
    if not re.fullmatch(_LANGUAGE, text):
        raise ValueError("expected a language tag such as en, uk or pt-BR")
    return text


def check_url(text: str) -> str:
    """An absolute http(s) URL that every client reads in the same way (RFC 3986, without userinfo), on a port for HTTP."""
    check_url_on_any_port(text)
    port = urlsplit(text).port
    if port is not None and not is_web_port(port):
        raise ValueError(
            "this port is not for HTTP; allowed are 80, 443 and those from 1024 that no other protocol has"
        )
    return text


def check_url_on_any_port(text: str) -> str:
    """The same on any port, which `allow_ports` may have to allow."""
    if len(text) > URL_CHARS_MAX:
        raise ValueError(f"a URL longer than {URL_CHARS_MAX} characters")
    if _CONTROL.search(text) or re.search(r"\s", text):
        raise ValueError("white space or a control character in a URL")
    if "\\" in text:
        raise ValueError("a backslash in a URL; clients disagree about what it means")
    parts = _split(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("expected a URL that begins with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("a user name or password in a URL; nothing before the host, please")
    if not parts.hostname:
        raise ValueError("a URL without a host")
    if parts.port == 0:
        raise ValueError("port 0 is not for HTTP, nor for anything else")
    return text


def check_proxy(text: str) -> str:
    """`http://host:port`, or `direct`."""
    if text == DIRECT:
        return text
    if text.lower().startswith("socks"):
        raise ValueError(
            "SOCKS is not spoken here; an HTTP proxy in front of it (Privoxy, for one) can be named instead"
        )
    check_url_on_any_port(text)
    parts = urlsplit(text)
    if parts.scheme != "http" or parts.port is None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("expected http://host:port, or direct")
    return text.rstrip("/")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError("not a URL: its host or port cannot be read") from error
    return parts


def check_private(text: str) -> str:
    """A network, an address or a host name that may be dialled although it is not public."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        wider = ipaddress.ip_network(text, strict=False)
    except ValueError:
        if "/" in text or ":" in text or not _HOST.fullmatch(text) or text.replace(".", "").isdigit():
            raise ValueError("expected a network such as 192.168.1.0/24, an address or a host name") from None
        return text.lower().rstrip(".")
    raise ValueError(f"an address with a network's length; the network is {wider}")


def read_listen(text: str) -> Listen:
    """`host:port`; an IPv6 address stands in brackets."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    sound = _is_address(host) if bracketed or ":" in host else bool(_HOST.fullmatch(host))
    if not sound or (":" in host and not bracketed) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > PORT_MAX:
        raise ValueError("expected host:port, such as 127.0.0.1:8787 or [::1]:8787")
    return Listen(host=host, port=int(port))


def is_loopback(listen: Listen) -> bool:
    if listen.host == "localhost":
        return True
    return _is_address(listen.host) and ipaddress.ip_address(listen.host).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


Slug = Annotated[str, AfterValidator(check_slug), WithJsonSchema({"type": "string", "pattern": f"^{_SLUG}$"})]
Line = Annotated[str, AfterValidator(check_line), Field(json_schema_extra={"maxLength": TEXT_CHARS_MAX})]
HeaderText = Annotated[str, AfterValidator(check_header_text)]
Contact = Annotated[str, AfterValidator(check_contact)]
Language = Annotated[
    str, AfterValidator(check_language), WithJsonSchema({"type": "string", "pattern": f"^{_LANGUAGE}$"})
]
Url = Annotated[
    str,
    AfterValidator(check_url),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "maxLength": URL_CHARS_MAX}),
]
UrlOnAnyPort = Annotated[
    str,
    AfterValidator(check_url_on_any_port),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "maxLength": URL_CHARS_MAX}),
]
ProxyUrl = Annotated[
    str,
    AfterValidator(check_proxy),
    WithJsonSchema({"type": "string", "pattern": f"^(http://[^/?#@]+:[0-9]+/?|{DIRECT})$", "maxLength": URL_CHARS_MAX}),
]
HeaderValue = Annotated[str, AfterValidator(check_header_value)]
Private = Annotated[str, AfterValidator(check_private)]
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=PORT_MAX)], ...], Field(max_length=PORTS_MAX)]
