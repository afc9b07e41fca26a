"""The items of the store page by page: each once, oldest first, however many were first seen at one moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import items
from monitor.adapters.store.open import Store
from monitor.model.ids import FeedId, ItemId
from monitor.model.item import Item, StoredItem
from monitor.ports import Sighting
from monitor.steps.dedupe import keys_of

FEED = FeedId("wire")
NOON = datetime(2025, 2, 24, 12, tzinfo=UTC)
SEEN = {"e": 0, "b": 1, "a": 1, "d": 1, "c": 2}  # hours after noon


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "newsmon.sqlite")
    sightings = []
    for name, hours in SEEN.items():
        item = Item(guid=name, title=name)
        stored = StoredItem(
            id=ItemId(name), feed_id=FEED, publisher="Wire", item=item, first_seen=NOON + timedelta(hours=hours)
        )
        sightings.append(Sighting(stored=stored, keys=keys_of(item, "Wire"), is_new=True, words_changed=False))
    made.write_now(lambda tx: items.write(tx, FEED, sightings, NOON))
    yield made
    made.close()


def pages(store: Store, moment: datetime, limit: int) -> list[str]:
    found: list[str] = []
    last: StoredItem | None = None
    while page := store.read_now(lambda tx, last=last: items.since(tx, moment, after=last, limit=limit)):  # type: ignore[misc]
        found.append("".join(stored.id for stored in page))
        last = page[-1]
    return found


@pytest.mark.parametrize(
    ("hours", "limit", "found"),
    [
        (0, 9, ["eabdc"]),
        (0, 2, ["ea", "bd", "c"]),
        (0, 1, ["e", "a", "b", "d", "c"]),
        (1, 2, ["ab", "dc"]),
        (1.5, 2, ["c"]),
        (3, 2, []),
    ],
)
def test_pages(store: Store, hours: float, limit: int, found: list[str]) -> None:
    moment = NOON + timedelta(hours=hours)
    assert pages(store, moment, limit) == found
    assert store.read_now(lambda tx: items.count_since(tx, moment)) == len("".join(found))
