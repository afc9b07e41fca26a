"""redact: what of a URL may be seen."""

import pytest

from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.text.redact import feed_url, led_to, redacted, shareable

URLS = {
    "https://wire.example/rss": "https://wire.example/rss",
    "https://wire.example/rss?topic=ukraine&page=2": "https://wire.example/rss?topic=ukraine&page=2",
    "https://wire.example/rss?keywords=nato&author=smith": "https://wire.example/rss?keywords=nato&author=smith",
    "https://wire.example/rss?key=": "https://wire.example/rss?key=",
    "https://wire.example/rss?key=abc": "https://wire.example/rss?key=***",
    "https://wire.example/rss?a=1&apiKey=abc&b=2": "https://wire.example/rss?a=1&apiKey=***&b=2",
    "https://wire.example/rss?access_token=a%26b#top": "https://wire.example/rss?access_token=***#top",
    "https://wire.example/rss?api%5Fkey=abc": "https://wire.example/rss?api%5Fkey=***",
    "https://wire.example/rss?AUTH=a;sig=b;x=c": "https://wire.example/rss?AUTH=***;sig=***;x=c",
    "https://user:pass@wire.example/rss": "https://***@wire.example/rss",
    "https://user@wire.example/rss@home": "https://***@wire.example/rss@home",
    "https://wire.example/rss?key=${KEY}": "https://wire.example/rss?key=${KEY}",
    "https://wire.example/rss?key=${KEY:-none}": "https://wire.example/rss?key=${KEY:-none}",
    "https://wire.example/rss?key=a${KEY}": "https://wire.example/rss?key=***",
    "": "",
}


@pytest.mark.parametrize("url", URLS)
def test_redacted(url: str) -> None:
    assert redacted(url) == URLS[url]


def feed(written: str, url: str) -> Feed:
    return Feed(id=FeedId("wire"), url=url, publisher="Wire", written=written)


# As it is written, as it is, how it is shown.
FEEDS = {
    "nothing of a variable": ("", "https://wire.example/rss?a=b", "https://wire.example/rss?a=b"),
    "a key that is written": ("", "https://wire.example/rss?key=b", "https://wire.example/rss?key=***"),
    "a key": ("https://w.example/?key=${KEY}", "https://w.example/?key=c4n4ry", "https://w.example/?key=${KEY}"),
    "a path": ("https://w.example/${KEY}/rss", "https://w.example/c4n4ry/rss", "https://w.example/${KEY}/rss"),
    "all of it": ("${URL}", "https://w.example/c4n4ry", "${URL}"),
    "a text instead": ("https://w.example/?a=${A:-none}", "https://w.example/?a=c4n4ry", "https://w.example/?a=${A}"),
    "the characters": ("https://w.example/$${A}${B}", "https://w.example/${A}c4n4ry", "https://w.example/${A}${B}"),
    "a key beside it": ("https://${H}/?key=c4n4ry", "https://w.example/?key=c4n4ry", "https://${H}/?key=***"),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_shown_as_it_is_written(name: str) -> None:
    written, url, expected = FEEDS[name]
    assert feed_url(feed(written, url)) == expected


def test_what_is_shared_names_variables_and_no_other_key() -> None:
    shared = shareable(feed("https://w.example/?key=${KEY}&sig=abc", "https://w.example/?key=c4n4ry&sig=abc"))
    assert (shared.written, shared.url) == (
        "https://w.example/?key=${KEY}&sig=***",
        "https://w.example/?key=***&sig=***",
    )


KEYED = ("https://w.example/${KEY}/rss?u=${USER}", "https://w.example/c4n4ry=/rss?u=me")
# As it is written, as it is, where it has led to, what is told of that.
PLACES = {
    "nowhere": (*KEYED, "", ""),
    "without a variable": ("", "https://w.example/", "https://new.example/?token=a&b=c", "https://new.example/?token=***&b=c"),
    "the key again": (*KEYED, "https://new.example/c4n4ry=/rss?u=me", "https://new.example/${KEY}/rss?u=me"),
    "the key again, encoded": (*KEYED, "https://new.example/?a=c4n4ry%3D", "https://new.example/?a=${KEY}"),
    "another key": (*KEYED, "https://new.example/?key=other", "https://new.example/?key=***"),
    "of a URL that is all secret": ("${URL}", "https://w.example/c4n4ry", "https://u:p@new.example:81/c4n4ry", "https://new.example:81/…"),
    "of a path that is": ("https://w.example/${P}", "https://w.example/a/c4n4ry", "https://new.example/c4n4ry", "https://new.example/…"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_where_a_feed_has_led_to(name: str) -> None:
    written, url, place, expected = PLACES[name]
    assert led_to(place, feed(written, url)) == expected
