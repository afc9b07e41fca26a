"""item: one entry of a feed, normalised; and how the store recognises it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.ids import FeedId, ItemId

CATEGORY_JOINT = "; "  # between the categories of an item, where they are one text


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry as its feed lists it. Texts are plain (no markup, no control characters, one line), links absolute http(s) URLs."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""  # at most SUMMARY_CHARS_MAX where the feed puts its whole text there: see `body`
    body: str = ""  # the whole text, if the feed gives more than the summary
    author: str = ""
    categories: tuple[str, ...] = ()
    published: datetime | None = None  # aware UTC; None if missing or outside [-10 years, +1 day]
    lang: str = ""  # of the entry, else of the document
    source_title: str = ""  # the entry's own <source>
    source_url: str = ""

    def text(self, field: str) -> str:
        """What a query finds under the name of that field: spans count its characters. Raises KeyError for another name."""
        texts = {
            "title": self.title,
            "summary": self.summary,
            "body": self.body,
            "author": self.author,
            "url": self.link,
        }
        return CATEGORY_JOINT.join(self.categories) if field == "category" else texts[field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an item comes from, as the filters of a query see it: the feed that lists it, who is behind it, the feed's tags."""

    feed: str = ""
    publisher: str = ""
    tags: tuple[str, ...] = ()


NOWHERE = Origin()  # of a text that no feed listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A parsed document. Bad news data is a value: every oddity is a complaint in words, the other items are kept."""

    kind: str  # "rss20", "atom10", "json11", ...: feedparser's version words and ours
    title: str = ""
    link: str = ""
    lang: str = ""
    ttl_minutes: int | None = None
    update_every: timedelta | None = None  # sy:updatePeriod / sy:updateFrequency
    skip: str = ""  # when the publisher asks nobody to come, in words: "hours 0-5, Saturday"
    items: tuple[Item, ...] = ()
    truncated: int = 0  # entries beyond the limit, counted and left out
    trimmed: int = 0  # entries left out because they were seen; if all were, nothing above but `kind` is known
    entry_hashes: tuple[
        bytes, ...
    ] = ()  # of all entries, the trimmed ones too; empty: the next document is parsed whole
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailure:
    """The document is no feed, or reading it broke a limit. `detail` is for a person."""

    detail: str
    limit: bool = False  # a limit of time or memory was broken, rather than a rule of the format


class KeyKind(StrEnum):
    """The keys by which an entry is recognised; none of them alone decides."""

    GUID = "guid"
    LINK = "link"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of one entry: versioned hashes, None where the entry has no such identity."""

    guid: str | None
    link: str | None
    text: str | None  # title and text together
    text_decides: bool  # whether equal text is evidence: there is a text, or nothing else to go by

    def pairs(self) -> tuple[tuple[KeyKind, str], ...]:
        found = ((KeyKind.GUID, self.guid), (KeyKind.LINK, self.link), (KeyKind.TEXT, self.text))
        return tuple((kind, key) for kind, key in found if key is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What the store knows by the keys of one entry. Lists are newest first."""

    by_guid: tuple[ItemId, ...] = ()  # in the same feed
    by_link: tuple[ItemId, ...] = ()  # in the same feed
    by_text: tuple[ItemId, ...] = ()  # in the same feed
    elsewhere: ItemId | None = None  # the item that another feed lists under the same link
    same_id: bool = False  # the id that a new item would get is taken


class Seen(StrEnum):
    """Why an entry is a new item, an update of a known one, or a repeat."""

    NEW = "new"
    GUID_REUSED = "guid_reused"  # a known guid with a new link and a new text: a new item
    REPEAT = "repeat"
    EDITED = "edited"
    RE_GUIDED = "re_guided"  # a new guid, but a known link or text
    SAME_TEXT = "same_text"  # link and guid are missing or have changed, title and text are equal
    SAME_LINK_OTHER_FEED = "same_link_other_feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The decision of dedupe about one entry."""

    item_id: ItemId
    why: Seen
    is_new: bool  # the item was not in the store
    text_is_new: bool  # its words have not been matched before: a new item, an edit, or another feed's wording


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item as the store holds it: its latest words, and when it was first seen where."""

    id: ItemId
    feed_id: FeedId  # that listed it first
    publisher: str
    item: Item
    first_seen: datetime
    updated_at: datetime | None = None  # the last edit
    why: Seen = Seen.NEW
