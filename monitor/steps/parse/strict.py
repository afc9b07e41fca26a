"""strict: a document that trim has found well-formed and plain in, what feedparser reads in it out.

feedparser's own reader of strict XML, fed by expat without the layers between them: the same calls with the same words,
in about half the time. What is not plain (a DOCTYPE, another encoding, markup that is half closed) never comes here.
"""

from functools import lru_cache
from typing import Any
from xml.parsers.expat import ParserCreate

from feedparser import mixin
from feedparser.api import StrictFeedParser

_USERLAND = "backend.userland.com/rss"

# For each element feedparser resolves the base of its links anew, against itself.
mixin.make_safe_absolute_uri = lru_cache(maxsize=64)(mixin.make_safe_absolute_uri)


class _Reader(StrictFeedParser):  # type: ignore[misc]  # the library has no types
    """As it is, but for what it asks six times an element: a plain dictionary answers that at once."""

    def __init__(self, base: str) -> None:
        super().__init__(mixin.make_safe_absolute_uri(base), None, "utf-8")
        self.resolve_relative_uris = self.sanitize_html = False
        self.contentparams: dict[str, Any] = {}

    def push_content(self, tag: str, attrs_d: Any, default_content_type: str, expecting_text: Any) -> None:
        super().push_content(tag, attrs_d, default_content_type, expecting_text)
        self.contentparams = dict(self.contentparams)


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
