"""strict: a document that trim has found well-formed and plain in, what feedparser reads in it out.

feedparser's own reader of strict XML, fed by expat without the layers between them, and not asked for what nobody looks at:
the values that we read are the same, in less than half the time. What is not plain (a DOCTYPE, another encoding, markup that
is half closed) never comes here. `docs/decisions/0008-what-feedparser-need-not-do.md` says why each of these is safe.
"""

import re
from functools import lru_cache
from typing import Any
from xml.parsers.expat import ParserCreate

from feedparser import mixin
from feedparser.api import StrictFeedParser
from feedparser.util import FeedParserDict

_USERLAND = "backend.userland.com/rss"
_LETTERS = 0x600  # of Latin, Greek, Cyrillic, Hebrew, Arabic
# The names that FeedParserDict answers with something else.
_ODD = frozenset({*FeedParserDict.keymap, "category", "enclosures", "license", "updated", "updated_parsed"})
# No base changes such a link: it is whole, and nothing in it would be written otherwise.
_WHOLE_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?/[\w/.~%+-]*(?:\?[\w=&.%+/-]+)?(?:#[\w=-]+)?", re.ASCII)

# For each element feedparser resolves the base of its links anew, against itself.
mixin.make_safe_absolute_uri = lru_cache(maxsize=64)(mixin.make_safe_absolute_uri)
# In each text it mends what Windows writes beyond Latin-1, and each letter that its table does not know is an exception
# inside of `str.translate`: here the table knows the usual ones, for what they are.
mixin._cp1252 = {letter: letter for letter in range(_LETTERS)} | mixin._cp1252  # noqa: SLF001


class _Content(dict[str, Any]):
    """What feedparser knows of the text that it is in: words, which need no deep copy."""

    def __deepcopy__(self, _: object) -> dict[str, Any]:
        return dict(self)


class _Entry(FeedParserDict):  # type: ignore[misc]  # the library has no types
    """As it is, but a name that stands for no other is asked of the dictionary itself."""

    __hash__ = object.__hash__  # which is by identity, as its own

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key) if key in _ODD else dict.__getitem__(self, key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) if key in _ODD else dict.__contains__(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _ODD:
            super().__setitem__(key, value)
        else:
            dict.__setitem__(self, key, value)

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default) if key in _ODD else dict.get(self, key, default)

    def setdefault(self, key: str, default: Any) -> Any:
        return super().setdefault(key, default) if key in _ODD else dict.setdefault(self, key, default)


class _Entries(list[dict[str, Any]]):
    def append(self, entry: dict[str, Any]) -> None:
        super().append(_Entry(entry))


class _Reader(StrictFeedParser):  # type: ignore[misc]  # the library has no types
    """As it is, but for what is the same in fewer steps, and for dates, which are read by `dates`."""

    def __init__(self, base: str) -> None:
        super().__init__(mixin.make_safe_absolute_uri(base), None, "utf-8")
        self.resolve_relative_uris = self.sanitize_html = False
        self.contentparams: dict[str, Any] = {}
        self.entries = _Entries()

    def push_content(self, tag: str, attrs_d: Any, default_content_type: str, expecting_text: Any) -> None:
        super().push_content(tag, attrs_d, default_content_type, expecting_text)
        self.contentparams = _Content(self.contentparams)

    def resolve_uri(self, uri: str) -> str:
        return uri if _WHOLE_URL.fullmatch(uri) else super().resolve_uri(uri)

    def _end_published(self) -> None:
        if self._date_may_raise():
            super()._end_published()
        else:
            self._leave_date("published")

    def _end_updated(self) -> None:
        if self._date_may_raise():
            super()._end_updated()
        else:
            self._leave_date("updated")

    _end_issued = _end_pubdate = _end_published
    _end_modified = _end_lastbuilddate = _end_updated

    def _leave_date(self, name: str) -> None:  # by no name that an element could have: `_end_date` would be for <date>
        self.pop(name)
        self._get_context()  # where it would put the date that it has read: raises where there is no such place

    def _date_may_raise(self) -> bool:
        """2006/13/15 does, and feedparser gives the document up."""
        return bool(self.elementstack) and any("/" in piece for piece in self.elementstack[-1][2])


def read_strict(data: bytes, base: str) -> dict[str, Any]:
    """As feedparser.parse: `version`, `feed`, `entries`, `bozo`. `base` is an absolute URL; raises what feedparser raises."""
    reader = _Reader(base)
    parser = ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    names: dict[str, str] = {}
    spaces: dict[str, str] = reader._matchnamespaces  # noqa: SLF001

    def element(name: str) -> str:
        """What feedparser calls it: by its own prefix where it knows the namespace, else by the first that the document gives."""
        uri, _, local = name.rpartition(" ") if name.count(" ") < 2 else name.rpartition(" ")[0].rpartition(" ")  # noqa: PLR2004
        lower = uri.lower()
        known = "" if _USERLAND in lower else spaces.get(lower)
        if known is None:
            known = next((prefix for prefix, each in reader.namespaces_in_use.items() if prefix and each == uri), "")
            return f"{known}:{local}".lower() if known else local.lower()
        names[name] = tag = f"{known}:{local}".lower() if known else local.lower()
        return tag

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = names.get(name) or element(name)
        if not attributes and not reader.decls:
            reader.unknown_starttag(tag, [])
            return
        values, reader.decls = reader.decls, {}
        qualified = []
        for each, value in attributes.items():
            if " " in each:
                uri, local, *prefix = each.split(" ")
                known = spaces.get(uri.lower(), "")
                values[f"{known}:{local}".lower() if known else local.lower()] = value
                qualified.append((":".join((*prefix, local)).lower(), value))
            else:
                values[each.lower()] = value
        values.update(qualified)
        reader.unknown_starttag(tag, list(values.items()))

    def end(name: str) -> None:
        reader.unknown_endtag(names.get(name) or element(name))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.handle_data
    parser.StartNamespaceDeclHandler = reader.startPrefixMapping
    parser.Parse(data, True)  # noqa: FBT003  the library takes it by place only
    return {"version": reader.version, "feed": reader.feeddata, "entries": reader.entries, "bozo": False}
