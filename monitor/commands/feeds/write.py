"""write: new feeds in; feeds.yaml with their entries at its end, all else in it untouched, out; or why that is not done.

The new text is loaded before it is written: every feed that was there must mean what it meant, and the new ones what they should.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitor.config import ConfigError, load
from monitor.config.append import NotAppendable, append, spelled
from monitor.config.names import slug
from monitor.config.opml import place
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.text.urls import registrable_domain

FILE = "feeds.yaml"
ID_CHARS_MAX = 60  # of an id that gets a number


class NotWritten(Exception):  # noqa: N818  it is an answer, and is read as one
    """Nothing was written. `by_hand`: whether a person could put the entries there."""

    def __init__(self, why: str, *, by_hand: bool) -> None:
        super().__init__(why)
        self.by_hand = by_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A feed that is to be added: what its author said of it, '' where nobody did."""

    url: str
    title: str = ""
    home: str = ""
    lang: str = ""
    id: str = ""
    publisher: str = ""
    tags: tuple[str, ...] = ()
    allow_private: tuple[str, ...] = ()
    variables: bool = False  # `${NAME}` in the URL stands for a variable of the environment


def known_by(feeds: Sequence[Feed], url: str) -> Feed | None:
    """The feed that is already listed under that URL, or under one that is spelled so."""
    return next((feed for feed in feeds if place(feed.url) == place(url) or feed.written == url), None)


def named(wishes: Sequence[Wish], feeds: Sequence[Feed]) -> list[Feed]:
    """The wishes as feeds: with ids that nobody has, and publishers: whom other feeds of the same domain have, else the domain."""
    taken = {str(feed.id) for feed in feeds}
    publishers = {domain: feed.publisher for feed in reversed(feeds) if (domain := registrable_domain(feed.url))}
    made = []
    for wish in wishes:
        domains = [domain for url in (wish.url, wish.home) if (domain := registrable_domain(url))]
        known = next((publishers[domain] for domain in domains if domain in publishers), "")
        host = urlsplit(wish.url).hostname or ""
        base = wish.id or slug(wish.title) or slug(domains[-1] if domains else host) or "feed"
        numbered = (base if number == 1 else f"{base[:ID_CHARS_MAX]}-{number}" for number in range(1, len(taken) + 2))
        id_ = wish.id if wish.id and wish.id not in taken else next(each for each in numbered if each not in taken)
        taken.add(id_)
        feed = Feed(
            id=FeedId(id_),
            url=wish.url,
            written=wish.url if wish.variables else "",
            publisher=wish.publisher or known or (domains[-1] if domains else host),
            title=wish.title,
            tags=wish.tags,
            lang=wish.lang,
            allow_private=wish.allow_private,
        )
        made.append(feed)
    return made


def write(folder: Path, feeds: Sequence[Feed], environ: Mapping[str, str]) -> Path:
    """Add the feeds to the folder's feeds.yaml, and return the file. Raises NotWritten."""
    file = (folder / FILE).resolve()  # a link stays one: what it leads to is replaced
    try:
        before = load(folder, environ).feeds
        data = file.read_bytes()
        added = append(data.decode("utf-8"), feeds).encode("utf-8")
        after = load(folder, environ, instead={FILE: added}).feeds
    except NotAppendable as error:
        raise NotWritten(f"{folder / FILE}: {error}", by_hand=True) from error
    except OSError as error:
        raise NotWritten(f"{file}: {error.strerror}", by_hand=False) from error
    except ConfigError as error:
        raise NotWritten(str(error), by_hand=False) from error
    _compare(before, after, feeds)
    try:
        if file.read_bytes() != data:
            raise NotWritten(f"{file} was changed by somebody else just now; try again", by_hand=False)
        _replace(file, added)
    except OSError as error:
        raise NotWritten(f"{file} cannot be written: {error.strerror}", by_hand=True) from error
    return folder / FILE


def _compare(before: Sequence[Feed], after: Sequence[Feed], added: Sequence[Feed]) -> None:
    """Raises NotWritten where the new text does not mean what was there, and what was wished."""
    found = {feed.id: feed for feed in after}
    ids = {feed.id for feed in added}
    same = [feed for feed in after if feed.id not in ids] == list(before)
    told = all(feed.id in found and _said(found[feed.id]) == _said(feed) for feed in added)
    if not same or not told or len(after) != len(before) + len(added):
        raise NotWritten(f"{FILE} is written in a way to which nothing can be added safely", by_hand=True)


def _said(feed: Feed) -> tuple[object, ...]:
    """What an entry says itself, defaults apart."""
    return (spelled(feed), feed.publisher, feed.title, feed.tags, feed.lang, feed.aggregator, feed.allow_private)


def _replace(file: Path, data: bytes) -> None:
    """At once or not at all; mode and, where that is allowed, owner stay. Raises OSError."""
    known = file.stat()
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(opened.fileno(), known.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(opened.fileno(), known.st_uid, known.st_gid)
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
