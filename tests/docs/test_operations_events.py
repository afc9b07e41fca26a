"""The page about operations says what is sent, and its examples load."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.adapters.receivers.log import FEED_EVENTS, lines
from monitor.config import load
from monitor.model.alert import Concern
from monitor.model.delivery import Delivery, DeliveryState
from monitor.model.feed import Feed, FeedState, FeedWord
from monitor.model.ids import DeliveryId, FeedId, ReceiverId
from monitor.model.poll import Outcome
from monitor.steps import operations
from monitor.steps.deliver.request import payload

GUIDE = (Path(__file__).parents[2] / "docs/operations-events.md").read_text(encoding="utf-8")
NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = Feed(id=FeedId("bbc-world"), url="https://feeds.example.org/world.xml?key=s3cret", publisher="BBC")
BEFORE = FeedState(
    feed_id=FEED.id,
    next_poll_at=NOW,
    last_poll_at=NOW - HOUR / 3,
    last_success_at=NOW - HOUR,
    last_new_item_at=NOW - 2 * HOUR,
    failures=2,
)
AFTER = replace(
    BEFORE,
    last_poll_at=NOW,
    last_outcome=Outcome.HTTP_ERROR,
    last_detail="404 Not Found",
    failures=3,
    next_poll_at=NOW + timedelta(minutes=40),
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_the_event_is_the_one_that_is_sent() -> None:
    seen = operations.Seen(now=NOW, word=FeedWord.FAILING, silent=False)
    (event,) = operations.told(FEED, BEFORE, AFTER, seen, "newsmon").events
    delivery = Delivery(
        id=DeliveryId("msg_1"),
        receiver_id=ReceiverId("desk"),
        alert=event,
        sequence=18,
        state=DeliveryState.PENDING,
        attempts=0,
        created_at=NOW,
        next_attempt_at=NOW,
    )
    (example,) = blocks("json")
    assert json.loads(payload(delivery)) == json.loads(example)
    assert lines(event) == [line for text in blocks("text") for line in text.splitlines()]


def test_every_type_and_reason_has_its_row() -> None:
    rows = re.findall(r"^\| `(feed\.\w+)` \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert {kind for kind, _ in rows} == {kind.value for kind in FEED_EVENTS}
    assert [reason for _, reason in rows] == [concern.value for concern in Concern]


def test_its_configuration_loads(tmp_path: Path) -> None:
    written = {text.split()[1]: text for text in blocks("yaml")}
    assert set(written) == {"alerts.yaml", "settings.yaml"}
    others = {
        "feeds.yaml": "feeds: [{id: a, url: https://a.example/, publisher: A}]\n",
        "topics/day.yaml": "topics: [{id: a, title: A, query: war}]\n",
        "secrets/desk": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n",
    }
    for name, text in {**written, **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    assert load(tmp_path, {"HEARTBEAT_URL": "https://hc.example/ping"}).warnings == ()


def test_the_keys_that_it_says_to_group_by_exist() -> None:
    (example,) = blocks("json")
    data = json.loads(example)["data"]
    keys = {f"data.{key}" for key in data} | {f"data.feed.{key}" for key in data["feed"]}
    assert {key for key in re.findall(r"`(data\.[\w.]+)`", GUIDE) if key not in keys} == set()
