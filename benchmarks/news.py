"""news: a number of a feed in, its document out: RSS of made-up words, always the same for the same numbers, about 44 kB with thirty entries.

The words are made of syllables and as common as words are (Zipf's law), so that a text repeats them as news does, and so that the queries
that are made of them match some texts and not all. Most entries have a summary with markup and their whole text beside it, as many feeds have.
"""

import random
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from itertools import accumulate

from monitor.model.item import Item

ENTRIES = 30
VOCABULARY = 10_000
SEED = 20250224
SAMPLE_ITEMS = 1_500
"""Whose words the queries are made of."""

_TITLE_WORDS = (7, 12)
_SUMMARY_WORDS = (18, 34)
_TEXT_WORDS = (60, 100)
_CONSONANTS = (*"bcdfghklmnprstv", "br", "cl", "dr", "gr", "pr", "sh", "st", "th")
_VOWELS = (*"aeiouaeiou", "ai", "ea")
_ENDS = ("", *"nrstlm", "nd", "st", "ng")
_COMMON = (
    "the",
    "of",
    "to",
    "and",
    "a",
    "in",
    "that",
    "for",
    "on",
    "with",
    "as",
    "by",
    "at",
    "from",
    "it",
    "was",
    "is",
)


@cache
def _language() -> tuple[list[str], list[float]]:
    """Words, the commonest first, and how often they and those before them come."""
    luck = random.Random(SEED)
    words = dict.fromkeys(_COMMON)
    while len(words) < VOCABULARY:
        syllables = luck.choices((1, 2, 3), (3, 5, 2))[0]
        word = "".join(luck.choice(_CONSONANTS) + luck.choice(_VOWELS) for _ in range(syllables)) + luck.choice(_ENDS)
        words.setdefault(word)
    return list(words), list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))


def _words(luck: random.Random, between: tuple[int, int]) -> list[str]:
    words, weights = _language()
    return luck.choices(words, cum_weights=weights, k=luck.randint(*between))


def _sentences(words: list[str]) -> Iterator[str]:
    for start in range(0, len(words), 16):
        sentence = " ".join(words[start : start + 16])
        yield sentence[:1].upper() + sentence[1:] + "."


def sample() -> list[Item]:
    """Texts of this language, to make queries of."""
    luck = random.Random(SEED + 1)
    return [
        Item(title=" ".join(_words(luck, _TITLE_WORDS)), summary=" ".join(_words(luck, _SUMMARY_WORDS)))
        for _ in range(SAMPLE_ITEMS)
    ]


def entry(feed: int, number: int, published: datetime, planted: str = "") -> str:
    """An `<item>`. `planted` is a sentence that its summary begins with."""
    luck = random.Random(f"{SEED}/{feed}/{number}")
    title = " ".join(_words(luck, _TITLE_WORDS)).capitalize()
    author, category, other = (word.capitalize() for word in _words(luck, (3, 3)))
    link = f"https://news-{feed}.example/{category.lower()}/{number}-{'-'.join(title.lower().split()[:6])}"
    summary = " ".join(_sentences(_words(luck, _SUMMARY_WORDS)))
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in _sentences(_words(luck, _TEXT_WORDS)))
    return (
        f"<item><title>{title}</title><link>{link}</link>"
        f'<guid isPermaLink="false">news-{feed}:{number}</guid><pubDate>{format_datetime(published)}</pubDate>'
        f"<dc:creator>{author} {other}</dc:creator><category>{category}</category><category>{other}</category>"
        f"<description>&lt;p&gt;{planted}{summary} &lt;a href=&quot;{link}&quot;&gt;Continue reading&lt;/a&gt;&lt;/p&gt;</description>"
        f'<content:encoded><![CDATA[<div class="article"><img src="https://img.news-{feed}.example/{number}.jpg" '
        f'alt="{author}"/>{paragraphs}<p><a href="{link}">{category}</a> &#8212; {other}</p></div>]]></content:encoded></item>\n'
    )


def document(feed: int, entries: list[str], built: datetime) -> bytes:
    """An RSS document that lists these entries."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>News {feed}</title><link>https://news-{feed}.example/</link><description>What happens at {feed}</description>"
        f"<language>en</language><lastBuildDate>{format_datetime(built)}</lastBuildDate>\n"
    )
    return f"{head}{''.join(entries)}</channel></rss>\n".encode()


def host(feed: int, feeds_a_host: int = 1) -> str:
    """The loopback address that a feed is served on."""
    number = feed // feeds_a_host
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
