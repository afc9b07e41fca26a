"""detect: the text of a document in; what it is written in, and in words what it is if it is no feed, out."""

import re
from enum import Enum, auto

from monitor.text.html import one_line, plain

HEAD_CHARS_MAX = 64 * 2**10
_WORDS_CHARS_MAX = 80

_PROLOG = r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+"
_HTML = re.compile(rf"{_PROLOG}<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rf"{_PROLOG}(?:<!doctype[^>]*>)?{_PROLOG}<([\w:.-]+)", re.IGNORECASE | re.DOTALL)
_SITEMAPS = frozenset({"urlset", "sitemapindex"})
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_LOGIN = re.compile(r"type\s*=\s*[\"']?password", re.IGNORECASE)
_CHALLENGE = re.compile(r"captcha|challenge-platform|just a moment|verify you are|access denied", re.IGNORECASE)

_DOCTYPE = re.compile(rf"{_PROLOG}<!doctype\b", re.IGNORECASE | re.DOTALL)
_ELEMENT = re.compile(r"<[\w]")
_CHARACTER_ENTITY = re.compile(
    r"""<!ENTITY\s+[\w.-]+\s+(?:"(?:[^"&%<]|&\#\w+;){0,64}"|'(?:[^'&%<]|&\#\w+;){0,64}')\s*>""", re.VERBOSE
)


class Syntax(Enum):
    EMPTY = auto()
    JSON = auto()
    HTML = auto()
    SITEMAP = auto()
    MARKUP = auto()  # XML, or what feedparser may still read as such


def detect(text: str) -> Syntax:
    """By the body alone: content types lie."""
    if not text:
        return Syntax.EMPTY
    if text[0] in "{[":
        return Syntax.JSON
    if _HTML.match(text):
        return Syntax.HTML
    root = _ROOT.match(text)
    return Syntax.SITEMAP if root and root[1].rpartition(":")[2].lower() in _SITEMAPS else Syntax.MARKUP


def is_bomb(text: str) -> bool:
    """Whether a DOCTYPE declares more than short names for characters: nested, external or parameter entities.

    No feed needs them; every entity attack does.
    """
    doctype = _DOCTYPE.match(text)
    if doctype is None:
        return False
    element = _ELEMENT.search(text, doctype.end())
    declarations = text[doctype.end() : element.start() if element else len(text)]
    return len(_CHARACTER_ENTITY.findall(declarations)) < declarations.count("<!ENTITY")


def describe(text: str) -> str:
    """What a document is that is no feed, for the person who configured it as one."""
    head = text[:HEAD_CHARS_MAX]
    if _HTML.match(head):
        guess = " (a login page?)" if _LOGIN.search(head) else " (a challenge page?)" if _CHALLENGE.search(head) else ""
        title = _TITLE.search(head)
        name = plain(title[1], _WORDS_CHARS_MAX) if title else ""
        return f"HTML, not a feed{guess}" + (f": {name}" if name else "")
    if root := _ROOT.match(head):
        return f"markup, not a feed: it begins with <{one_line(root[1], _WORDS_CHARS_MAX)}>"
    return f"not a feed: it begins with {one_line(head, _WORDS_CHARS_MAX)!r}"
