"""Lines of JSONL as people write them: what is read, and what is said of what cannot be."""

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.commands.texts import LINE_BYTES_MAX, BadLine, Text, is_texts, read_texts
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.item import Item, Origin

FEED = Feed(id=FeedId("wire"), url="https://wire.example/rss", publisher="Wire", tags=("english",))
FEEDS = {FEED.id: FEED, FEED.url: FEED}


def read(raw: bytes) -> list[Text | BadLine]:
    return list(read_texts(io.BytesIO(raw), FEEDS))


def test_a_line_is_read_as_an_entry_of_a_feed() -> None:
    words = "word " * 200
    line = {
        "title": "A <b>deal</b> &amp; more",
        "summary": f"<p>{words}</p>",
        "link": "https://wire.example/1",
        "published": "2009-02-24T09:30:00+02:00",
        "lang": "EN_gb",
        "feed": "https://wire.example/rss",
        "topics": ["a", "b", "a"],
        "story": 7,
        "publisher": None,
    }
    raw = json.dumps(line).encode() + b"\n"
    assert read(b"\xef\xbb\xbf" + raw) == [
        Text(
            line=1,
            size_bytes=len(raw) + 3,
            item=Item(
                title="A deal & more",
                summary=("word " * 120).strip(),
                body=words.strip(),
                link="https://wire.example/1",
                published=datetime(2009, 2, 24, 7, 30, tzinfo=UTC),
                lang="en-gb",
            ),
            origin=Origin(feed="wire", publisher="Wire", tags=("english",)),
            labels=("a", "b"),
        )
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "expected a JSON object: Expecting property name enclosed in double quotes at column 2"),
        (b"[1]", "expected a JSON object, not a list"),
        (b'{"title": "a", "n": ' + b"1" * 5_000 + b"}", "expected a JSON object; a number in this one is too long"),
        (b"null", "expected a JSON object, not null"),
        (b'"text"', "expected a JSON object, not a text"),
        (b"\xff{}", "expected UTF-8"),
        (b"[" * 100_000, "expected a JSON object; this one is nested too deeply"),
        (b"{}", "expected a title or a summary"),
        (b'{"title": "<br>", "summary": null}', "expected a title or a summary"),
        (b'{"title": 7}', "title: expected a text, not a number"),
        (b'{"title": "x", "link": ["y"]}', "link: expected a text, not a list"),
        (
            b'{"title": "x", "topics": "a"}',
            'topics: expected a list of topic ids, such as ["peace-talks"], or [] for none',
        ),
        (
            b'{"title": "x", "topics": [1]}',
            'topics: expected a list of topic ids, such as ["peace-talks"], or [] for none',
        ),
        (b'{"title": "' + b"x" * LINE_BYTES_MAX + b'"}', "longer than 1 MiB"),
    ],
)
def test_a_bad_line_costs_itself_only(line: bytes, problem: str) -> None:
    good = b'{"title": "x"}'
    found = read(b"\n" + line + b"\n \n" + good)
    assert found == [
        BadLine(line=2, size_bytes=len(line) + 1, problem=problem),
        Text(line=4, size_bytes=len(good), item=Item(title="x"), origin=Origin(), labels=None),
    ]


@pytest.mark.parametrize(
    ("published", "read_as"),
    [
        ("Mon, 24 Feb 2025 09:30:00 GMT", datetime(2025, 2, 24, 9, 30, tzinfo=UTC)),
        ("2125-02-24", datetime(2125, 2, 24, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_dates(published: str, read_as: datetime | None) -> None:
    (found,) = read(json.dumps({"title": "x", "published": published}).encode())
    assert isinstance(found, Text)
    assert found.item.published == read_as


def test_jsonl_is_known_by_its_name_or_as_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    names = ["a.jsonl", "a.NDJSON", "a.json", "a.xml"]
    assert [is_texts(tmp_path / name) for name in names] + [is_texts(pipe)] == [True, True, False, False, True]
