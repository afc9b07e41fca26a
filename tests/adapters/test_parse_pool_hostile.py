"""The pool of parsers: documents that mean harm, each read beside three good ones that are read all the same."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from monitor.adapters.parse_pool import Limits, ParsePool
from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import Document

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
GOOD = Document(body=b"<rss version='2.0'><channel><item><title>Talks</title></item></channel></rss>")
READ = Parsed(kind="rss20", items=(Item(title="Talks"),))

TITLE = b"<title>Talks</title>"
REFUSED = "its DOCTYPE declares entities that expand or lead elsewhere: refused"
PATIENT = timedelta(
    minutes=5
)  # what a document costs is processor time; how long that takes is for who else works here to say
NO_TIME = "reading it takes more than 1 s of processor time"


def rss(entries: bytes, doctype: bytes = b"") -> bytes:
    prolog = b"<?xml version='1.0'?><!DOCTYPE rss [%b]>" % doctype if doctype else b""
    return prolog + b"<rss version='2.0'><channel>" + entries + b"</channel></rss>"


def laughs(levels: int) -> bytes:
    return b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%b">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, levels)
    )


def json_feed(items: bytes) -> bytes:
    return b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + items + b"]}"


# What is read: entries, and how many were left out.
READABLE: dict[str, tuple[bytes, int, int]] = {
    "F3-200,000 nested tags": (rss(b"<item>" + TITLE + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</item>"), 1, 0),
    "F3-200,000 nested tags, none closed": (rss(b"<item>" + TITLE + b"<a>" * 200_000), 1, 0),
    "F3-9 MB of CDATA": (rss(b"<item>" + TITLE + b"<description><![CDATA[" + b"w " * 4_500_000 + b"]]></description></item>"), 1, 0),
    "F3-CDATA that is not closed": (rss(b"<item>" + TITLE + b"<description><![CDATA[" + b"w" * 9_000_000), 1, 0),
    "F3-a comment that is not closed": (rss(b"<item>" + TITLE + b"</item><!-- " + b"- " * 4_000_000), 1, 0),
    "F3-a tag of 5 MB": (rss(b"<item>" + TITLE + b"</item><" + b"a" * 5_000_000 + b"/>"), 1, 0),
    "F3-an attribute of 5 MB": (rss(b"<item a='" + b"a" * 5_000_000 + b"'>" + TITLE + b"</item>"), 1, 0),
    "F3-50,000 namespaces": (rss(b"<item " + b" ".join(b"xmlns:a%d='u%d'" % (n, n) for n in range(50_000)) + b">" + TITLE + b"</item>"), 1, 0),
    "F3-200,000 categories": (rss(b"<item>" + TITLE + b"<category>c</category>" * 200_000 + b"</item>"), 1, 0),
    "F13-200,000 entries": (rss(b"".join(b"<item><title>%d</title></item>" % n for n in range(200_000))), 5_000, 195_000),
    "F13-200,000 JSON items": (json_feed(b",".join(b'{"id": "%d", "title": "t"}' % n for n in range(200_000))), 5_000, 195_000),
}  # fmt: skip

# What is not, at once or when its second is over.
UNREADABLE: dict[str, tuple[bytes, str, bool]] = {
    "F2-billion laughs": (rss(b"<item><title>&a9;</title></item>", laughs(10)), REFUSED, False),
    "F2-quadratic": (rss(b"<item><title>" + b"&a;" * 100_000 + b"</title></item>", b'<!ENTITY a "%b">' % (b"x" * 50_000)), REFUSED, False),
    "F2-a file": (rss(b"<item><title>&a;</title></item>", b'<!ENTITY a SYSTEM "file:///dev/zero">'), REFUSED, False),
    "F3-20 MB of CDATA": (rss(b"<item><description><![CDATA[" + b"w " * 10_000_000 + b"]]></description></item>"), "larger than 10 MiB", True),
    "F3-60,000 attributes": (rss(b"<item " + b" ".join(b'a%d=""' % n for n in range(60_000)) + b"/>"), NO_TIME, True),
    "F3-200,000 entries within entries": (rss(b"<item><title>x</title>" * 200_000), NO_TIME, True),
    "F3-5 MB of <": (rss(b"<item><description>" + b"<" * 5_000_000 + b"</description></item>"), NO_TIME, True),
    "F6-JSON, 100,000 deep": (json_feed(b"[" * 100_000 + b"]" * 100_000), "JSON, nested too deeply", False),
    "F14-an entry of 50 MB": (rss(b"<item><description>" + b"w" * 50_000_000 + b"</description></item>"), "larger than 10 MiB", True),
}  # fmt: skip


def read_among_others(body: bytes, limits: Limits) -> Parsed | ParseFailure:
    async def run() -> Parsed | ParseFailure:
        pool = ParsePool(workers=2, limits=limits)
        try:
            answer, *others = await asyncio.gather(
                *(pool.parse(each, NOW) for each in (Document(body=body), GOOD, GOOD, GOOD))
            )
        finally:
            await pool.close()
        assert others == [READ] * 3
        return answer

    return asyncio.run(run())


@pytest.mark.parametrize(("body", "entries", "left_out"), READABLE.values(), ids=READABLE)
def test_what_can_be_read_within_the_limits(body: bytes, entries: int, left_out: int) -> None:
    answer = read_among_others(body, Limits(wall=PATIENT))
    assert isinstance(answer, Parsed)
    assert (len(answer.items), answer.truncated) == (entries, left_out)


@pytest.mark.parametrize(("body", "detail", "limit"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot(body: bytes, detail: str, limit: bool) -> None:
    assert read_among_others(body, Limits(wall=PATIENT, cpu=timedelta(seconds=1))) == ParseFailure(
        detail=detail, limit=limit
    )
