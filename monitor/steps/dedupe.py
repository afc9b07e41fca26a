"""dedupe: an Item and what is known by its keys in, its Identity out: new, an update, or a repeat, with why.

Identity is never a matter of one field, and depends on the entry alone, never on its neighbours in the document.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from monitor.model.feed import Feed
from monitor.model.ids import FeedId, ItemId
from monitor.model.item import Identity, Item, KeyKind, Keys, Neighbours, Seen
from monitor.text.urls import canonical, is_home_page, registrable_domain

ALGORITHM = "1"  # of the keys below; a change of theirs is a new number, and a migration that keeps the old keys alive
PUBLISHER_TAIL_CHARS_MAX = 60

_SPACE = re.compile(r"\s+")


def item_id(feed_id: FeedId, keys: Keys) -> ItemId:
    """The id that this entry gets if it is new: the same entry of the same feed always gets the same one."""
    return ItemId(_hash("item", feed_id, keys.guid or "", keys.link or "", keys.text or ""))


def keys_of(item: Item, publisher: str) -> Keys:
    """The keys of an entry. `publisher` is cut from the end of its title (" - Publisher"), as aggregators write it."""
    link = canonical(item.link)
    permalink = link if item.guid == item.link else canonical(item.guid)
    guid = permalink or item.guid.strip()
    title = _plain(without_publisher(item.title, publisher))
    text = _plain(item.body or item.summary)
    return Keys(
        guid=_hash(KeyKind.GUID, guid) if guid and not is_home_page(permalink) else None,
        link=_hash(KeyKind.LINK, link) if link and not is_home_page(link) else None,
        text=_hash(KeyKind.TEXT, title, text) if title or text else None,
        text_decides=bool(text) or not (guid or link),
    )


def link_key(link: str) -> str:
    """The key of an item's link, the same in every feed."""
    return _hash(KeyKind.LINK, canonical(link))


def publisher_of(feed: Feed, item: Item) -> str:
    """Who is behind an item: its feed's publisher; in an aggregator the entry's own source, else the domain of its link."""
    if not feed.aggregator:
        return feed.publisher
    return item.source_title or registrable_domain(item.link) or feed.publisher


def with_lang(feed: Feed, item: Item) -> Item:
    """The item in the language of its feed where neither the entry nor the document names one. No key depends on it."""
    return item if item.lang or not feed.lang else replace(item, lang=feed.lang)


def without_publisher(title: str, publisher: str) -> str:
    """The title without a trailing " - Publisher"."""
    for dash in (" - ", " – ", " — ", " | "):
        head, found, tail = title.rpartition(dash)
        if found and head and len(tail) <= PUBLISHER_TAIL_CHARS_MAX and tail.strip().casefold() == publisher.casefold():
            return head.rstrip()
    return title


class Known:
    """What is known by the keys of one document's entries: the store's answer, and what the entries before taught."""

    def __init__(self, wanted: Sequence[tuple[Keys, ItemId]], neighbours: Sequence[Neighbours]) -> None:
        self._stored = {(keys, new_id): near for (keys, new_id), near in zip(wanted, neighbours, strict=True)}
        self._learnt: dict[str, list[ItemId]] = {}
        self._ids: set[ItemId] = set()

    def near(self, keys: Keys, new_id: ItemId) -> Neighbours:
        """The neighbours of an entry now, newest first."""
        stored = self._stored[keys, new_id]
        return replace(
            stored,
            by_guid=self._with(keys.guid, stored.by_guid),
            by_link=self._with(keys.link, stored.by_link),
            by_text=self._with(keys.text, stored.by_text),
            same_id=stored.same_id or new_id in self._ids,
        )

    def learn(self, keys: Keys, item: ItemId) -> None:
        """The entry with these keys is that item."""
        self._ids.add(item)
        for _, key in keys.pairs():
            known = self._learnt.setdefault(key, [])
            if item not in known:
                known.insert(0, item)

    def _with(self, key: str | None, stored: tuple[ItemId, ...]) -> tuple[ItemId, ...]:
        learnt = self._learnt.get(key or "", [])
        return (*learnt, *(item for item in stored if item not in learnt))


def identify(keys: Keys, near: Neighbours, new_id: ItemId) -> Identity:
    """Which item an entry is."""
    item, why = _decide(keys, near, new_id)
    if why in {Seen.NEW, Seen.GUID_REUSED}:
        return Identity(item_id=item, why=why, is_new=True, text_is_new=True)
    text_is_new = keys.text is not None and item not in near.by_text and item != new_id  # the id holds the text
    if why is Seen.REPEAT and text_is_new:
        why = Seen.EDITED
    return Identity(item_id=item, why=why, is_new=False, text_is_new=text_is_new)


def _decide(keys: Keys, near: Neighbours, new_id: ItemId) -> tuple[ItemId, Seen]:
    by_text = near.by_text if keys.text_decides else ()
    if near.by_guid:
        for item in near.by_guid:
            if keys.link is None or item in near.by_link or item in by_text:
                return item, Seen.REPEAT
    if near.by_link:
        return near.by_link[0], Seen.RE_GUIDED if keys.guid is not None and not near.by_guid else Seen.REPEAT
    if by_text:
        return by_text[0], Seen.SAME_TEXT if keys.guid is None or near.by_guid else Seen.RE_GUIDED
    if near.elsewhere is not None:
        return near.elsewhere, Seen.SAME_LINK_OTHER_FEED
    if near.same_id:
        return new_id, Seen.REPEAT
    return new_id, Seen.GUID_REUSED if near.by_guid else Seen.NEW


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()


def _hash(*parts: str) -> str:
    digest = blake2b(digest_size=16, person=b"newsmon" + ALGORITHM.encode())
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(4) + encoded)
    return digest.hexdigest()
