"""trim: the text of a document and the hashes of entries that were seen in; the document with only its unseen entries out.

None where it is not certain that the entries that stay mean the same without the others: then it is parsed whole. One
pass of expat; the rest of this room is about what an entry's meaning depends on. By its format on nothing but itself and
its ancestors; in feedparser also on what an odd entry before it left behind: half-closed content, a namespace that it
declared for everybody. `tests/steps/test_trim.py` asks feedparser itself whether what passes here leaves anything behind.
"""

import re
from hashlib import blake2b
from pyexpat import ExpatError, ParserCreate

from monitor.model.poll import Trimmed

ALGORITHM = b"1"  # of the hashes; another number makes every document be parsed whole once
HASH_BYTES = 8

_ATOM = "http://www.w3.org/2005/Atom"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RSS_1 = frozenset({"http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"})
_RSS_2 = frozenset({"", "http://backend.userland.com/rss", "http://backend.userland.com/rss2"})
_FAMILIES = {  # of a root: the namespaces of its entries
    "rss": _RSS_2 | _RSS_1,
    "feed": frozenset({"", _ATOM, "http://purl.org/atom/ns#"}),
    "rdf": _RSS_1,
}
_KINDS = {"rss": "rss", "feed": "atom", "rdf": "rdf"}
_ENTRY_NAMES = {"rss": "item", "feed": "entry", "rdf": "item"}

# Names that stand in one place only, or nothing is certain.
_STRUCTURE = frozenset({"rss", "feed", "rdf", "channel", "item", "entry"})
# What feedparser reads as content, in whatever namespace: markup inside is text to it, but not all of it.
_CONTENT_NAMES = """
    abstract body browserfriendly content copyright description encoded fullitem info rights subtitle summary tagline title
"""
_CONTENT = frozenset(_CONTENT_NAMES.split())
_MEDIA = frozenset({"http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"})  # its `content` is a picture
_XHTML = frozenset({"xhtml", "application/xhtml+xml"})
# Markup that no parser of feeds could take for an element of the feed (`summary`, `source`, `title`, `svg`: they could).
_MARKUP_NAMES = """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details
    dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 hr i iframe img ins kbd li mark nav ol p picture pre
    q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var video wbr
"""
_MARKUP = frozenset(_MARKUP_NAMES.split())
_DRAWN = frozenset({"math", "svg"})  # feedparser counts how deep it is in them
# An entry after one of these in the header may be read differently: feedparser believes that it has content already.
_STICKY = frozenset({"body", "content", "encoded", "fullitem", "summary"})

# feedparser remembers a namespace for the rest of the document, wherever it is declared. That harms nobody if each prefix
# and each namespace means the same all over the document, and if no prefix is one of feedparser's own for another one.
_OWN = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "trackback": "http://madskills.com/public/xml/rss/module/trackback/",
    "wfw": "http://wellformedweb.org/commentapi/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
}
_OWN_SPACES = frozenset({*_OWN.values(), _ATOM.lower()})  # known by any prefix
_OTHER_OWN = """
    admin ag annotate audio blogchannel cc co company cp creativecommons email ev fm foaf icbm image l pingback prism psc
    rdfs ref reqv search soap ss str sub szf taxo thr ti wiki xml
"""
_RESERVED = frozenset({*_OWN, *_OTHER_OWN.split()})

_TAG = re.compile(rb"<([^\s/>]+)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>")
_DOCTYPE = re.compile(rb"<!\s*(?:doctype|entity)", re.IGNORECASE)


def trim(text: str, seen: frozenset[bytes], base: str, entries_max: int) -> Trimmed | None:
    """`base` is the URL of the document. Hashes hold what an entry means: its bytes, its ancestors, base and language."""
    if not base:
        return None  # without one, feedparser lets an entry's xml:base leak into the next
    body = text.encode(errors="replace")
    scan = _Scan(body)
    try:
        scan.run()
    except (ExpatError, _UncertainError):
        return None
    entries = scan.entries[:entries_max]
    context = blake2b(digest_size=HASH_BYTES, person=b"newsmon" + ALGORITHM)
    for part in (base.encode(errors="replace"), *scan.context):
        context.update(len(part).to_bytes(4) + part)
    hashes = []
    for entry in entries:
        digest = context.copy()
        digest.update(b"\1" if entry.after_content else b"\0")
        digest.update(memoryview(body)[entry.start : entry.end])
        hashes.append(digest.digest())
    left_out = sum(each in seen for each in hashes)
    wanted = [each not in seen for each in hashes] + [False] * (len(scan.entries) - len(entries))
    nothing: tuple[bytes, list[bool]] = (b"", [])
    trimmed, listed = nothing if left_out and not any(wanted) else _without(body, scan.entries, wanted)
    return Trimmed(
        kind=scan.kind,
        body=trimmed,
        listed=tuple(listed),
        hashes=tuple(hashes),
        left_out=left_out,
        beyond=len(scan.entries) - len(entries),
    )


class _UncertainError(Exception):
    """Something in the document could make an entry mean something else where others are left out."""


class _Found:
    """Where an entry stands. `after_content`: whether the header, just before it, has what feedparser takes for content."""

    __slots__ = ("after_content", "end", "name", "start")

    def __init__(self, start: int, name: bytes, *, after_content: bool) -> None:
        self.start, self.end = start, start
        self.name = name
        self.after_content = after_content


def _without(body: bytes, entries: list[_Found], wanted: list[bool]) -> tuple[bytes, list[bool]]:
    """The document without the entries that are not wanted, and which of those left it lists.

    An empty entry stands before a wanted one for those left out: where an entry ends, feedparser forgets things.
    """
    pieces: list[bytes] = []
    listed: list[bool] = []
    position = 0
    for number, entry in enumerate(entries):
        if wanted[number]:
            listed.append(True)
            continue
        pieces.append(body[position : entry.start])
        position = entry.end
        if number + 1 < len(entries) and wanted[number + 1]:
            pieces.append(b"<" + entry.name + b"/>")
            listed.append(False)
    pieces.append(body[position:])
    return b"".join(pieces), listed


class _Scan:
    """One pass over a document. Raises ExpatError where it is not well-formed, and _UncertainError."""

    def __init__(self, body: bytes) -> None:
        self.kind = ""
        self.entries: list[_Found] = []
        self.context: list[bytes] = []  # what all entries depend on: the tags around them, the document's language
        self._body = body
        self._names: dict[str, tuple[str, str]] = {}
        self._bound: dict[str | None, str] = {}  # prefixes, by the ancestors of entries
        self._spaces: dict[str, str] = {}  # what each prefix stands for, all over the document
        self._prefixes: dict[str, str | None] = {}  # and what stands for a namespace that feedparser does not know
        self._declared: list[tuple[str | None, str]] = []  # by the element that starts next
        self._family: frozenset[str] = frozenset()
        self._entry_name = ""
        self._entry_depth = 0
        self._depth = 0
        self._channels = 0
        self._in_channel = False
        self._open: _Found | None = None  # the entry that we are in
        self._text_depth = 0  # of the element that we are in and that holds text
        self._text_is_markup = False
        self._language_at = -1  # where the element starts that names the document's language
        self._sticky = False
        self._after_content = False
        self._parser = parser = ParserCreate("utf-8", " ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._doctype

    def run(self) -> None:
        try:
            self._parser.Parse(self._body, True)  # noqa: FBT003  the library takes it by place only
        finally:
            del self._parser  # its handlers lead back here: a circle that would hold the whole document

    def _doctype(self, *_: object) -> None:
        raise _UncertainError

    def _declare(self, prefix: str | None, uri: str) -> None:
        self._declared.append((prefix, uri))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        uri, local = self._names.get(name) or self._name(name)
        if self._text_depth:
            if not self._text_is_markup or local not in _MARKUP:
                raise _UncertainError
        elif self._depth == 1 or local in _STRUCTURE:
            self._structure(uri, local)
        elif local in _CONTENT and not (local == "content" and uri in _MEDIA):
            self._content(local, attributes)
        elif local == "language" and self._open is None:
            self._language_at = self._parser.CurrentByteIndex
            self._text_depth, self._text_is_markup = self._depth, False
        elif local in _DRAWN:
            raise _UncertainError
        if self._declared:
            self._check_declared()

    def _end(self, _: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if depth == self._text_depth:
            self._text_depth = 0
            if self._language_at >= 0:
                self.context.append(self._body[self._language_at : self._parser.CurrentByteIndex])
                self._language_at = -1
        elif depth == self._entry_depth:
            if self._open is not None:
                self._close(self._open)
        elif depth == self._entry_depth - 1:
            self._in_channel = False

    def _name(self, name: str) -> tuple[str, str]:
        """The namespace and, in lower case as feedparser reads it, the name in it."""
        uri, _, local = name.rpartition(" ")
        self._names[name] = found = (uri, local.lower())
        return found

    def _structure(self, uri: str, local: str) -> None:
        """A root, a channel or an entry in its one place."""
        if self._depth == 1:
            self._root(uri, local)
        elif local == "channel" and self._depth == 2 and not self._channels:  # noqa: PLR2004  below the root
            if self.kind == "atom" or uri not in self._family:
                raise _UncertainError
            self._channels = 1
            self._in_channel = True
            if self.kind == "rss":
                self._ancestor()
        elif local == self._entry_name and self._depth == self._entry_depth and uri in self._family:
            if self.kind == "rss" and not self._in_channel:
                raise _UncertainError
            start = self._parser.CurrentByteIndex
            name = self._tag(start)[1]
            prefix, colon, _ = name.partition(b":")
            if colon and prefix.decode() not in self._bound:
                raise _UncertainError
            self._open = _Found(start, name, after_content=self._after_content)
            self._after_content = False
        else:
            raise _UncertainError

    def _root(self, uri: str, local: str) -> None:
        self._family = _FAMILIES.get(local, frozenset())
        if uri not in (self._family if local != "rdf" else {_RDF}):
            raise _UncertainError
        if _DOCTYPE.search(self._body, 0, self._parser.CurrentByteIndex):
            raise _UncertainError  # in a comment: feedparser would find it there
        self.kind = _KINDS[local]
        self._entry_name = _ENTRY_NAMES[local]
        self._entry_depth = 3 if local == "rss" else 2
        self._ancestor()
        if local == "rdf" and not _RSS_1 & {self._bound.get(None)}:
            raise _UncertainError  # feedparser would learn from an entry what it reads

    def _ancestor(self) -> None:
        self._bound.update(self._declared)
        self._spaces.update((prefix, uri) for prefix, uri in self._declared if prefix is not None)
        for prefix, uri in self._declared:
            self._prefixes.setdefault(uri, prefix)
        self._declared.clear()
        self.context.append(self._tag(self._parser.CurrentByteIndex)[0])

    def _content(self, local: str, attributes: dict[str, str]) -> None:
        # An attribute of a namespace that feedparser does not know is one of no namespace to it.
        types = {value.lower() for name, value in attributes.items() if name.rpartition(" ")[2].lower() == "type"}
        self._text_depth = self._depth
        self._text_is_markup = bool(types) and types <= _XHTML
        if self._open is None:
            self._sticky = self._sticky or local in _STICKY
            self._after_content = self._sticky

    def _check_declared(self) -> None:
        """Beside the ancestors of entries, a namespace may be declared only if that changes nothing for anybody else."""
        for prefix, uri in self._declared:
            lower = uri.lower()
            harmless = (
                (lower in _OWN_SPACES or self._prefixes.setdefault(uri, prefix) == prefix)
                and (prefix is None or self._spaces.setdefault(prefix, uri) == uri)
                and (prefix is None or prefix.lower() not in _RESERVED or _OWN.get(prefix) == lower)
            )
            if not harmless:
                raise _UncertainError
        self._declared.clear()

    def _close(self, entry: _Found) -> None:
        end = self._parser.CurrentByteIndex
        if self._body.startswith(b"</" + entry.name, end):
            end = self._body.index(b">", end) + 1
        entry.end = end  # expat stands behind an empty element already
        self.entries.append(entry)
        self._open = None

    def _tag(self, start: int) -> re.Match[bytes]:
        tag = _TAG.match(self._body, start)
        if tag is None:
            raise _UncertainError
        return tag
