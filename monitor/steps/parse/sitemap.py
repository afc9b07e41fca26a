"""sitemap: the text of a news sitemap in, Parsed out; or why a sitemap of another kind is no feed.

Follows Google's news sitemaps (developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap) over sitemaps.org 0.9.
Prefixes are not resolved: many a sitemap uses `news:` without having declared it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

from monitor.model.item import Parsed, ParseFailure
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.detect import is_bomb
from monitor.steps.parse.entry import ENTRIES_MAX, TITLE_CHARS_MAX, Entry, normalise
from monitor.text.html import one_line
from monitor.text.urls import absolute

DEPTH_MAX = 32
TEXT_CHARS_MAX = 4096  # of one element
SITEMAPS_NAMED = 3  # of an index

_PARENTS = {  # of what is read, by its name
    "loc": ("url", "sitemap"),
    "lastmod": ("url",),
    "title": ("news",),
    "publication_date": ("news",),
    "keywords": ("news",),
    "name": ("publication",),
    "language": ("publication",),
}


@dataclass(slots=True)
class _Reader:
    """What expat finds: the `url` elements as Entry values, the `sitemap` elements of an index as their addresses."""

    complaints: Complaints
    entries: list[Entry] = field(default_factory=list)
    truncated: int = 0
    pages: int = 0  # without news
    sitemaps: list[str] = field(default_factory=list)
    root: str = ""
    _path: list[str] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    _is_news: bool = False

    def start(self, name: str, _: object) -> None:
        local = name.rpartition(":")[2]
        self._path.append(local)
        if len(self._path) > DEPTH_MAX:
            raise _TooDeepError
        if len(self._path) == 1:
            self.root = local
        elif local in {"url", "sitemap"}:
            self._texts, self._is_news = {}, False
        elif local == "news":
            self._is_news = True

    def text(self, data: str) -> None:
        name, parent = self._path[-1], self._path[-2] if len(self._path) > 1 else ""
        if parent in _PARENTS.get(name, ()):
            self._texts[name] = (self._texts.get(name, "") + data)[:TEXT_CHARS_MAX]

    def end(self, _: str) -> None:
        ended = self._path.pop()
        if ended == "sitemap" and len(self.sitemaps) < SITEMAPS_NAMED:
            self.sitemaps.append(self._texts.get("loc", ""))
        elif ended == "url" and not self._is_news:
            self.pages += 1
        elif ended == "url" and len(self.entries) < ENTRIES_MAX:
            self.entries.append(self._entry())
        elif ended == "url":
            self.truncated += 1

    def _entry(self) -> Entry:
        found = {name: text.strip() for name, text in self._texts.items()}
        link = found.get("loc", "")
        return Entry(
            guid=link,
            links=(link,) if link else (),
            title=found.get("title", ""),
            categories=tuple(word.strip() for word in found.get("keywords", "").split(",")),
            dates=tuple(found[name] for name in ("publication_date", "lastmod") if found.get(name)),
            lang=found.get("language", ""),
            source_title=found.get("name", ""),
        )


class _TooDeepError(Exception):
    """Nested as no sitemap is."""


def read_sitemap(text: str, *, base: str, now: datetime, complaints: Complaints) -> Parsed | ParseFailure:
    """`base` is the URL of the document."""
    if is_bomb(text):
        return ParseFailure(detail="its DOCTYPE declares entities that expand or lead elsewhere: refused")
    reader = _Reader(complaints)
    try:
        _read(text, reader)
    except _TooDeepError:
        return ParseFailure(detail=f"a sitemap nested deeper than {DEPTH_MAX} elements")
    except expat.ExpatError as error:
        complaints.add("broken XML", f"{expat.errors.messages[error.code]} in line {error.lineno}")
    if reader.root == "sitemapindex":
        named = [url for each in reader.sitemaps if (url := absolute(each, base))]
        hint = f"; use one that it lists, such as {' or '.join(named)}" if named else ""
        return ParseFailure(detail=f"an index of sitemaps, not a feed{hint}")
    if not reader.entries:
        return ParseFailure(
            detail="a sitemap without news entries: it lists pages, but no titles that could be matched"
            if reader.pages
            else "an empty sitemap: it lists neither pages nor news"
        )
    if reader.pages:
        complaints.add("pages that are no news were left out", str(reader.pages))
    first = reader.entries[0]
    items = tuple(normalise(each, base=base, lang="", now=now, complaints=complaints) for each in reader.entries)
    return Parsed(
        kind="sitemap",
        title=one_line(first.source_title, TITLE_CHARS_MAX),
        lang=items[0].lang if len({item.lang for item in items}) == 1 else "",
        items=items,
        truncated=reader.truncated,
        complaints=complaints.words(),
    )


def _read(text: str, reader: _Reader) -> None:
    """Raises ExpatError for what is not well-formed; what was read before it stays."""
    parser = expat.ParserCreate("utf-8")  # whatever it declares: the text is decoded
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.Parse(text.encode(errors="replace"), True)  # noqa: FBT003  expat's own signature
