"""urls: links as feeds write them in; absolute links, the identity of a link and the domain behind it out.

Reads URLs as RFC 3986 does and refuses what other readers of the same text could read differently (backslashes,
control characters). Opens nothing; the list of public suffixes is shipped with publicsuffixlist.
"""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from itertools import cycle
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

URL_CHARS_MAX = 2083
HOST_CHARS_MAX = 253
HOSTS_KNOWN_MAX = 4096  # whose registrable domain is remembered: most links of a document lead to one
_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\\\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# No URL holds these, but feeds write them: encoded, they can neither end an attribute nor a line of text.
_UNSAFE = re.compile(r'[ "<>^`{|}]')
_SAFE_IN_PATH = "/:@!$&'()*+,;=~"
_SAFE_IN_QUERY = "/?:@!$'()*,;~"
# Encoded delimiters stay encoded: decoded, they would mean something else.
_DELIMITER = re.compile(r"(%2[356BF]|%3[BDF])", re.IGNORECASE)

# Editions of one page for other screens.
_EDITIONS = frozenset({"www", "m", "mobile", "amp"})
# The page of another host inside an AMP cache: /c/s/host/path, /amp/s/host/path.
_CACHED = re.compile(r"/(?:c|v|amp)/(?:s/)?(?P<rest>[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/.*)?)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/]*", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default|home)(?:\.(?:html?|php|aspx?|jsp))?", re.IGNORECASE)

# Parameters that say where a reader came from, never what is read. To leave one in costs a repeat that the text may
# still recognise; to take out one that identifies a page costs a story. So what may identify (id, p, v, sid, cid, mod,
# story, page) is not here.
_TRACKING_FAMILIES = (
    "utm_",  # Urchin, Google Analytics and all who copied them
    "at_",  # AT Internet: BBC, France Médias
    "ns_",  # Comscore: Daily Mail
    "mc_",  # Mailchimp
    "pk_",  # Matomo, and its next two names
    "piwik_",
    "mtm_",
    "hsa_",  # HubSpot
    "_hs",
    "wt_",  # Webtrekk: German publishers
    "oly_",  # Omeda newsletters
    "vero_",  # Vero newsletters
    "guce_",  # Yahoo's consent page
    "__twitter_",
)
_TRACKING_BY_ORIGIN = {
    "an advertisement": "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igsh igshid mkt_tok",
    "the page before": "ref ref_src ref_url referrer referer guccounter _ga _gl",
    "its campaign": "cmp cmpid icid ito ocid ncid ftag xtor maca traffic_source smid smtyp smprod sref srnd spm yptr",
    "the reader's session": "phpsessid jsessionid sessionid",
}
_TRACKING = frozenset(name for names in _TRACKING_BY_ORIGIN.values() for name in names.split())
# Names that track only with such a value: `source=rss` does, `source=42` may be a page, `amp=1` is an edition.
_AMBIGUOUS = frozenset(("source", "src", "from", "via", "feed", "origin", "channel", "partner", "emc", "mod", "rss"))
_CHANNEL = re.compile(r"rss|feed|atom|newsletter|e-?mail|twitter|facebook|telegram|whatsapp", re.IGNORECASE)
_SWITCHES = frozenset({"amp", "rss"})
_ON = frozenset({"", "1", "true", "amp"})


def absolute(link: str, base: str) -> str:
    """The link as an absolute http or https URL without user information, '' where there is none in it."""
    link = _UNSAFE.sub(_encoded, link.strip())
    if not link or _FORBIDDEN.search(link) or len(link) > URL_CHARS_MAX:
        return ""
    try:
        parts = _split(urljoin(base, link))
    except ValueError:
        return ""
    if parts is None:
        return ""
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return url if len(url) <= URL_CHARS_MAX else ""


def canonical(url: str) -> str:
    """What is equal for links to one page: the identity of a link, no address to open. '' for what is no http(s) URL.

    Without scheme differences, default port, fragment, editions for phones (`m.`, `amp.`, `/amp`), tracking parameters;
    the rest of the query sorted; percent-encoding as RFC 3986, section 6.2.2, normalises it.
    """
    try:
        parts = _split(_UNSAFE.sub(_encoded, url.strip()))
        if parts is None:
            return ""
        host, port = _host(parts), parts.port
    except ValueError:
        return ""
    if (host == "google.com" or host.endswith(".cdn.ampproject.org")) and (cached := _CACHED.fullmatch(parts.path)):
        return canonical(f"https://{cached['rest']}{'?' + parts.query if parts.query else ''}")
    netloc = host if port in (None, _PORTS[parts.scheme.lower()]) else f"{host}:{port}"
    return urlunsplit(("https", netloc, _path(parts.path), _query(parts.query), ""))


def is_home_page(identity: str) -> bool:
    """Whether what `canonical` gave is a site's front door, which identifies no item."""
    _, slashes, rest = identity.partition("://")
    _, slash, path = rest.partition("/")
    return bool(slashes and slash) and (not path or _INDEX.fullmatch(f"/{path}") is not None)


def registrable_domain(url: str) -> str:
    """The domain that somebody registered (`bbc.co.uk`), '' where there is none: an IP address, a bare suffix."""
    try:
        parts = _split(url.strip())
        return "" if parts is None else _registrable(_ascii(parts.hostname or ""))
    except ValueError:
        return ""


def shown(url: str) -> str:
    """The URL for other eyes: without user information and fragment, and without what its query says, which may be a key."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
    return f"{bare}?…" if parts.query else bare


def _split(url: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host. Raises ValueError where urllib does."""
    if _FORBIDDEN.search(url) or len(url) > URL_CHARS_MAX:
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    _ = parts.port  # read here, so that a bad one raises here
    known = parts.scheme.lower() in _PORTS and host.strip(".") and len(host) <= HOST_CHARS_MAX and "%" not in host
    return parts if known else None


def _host(parts: SplitResult) -> str:
    host = _ascii(parts.hostname or "")
    domain = _registrable(host)
    if not domain:
        return f"[{host}]" if ":" in host else host
    front = [label for label in host.removesuffix(domain).split(".") if label and label not in _EDITIONS]
    return ".".join([*front, domain])


def _ascii(host: str) -> str:
    """The host as DNS knows it: lower case, punycode, no final dot. Raises UnicodeError, a ValueError."""
    host = host.rstrip(".").lower()
    return host if host.isascii() else host.encode("idna").decode("ascii")


@lru_cache(HOSTS_KNOWN_MAX)
def _registrable(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        return _suffixes().privatesuffix(host) or ""
    return ""


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, and only where it is needed: the list is large."""
    return PublicSuffixList()


def _path(path: str) -> str:
    segments = [segment for segment in _normal(_SESSION.sub("", path), _SAFE_IN_PATH).split("/") if segment]
    if len(segments) > 1 and segments[-1].lower() == "amp":
        segments.pop()
    if len(segments) > 1 and segments[0].lower() == "amp":
        del segments[0]
    return "/" + "/".join(segments)


def _query(query: str) -> str:
    """Sorted, without what only tracks. `&amp;` between parameters is a feed's escaping mistake."""
    pairs = (pair.partition("=") for pair in query.replace("&amp;", "&").split("&"))
    kept = {
        _normal(name, _SAFE_IN_QUERY) + equals + _normal(value, _SAFE_IN_QUERY)
        for name, equals, value in pairs
        if name and not _tracks(name.lower().removeprefix("amp%3b").removeprefix("amp;"), value)
    }
    return "&".join(sorted(kept))


def _tracks(name: str, value: str) -> bool:
    if name in _TRACKING or name.startswith(_TRACKING_FAMILIES):
        return True
    if name in _SWITCHES and value.lower() in _ON:
        return True
    return name in _AMBIGUOUS and _CHANNEL.search(value) is not None


def _normal(text: str, safe: str) -> str:
    """Percent-encoding in one form: unreserved characters bare, the rest in capitals, a stray `%` as `%25`."""
    return "".join(
        piece.upper() if is_delimiter else quote(unquote_to_bytes(piece), safe=safe)
        for is_delimiter, piece in zip(cycle((False, True)), _DELIMITER.split(text), strict=False)
    )


def _encoded(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"
