"""tokens: a text in, its words out, each folded for comparison and with its place in the text.

Follows Unicode's NFKC and full case folding (UAX 15, UAX 44), and adds what readers expect of a search: accents, quotes, hyphens and
apostrophes make no difference. Scripts that put no spaces between words (Han, Kana, Thai, Lao, Khmer, Burmese) give one token a character,
so that a word is found as a sequence of characters.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

WORD_CHARS_MAX = 256  # longer "words" are compared by their beginning: normalising a long run of combining marks takes quadratic time
_FOLDED_WORDS_CACHED = 2**16

# From here on characters of a class in a regular expression.
_HYPHENS = frozenset("-\u2010\u2011\ufe63\uff0d")
_LETTER_APOSTROPHES = r"\u02B9-\u02BF"  # letters to Unicode, apostrophes to the people who type them
_APOSTROPHES = r"'\u2018\u2019\u201B\u2032`\u00B4\uFF07\u055A\u05F3\u05F4" + _LETTER_APOSTROPHES
_KANA_MARKS = r"\u3099\u309A\uFF9E\uFF9F"
_THAI_LAO_MARKS = r"\u0E31\u0E33-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB3-\u0EBC\u0EC8-\u0ECE"
_KHMER_BURMESE_MARKS = (
    r"\u17B4-\u17D3\u17DD\u102B-\u103E\u1056-\u1059\u105E-\u1060\u1062-\u1064\u1067-\u106D\u1071-\u1074\u1082-\u108D"
)
_SELECTORS = r"\uFE00-\uFE0F\U000E0100-\U000E01EF"
_UNSPACED_MARKS = _KANA_MARKS + _THAI_LAO_MARKS + _KHMER_BURMESE_MARKS + _SELECTORS
_UNSPACED = (
    r"\u0E01-\u0E3A\u0E40-\u0E4E\u0E81-\u0ECE\u0EDC-\u0EDF\u1000-\u103F\u1050-\u108F\u1780-\u17D3\u17D7\u17DC\u17DD"
    r"\u3005-\u3007\u3041-\u309A\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u312F\u31F0-\u31FF"
    r"\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\uFF66-\uFF9F\U00020000-\U000323AF"
)
# Marks without which a text of an alphabet reads the same: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels, tatweel.
_ACCENTS = (
    r"\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670"
    r"\u06D6-\u06DC\u06DF-\u06E8\u06EA-\u06ED\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F"
)
_INVISIBLE = (
    r"\u00AD\u034F\u061C\u200C-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF"  # soft hyphen, joiners, directions
)
_INDIC = r"\u0900-\u0963\u0966-\u0DF3"  # vowels there are marks; the danda between is punctuation

_LETTER = rf"[^\W_{_UNSPACED}{_LETTER_APOSTROPHES}]"
_ALPHABETIC = rf"[^\W\d_{_UNSPACED}{_LETTER_APOSTROPHES}]"
_MARK = rf"[{_ACCENTS}{_INVISIBLE}{_INDIC}{_SELECTORS}]"
_RUN = rf"{_LETTER}(?:{_LETTER}++|{_MARK}++)*+"
_TOKEN = re.compile(
    rf"(?P<dotted>{_ALPHABETIC}(?:\.{_ALPHABETIC})+(?!{_LETTER}))(?:[{_APOSTROPHES}]s(?!{_LETTER}))?"
    rf"|(?P<word>{_RUN}(?:[{_APOSTROPHES}]{_RUN})*+)"
    rf"|(?P<unspaced>[{_UNSPACED}](?:\u0E4D\u0E32|[{_UNSPACED_MARKS}])*+)"
)
_APOSTROPHE = re.compile(rf"[{_APOSTROPHES}]")
_ONE_UNSPACED = re.compile(rf"[{_UNSPACED}]")

# Of the marks that decomposition brings to light, those that make another letter stay: Cyrillic й, ў and ї are no и, у and і.
_DROPPED = re.compile(
    rf"(?<![иу])\u0306|(?<!і)\u0308|(?![\u0306\u0308])[{_ACCENTS}{_INVISIBLE}{_SELECTORS}{_APOSTROPHES}]"
)
# Letters that have no decomposition, although people type the plain letter for them; Arabic letters with two keyboards.
_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
    }
)

_TAILS = frozenset({"s", "re", "ll", "ve", "d", "m"})  # Trump's, we're: the word is what stands before
# l'Ukraine, dell'Ucraina: two words
_ELISIONS = frozenset(
    {"l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"}
) | frozenset({"un", "dell", "nell", "sull", "dall", "all", "coll", "quell", "quest", "gl"})


class Token(NamedTuple):
    """A word: `key` folded for comparison, `exact` as written (NFKC, without apostrophes and dots), at text[start:end]."""

    key: str
    exact: str
    start: int
    end: int


class Compound(NamedTuple):
    """Tokens `first` to `last`, which a hyphen or an apostrophe joins, written as one word: cease-fire, ceasefire."""

    key: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The words of a text in its order, and the compounds among them."""

    words: tuple[Token, ...]
    compounds: tuple[Compound, ...]


def tokenize(text: str) -> Tokens:
    """Takes time in proportion to the text's length, whatever is in it."""
    words: list[Token] = []
    compounds: list[Compound] = []
    chain = 0  # the first word of the row that hyphens hold together
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        raw = found[0]
        joined = bool(words) and words[-1].end == start - 1 and text[start - 1] in _HYPHENS
        if not joined:
            _close_chain(words, compounds, chain)
            chain = len(words)
        before = len(words)
        if raw.isascii() and raw.isalnum():
            words.append(Token(raw.lower(), raw, start, end))
        else:
            _read(found, words, compounds)
        if joined and before < len(words):
            compounds.append(Compound(words[before - 1].key + words[before].key, before - 1, before))
    _close_chain(words, compounds, chain)
    return Tokens(words=tuple(words), compounds=tuple(compounds))


def fold(word: str) -> str:
    """A word as it is compared: NFKC, case folded, without accents. Folding twice changes nothing more."""
    if word.isascii():
        return word.lower()
    return _forms(word[:WORD_CHARS_MAX])[0]


def is_unspaced(text: str) -> bool:
    """Whether a token is a character of a script that puts no spaces between words."""
    return _ONE_UNSPACED.match(text) is not None


def _read(found: re.Match[str], words: list[Token], compounds: list[Compound]) -> None:
    """Appends the token found; several, if an apostrophe stands between words."""
    start, end = found.span()
    raw = found.group()
    if found.lastgroup == "unspaced":
        _append(words, raw, start, end)
        return
    if found.lastgroup == "dotted":
        _append(words, found.group("dotted").replace(".", ""), start, end)
        return
    pieces = _APOSTROPHE.split(raw) if _APOSTROPHE.search(raw) else [raw]
    first = len(words)
    while len(pieces) > 1 and fold(pieces[0]) in _ELISIONS:
        length = len(pieces[0])
        _append(words, pieces.pop(0), start, start + length)
        start += length + 1
    if len(pieces) > 1 and pieces[-1].lower() in _TAILS:
        pieces.pop()
    _append(words, "".join(pieces), start, end)
    if len(words) - first > 1:
        compounds.append(_compound(words, first, len(words) - 1))


def _append(words: list[Token], raw: str, start: int, end: int) -> None:
    key, exact = (raw.lower(), raw) if raw.isascii() else _forms(raw[:WORD_CHARS_MAX])
    if key:
        words.append(Token(key, exact, start, end))


def _compound(words: list[Token], first: int, last: int) -> Compound:
    return Compound("".join(word.key for word in words[first : last + 1]), first, last)


def _close_chain(words: list[Token], compounds: list[Compound], chain: int) -> None:
    """A row of three words or more is a compound as a whole too; its pairs are known already."""
    if len(words) - chain > 2:  # noqa: PLR2004  a pair
        last = min(len(words) - 1, chain + WORD_CHARS_MAX)
        compounds.append(_compound(words, chain, last))


@lru_cache(maxsize=_FOLDED_WORDS_CACHED)
def _forms(word: str) -> tuple[str, str]:
    """A word folded, and as written."""
    exact = normalize("NFKC", word)
    decomposed = normalize("NFKD", exact.casefold())
    return normalize("NFKC", _DROPPED.sub("", decomposed).translate(_LETTERS)), exact
