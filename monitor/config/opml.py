"""opml: the bytes of a subscription list in (OPML 1.0 to 2.0), its feeds with their places out; and feeds in, such a list out.

Read by expat, which opens nothing; a DOCTYPE is refused, for no list needs one and every entity attack does. Nested outlines are
folders: their names become tags.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from monitor.config.names import check_language, check_slug, check_url, slug
from monitor.config.problems import ConfigError, Problem
from monitor.model.feed import Feed
from monitor.text.html import one_line
from monitor.text.redact import VARIABLE
from monitor.text.urls import registrable_domain

OPML_BYTES_MAX = 5 * 2**20
OUTLINES_MAX = 50_000
DEPTH_MAX = 20
TEXT_CHARS_MAX = 300
ID_DIGITS = 4  # of the hash that ends an id, more where two would be equal
SPACE = "urn:newsmon:opml"  # of our own attributes, so that a list that we wrote is read back whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed of the list. `id` and `publisher` are what newsmon wrote there itself, '' in the lists of other programs."""

    line: int
    url: str
    title: str
    tags: tuple[str, ...] = ()
    lang: str = ""
    id: str = ""
    publisher: str = ""


@dataclass(slots=True)
class _Reader:
    """What expat finds."""

    file: Path
    parser: expat.XMLParserType
    variables: bool
    found: list[Outline] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    root: str = ""
    _folders: list[str] = field(default_factory=list)  # of every open outline; '' for one that is a feed
    _urls: set[str] = field(default_factory=set)

    def doctype(self, *_: object) -> None:
        raise self.refusal("a DOCTYPE; no OPML needs one, and it may declare what expands or leads elsewhere")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.root:
            self.root = name.lower()
            if self.root != "opml":
                raise self.refusal(f"not OPML: it begins with <{one_line(name, 40)}>")
        if name.lower() != "outline":
            return
        if len(self._folders) >= DEPTH_MAX:
            raise self.refusal(f"outlines nested deeper than {DEPTH_MAX} levels")
        if len(self.found) >= OUTLINES_MAX:
            raise self.refusal(f"more than {OUTLINES_MAX} feeds")
        by_name = {key.lower(): value for key, value in attributes.items()}  # some write xmlurl, and XMLURL
        url = by_name.pop("xmlurl", "").strip()
        by_name = {key: one_line(value, TEXT_CHARS_MAX) for key, value in by_name.items()}
        text = by_name.get("text") or by_name.get("title", "")
        self._folders.append("" if url else text)
        if url:
            self._feed(url, by_name)

    def end(self, name: str) -> None:
        if name.lower() == "outline":
            self._folders.pop()

    def _feed(self, url: str, attributes: dict[str, str]) -> None:
        try:
            if not (self.variables and VARIABLE.search(url)):
                check_url(url)
            own_id = attributes.get("newsmon:id", "")
            if own_id:
                check_slug(own_id)
        except ValueError as error:
            self.problems.append(self._problem(str(error)))
            return
        if url in self._urls:
            return  # one feed in two folders: the first says where it belongs
        self._urls.add(url)
        categories = (each.strip().strip("/") for each in attributes.get("category", "").split(","))
        tags = dict.fromkeys(each for each in (*self._folders, *categories) if each)
        lang = attributes.get("language", "")
        title = attributes.get("title") or attributes.get("text", "")
        outline = Outline(
            line=self.parser.CurrentLineNumber,
            url=url,
            title=title,
            tags=tuple(tags),
            lang=_language(lang),
            id=own_id,
            publisher=attributes.get("newsmon:publisher", ""),
        )
        self.found.append(outline)

    def _problem(self, message: str) -> Problem:
        return Problem(file=self.file, line=self.parser.CurrentLineNumber, key="xmlUrl", message=message)

    def refusal(self, message: str) -> ConfigError:
        return ConfigError([Problem(file=self.file, line=self.parser.CurrentLineNumber, message=message)])


def read_opml(file: Path, data: bytes, *, variables: bool = False) -> tuple[Outline, ...]:
    """The feeds of the list, one a URL, in its order. `file` is for messages. Raises ConfigError with all that is wrong.

    `variables`: URLs that name variables of the environment are taken unread; what they are shows when they are filled in.
    """
    if len(data) > OPML_BYTES_MAX:
        raise ConfigError([Problem(file=file, message=f"larger than {OPML_BYTES_MAX // 2**20} MiB")])
    parser = expat.ParserCreate()
    reader = _Reader(file=file, parser=parser, variables=variables)
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    try:
        parser.Parse(data, True)  # noqa: FBT003  expat's own signature
    except expat.ExpatError as error:
        words = expat.errors.messages[error.code]
        raise ConfigError([Problem(file=file, line=error.lineno, message=f"broken XML: {words}")]) from error
    if reader.problems:
        raise ConfigError(reader.problems)
    return tuple(reader.found)


def ids_of(outlines: Iterable[Outline], taken: Iterable[str] = ()) -> list[str]:
    """An id for each, made of its title and a hash of its URL, so that none changes when the list gains or loses others.

    An id is for good: what is known of a feed hangs on it. `taken` are those that others have.
    """
    used = set(taken)
    ids: list[str] = []
    for outline in outlines:
        digest = blake2b(place(outline.url).encode(errors="replace"), digest_size=16).hexdigest()
        name = slug(outline.title) or slug(registrable_domain(outline.url)) or "feed"
        made = (f"{name}-{digest[:digits]}" for digits in range(ID_DIGITS, len(digest)))
        ids.append(
            outline.id if outline.id and outline.id not in used else next(each for each in made if each not in used)
        )
        used.add(ids[-1])
    return ids


def place(url: str) -> str:
    """What is equal for two spellings of one feed's URL: without scheme, case of the host, and a final slash."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{'?' if parts.query else ''}{parts.query}"


def write_opml(feeds: Iterable[Feed], title: str) -> str:
    """OPML 2.0 (opml.org/spec2.opml): a folder for each first tag, all tags as `category`, ids and publishers as attributes of our own.

    URLs stand there as feeds.yaml spells them.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:newsmon={quoteattr(SPACE)}>',
        "  <head>",
        f"    <title>{escape(title)}</title>",
        "  </head>",
        "  <body>",
        *_folders([(_path(feed), feed) for feed in feeds], "    "),
        "  </body>",
        "</opml>",
    ]
    return "\n".join(lines) + "\n"


def _path(feed: Feed) -> tuple[str, ...]:
    """The folders of a feed: its first tag, and the tags that cannot stand in a list with commas."""
    return tuple(tag for position, tag in enumerate(feed.tags) if not position or "," in tag or tag != tag.strip("/"))


def _folders(feeds: list[tuple[tuple[str, ...], Feed]], indent: str) -> Iterator[str]:
    """Folders stand where their first feed does."""
    order = {name: position for position, name in reversed(list(enumerate(path[:1] for path, _ in feeds)))}
    for name, inside in groupby(sorted(feeds, key=lambda each: order[each[0][:1]]), key=lambda each: each[0][:1]):
        if not name:
            yield from (f"{indent}<outline {_attributes(feed)}/>" for _, feed in inside)
            continue
        yield f"{indent}<outline text={quoteattr(name[0])}>"
        yield from _folders([(path[1:], feed) for path, feed in inside], indent + "  ")
        yield f"{indent}</outline>"


def _attributes(feed: Feed) -> str:
    title = feed.title or feed.publisher
    category = ",".join(tag for tag in feed.tags if tag not in _path(feed)[1:])
    written = {
        "type": "rss",
        "text": title,
        "title": title,
        "xmlUrl": feed.written or feed.url,
        "category": category,
        "language": feed.lang,
        "newsmon:id": feed.id,
        "newsmon:publisher": feed.publisher,
    }
    return " ".join(f"{name}={quoteattr(value)}" for name, value in written.items() if value)


def _language(tag: str) -> str:
    try:
        return check_language(tag)
    except ValueError:
        return ""
