"""html: markup from strangers in, plain text on one line out; in linear time, whatever the markup is."""

import re
from html import unescape

# One match is one thing that is no text. Every branch either consumes what it has read (possessive) or stops at the
# next `<`, so that no character is looked at more than a few times. `broken` is a tag that never closes: what follows
# is read again by _TAG, which knows no quotes.
_MARKUP = re.compile(
    r"""
      <!--.*?(?:-->|\Z)
    | <(?P<code>script|style)(?=[\s/>])(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>.*?(?:</(?P=code)\b[^>]*+>?|\Z)
    | <!\[CDATA\[ | \]\]>
    | <[!?][^<>]*+>
    | <(?P<slash>/?)(?P<name>[a-z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>
    | <(?=/?[a-z])(?P<broken>.*)
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_TAG = re.compile(r"</?(?P<name>[a-z][^\s/<>]*+)[^<>]*+>", re.IGNORECASE)

# What stands inside a word; every other tag separates words.
_INLINE_TAGS = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike
    strong sub sup time tt u var wbr
"""
_INLINE = frozenset(_INLINE_TAGS.split())

# Text that was escaped once too often still shows tags or entities after one reading. Only names that HTML knows count
# (`List<String>` is text), and a few readings are enough: nobody escapes four times but to play.
_ESCAPED = re.compile(
    r"</?(?:a|abbr|article|b|blockquote|br|center|code|dd|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|header"
    r"|hr|i|iframe|img|input|li|ol|p|pre|q|s|script|section|small|span|strong|style|sub|sup|svg|table|tbody|td|th|tr|u|ul"
    r"|video)(?:\s[^<>]*+)?/?>|&(?:\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|amp|apos|lt|gt|quot|nbsp|[lr][sd]quo|[nm]dash|hellip);",
    re.IGNORECASE,
)
_READINGS_MAX = 4

# int() refuses thousands of digits, and no character has that number.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{8,};?")

_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]|\x1b[@-Z\\-_]")
# Invisible: the rest of C0 and C1, soft hyphen, zero-width space and joiners of nothing, marks and overrides of
# direction, annotation and tag characters, byte order mark.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_FAINT = "\u034f\u115f\u1160\u17b4\u17b5"  # those of them that Unicode calls printable: everything else below is not
# Joiners carry meaning in Arabic, Persian, Indic scripts and emoji, all of them beyond U+0590, and nothing elsewhere.
_IDLE_JOINER = re.compile(
    "(?<![\u0590-\U0010ffff])[\u200c\u200d]++|(?<![\u200c\u200d])[\u200c\u200d]++(?![\u0590-\U0010ffff])"
)
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")


def plain(markup: str, limit: int) -> str:
    """The text of possibly hostile, possibly twice escaped HTML, at most `limit` characters of it.

    No tags, no scripts, no styles; entities resolved; block tags separate words, inline tags do not.
    """
    text = _text(markup)
    for _ in range(_READINGS_MAX - 1):
        if _ESCAPED.search(text) is None:
            break
        text = _text(text)
    return one_line(text, limit)


def one_line(text: str, limit: int) -> str:
    """The first `limit` characters without control, direction and other invisible ones, white space collapsed."""
    line = " ".join(text.split())
    if not line.isprintable() or (not line.isascii() and any(map(line.__contains__, _FAINT))):
        text = _NO_CHARACTER.sub("\ufffd", _INVISIBLE.sub("", _ANSI.sub("", text)))
        line = " ".join(_IDLE_JOINER.sub("", text).split())
    return line[:limit].rstrip()


def shorten(text: str, limit: int) -> str:
    """The first `limit` characters at most, ending with a whole word where the script has spaces between words."""
    if len(text) <= limit:
        return text
    cut = text.rfind(" ", 0, limit + 1)
    return text[: cut if cut > limit // 2 else limit].rstrip()


def _text(markup: str) -> str:
    """One reading: tags off, entities resolved."""
    if "<" in markup or "]]>" in markup:
        pieces: list[str] = []
        start = 0
        for found in _MARKUP.finditer(markup):
            pieces.append(markup[start : found.start()])
            start = found.end()
            match found.lastgroup:
                case "name":
                    pieces.append(_gap(found))
                case "code":
                    pieces.append(" ")
                case "broken":
                    pieces.append(_TAG.sub(_gap, "<" + found["broken"]))
        pieces.append(markup[start:])
        markup = "".join(pieces)
    if "&" in markup:
        markup = unescape(_ENDLESS_REFERENCE.sub("\ufffd", markup))
    return markup


def _gap(tag: re.Match[str]) -> str:
    return "" if tag["name"].lower() in _INLINE else " "
