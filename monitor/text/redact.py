"""redact: URLs for other eyes. A feed, or where its server has led to, in; the URL without what may be a secret out.

What came from variables of the environment stands there by name (`${NAME}`), user information and what looks like a key as `***`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

from monitor.model.feed import Feed

HIDDEN = "***"
VALUE_CHARS_MIN = 6  # what is shorter is no secret, and to hide it would hide half a URL

VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
"""How a configuration names a variable, `${NAME}` or `${NAME:-text}`; or writes the characters `${`, as `$${`."""

_USER = re.compile(r"(?<=//)[^/?#@]+(?=@)")
_PARAMETER = re.compile(r"(?<=[?&;])(?P<name>[^=&;#?]+)=(?P<value>[^&;#]+)")
_KEY = re.compile(
    r"key(?!word)|token|secret|auth(?!or)|pass|pwd|credential|session|signature|jwt|^(?:sid|sig|code|hash)$",
    re.IGNORECASE,
)


def redacted(url: str) -> str:
    """The URL, which may name variables, without user information and without the values of parameters that look like keys."""
    return _PARAMETER.sub(_parameter, _USER.sub(HIDDEN, url, count=1))


def feed_url(feed: Feed) -> str:
    """The URL of a feed as its owner wrote it."""
    named = VARIABLE.sub(lambda found: f"${{{found[1]}}}" if found[1] else "${", feed.written)
    return redacted(named or feed.url)


def shareable(feed: Feed) -> Feed:
    """The feed for a list that others read: its URL names variables, and holds nothing else that looks like a key."""
    return replace(feed, url=redacted(feed.url), written=redacted(feed.written))


def led_to(url: str, feed: Feed) -> str:
    """Where the feed's server led to, if it did, which may say again what its URL says. Where a variable is more than a word, only the
    host is told.
    """
    if not url:
        return ""
    values = sorted(_values(feed), key=lambda each: -len(each[1]))
    if any(re.search("[/?&#]", value) for _, value in values):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
    for name, value in values:
        if len(value) >= VALUE_CHARS_MIN:
            for spelled in (value, quote(value, safe="")):
                url = url.replace(spelled, f"${{{name}}}")
    return redacted(url)


def _parameter(found: re.Match[str]) -> str:
    named = VARIABLE.fullmatch(found["value"])
    return found[0] if named or not _KEY.search(unquote(found["name"])) else f"{found['name']}={HIDDEN}"


def _values(feed: Feed) -> Iterator[tuple[str, str]]:
    """The variables in the URL of a feed, and what stands in their place."""
    pattern, names, done = "", [], 0
    for found in VARIABLE.finditer(feed.written):
        pattern += re.escape(feed.written[done : found.start()])
        pattern += "(.*?)" if found[1] else re.escape("${")
        names += [found[1]] if found[1] else []
        done = found.end()
    filled = re.fullmatch(pattern + re.escape(feed.written[done:]), feed.url, re.DOTALL)
    yield from zip(names, filled.groups() if filled else (), strict=False)
