"""Documents to items: every format, every encoding, and whatever else the web sends instead of a feed."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import dedent

import pytest

from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import Document
from monitor.steps.parse import parse

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
TEN = datetime(2025, 2, 24, 10, 0, tzinfo=UTC)
URL = "https://news.example/feeds/world.xml"

TALKS = Item(
    guid="talks-1",
    link="https://news.example/talks",
    title="Talks resume in Riyadh",
    summary="Officials met on Monday.",
    published=TEN,
)
AS_RSS = """
    <title>Talks resume in Riyadh</title><link>https://news.example/talks</link><description>Officials met on Monday.</description>
    <pubDate>Mon, 24 Feb 2025 10:00:00 GMT</pubDate>
"""


def read(body: str | bytes, content_type: str = "") -> Parsed | ParseFailure:
    body = body if isinstance(body, bytes) else dedent(body).strip().encode()
    return parse(Document(body=body, content_type=content_type, url=URL), NOW)


def rss(entries: str, version: str = "2.0", prolog: str = "<?xml version='1.0'?>") -> str:
    return f"{prolog}<rss version='{version}'><channel><title>World</title>{entries}</channel></rss>"


def item_of(body: str | bytes, content_type: str = "") -> Item:
    """The only item of a document that is read without a complaint."""
    parsed = read(body, content_type)
    assert isinstance(parsed, Parsed)
    assert parsed.complaints == ()
    (item,) = parsed.items
    return item


FORMATS = {
    "F5-RSS 2.0": (
        rss(f"<item><guid isPermaLink='false'>talks-1</guid>{AS_RSS}</item>"),
        Parsed(kind="rss20", title="World", items=(TALKS,)),
    ),
    "F5-RSS 0.91": (
        rss(f"<item>{AS_RSS}</item>", "0.91"),
        Parsed(kind="rss091u", title="World", items=(replace(TALKS, guid=""),)),
    ),
    "F5-RSS 0.91 with its document type": (
        rss(
            f"<item>{AS_RSS}</item>",
            "0.91",
            '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://dtd.invalid/rss-0.91.dtd">',
        ),
        Parsed(kind="rss091n", title="World", items=(replace(TALKS, guid=""),)),
    ),
    "F5-RSS 1.0": (
        f"""
        <rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
          xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>World</title><link>https://news.example/</link></channel>
        <item rdf:about="talks-1">{AS_RSS}<dc:date>2025-02-24T10:00:00Z</dc:date><dc:language>en_GB</dc:language></item></rdf:RDF>
        """,
        Parsed(kind="rss10", title="World", link="https://news.example/", items=(replace(TALKS, lang="en-gb"),)),
    ),
    "F5-Atom 1.0": (
        """
        <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>World</title><link href="https://news.example/"/>
        <entry><id>talks-1</id><title>Talks resume in Riyadh</title><updated>2025-02-24T11:00:00Z</updated>
        <link rel="enclosure" href="https://news.example/talks.mp3"/><link href="https://news.example/talks"/>
        <summary>Officials met on Monday.</summary><published>2025-02-24T10:00:00Z</published></entry></feed>
        """,
        Parsed(
            kind="atom10",
            title="World",
            link="https://news.example/",
            lang="en",
            items=(replace(TALKS, lang="en", guid="https://news.example/feeds/talks-1"),),
        ),
    ),
    "F5-Atom 1.0 with a prefix": (
        """
        <a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>World</a:title><a:entry><a:id>urn:talks-1</a:id>
        <a:title type="html">Talks &lt;b&gt;resume&lt;/b&gt; in Riyadh</a:title><a:link href="/talks"/>
        <a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Officials <i>met</i> on Monday.</p></div></a:content>
        <a:updated>2025-02-24T10:00:00Z</a:updated></a:entry></a:feed>
        """,
        Parsed(kind="atom10", title="World", items=(replace(TALKS, guid="urn:talks-1"),)),
    ),
    "F5-Atom 0.3": (
        """
        <feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>World</title><entry><id>urn:talks-1</id>
        <title>Talks resume in Riyadh</title><link rel="alternate" type="text/html" href="https://news.example/talks"/>
        <summary>Officials met on Monday.</summary><issued>2025-02-24T10:00:00Z</issued></entry></feed>
        """,
        Parsed(kind="atom03", title="World", items=(replace(TALKS, guid="urn:talks-1"),)),
    ),
    "F5-JSON Feed 1.1": (
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "World",
                "home_page_url": "/",
                "language": "en-GB",
                "items": [
                    {
                        "id": "talks-1",
                        "url": "/talks",
                        "title": "Talks resume in Riyadh",
                        "content_html": "<p>Officials <i>met</i> on Monday.</p>",
                        "date_published": "2025-02-24T10:00:00Z",
                        "authors": [{"name": "A. Reporter"}, {"name": "B. Reporter"}],
                        "tags": ["World", "Talks"],
                    }
                ],
            }
        ),
        Parsed(
            kind="json11",
            title="World",
            link="https://news.example/",
            lang="en-gb",
            items=(
                replace(TALKS, lang="en-gb", author="A. Reporter, B. Reporter", categories=("World", "Talks")),
            ),
        ),
    ),
    "F5-JSON Feed 1.0": (
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1",
                "items": [{"id": 7, "title": None, "content_text": "Talks", "author": {"name": "A. Reporter"}, "tags": None}],
            }
        ),
        Parsed(kind="json10", items=(Item(guid="7", summary="Talks", author="A. Reporter"),)),
    ),
    "nothing in it": (rss("<ttl>15</ttl><language>de</language>"), Parsed(kind="rss20", title="World", lang="de", ttl_minutes=15)),
    "no ttl that counts": (rss("<ttl>-1</ttl>"), Parsed(kind="rss20", title="World")),
}  # fmt: skip


@pytest.mark.parametrize(("body", "parsed"), FORMATS.values(), ids=FORMATS)
def test_formats(body: str, parsed: Parsed) -> None:
    assert read(body) == parsed


ENTITIES = '<?xml version="1.0"?><!DOCTYPE rss [{}]>'
REFUSED = "its DOCTYPE declares entities that expand or lead elsewhere: refused"
NO_LIST = "JSON, but not a JSON Feed: it has no list of items"
IN_JSON = '{{"version": "https://jsonfeed.org/version/1.1", "items": {}}}'
FAILURES = {
    "F1-empty": (b"", "empty body"),
    "F1-white space": (b" \r\n\t", "empty body"),
    "F1-byte order mark": (b"\xef\xbb\xbf", "empty body"),
    "N23-login page": (
        "<!DOCTYPE html><html><head><title>Sign in &amp; read</title></head><input type='password'></html>",
        "HTML, not a feed (a login page?): Sign in & read",
    ),
    "N23-challenge": (
        "<html><head><title>Just a moment...</title></head></html>",
        "HTML, not a feed (a challenge page?): Just a moment...",
    ),
    "N23-web page": ("<!-- x --><HTML lang=en><body>News</body></HTML>", "HTML, not a feed"),
    "another kind of XML": ("<?xml version='1.0'?><catalog><url/></catalog>", "markup, not a feed: it begins with <catalog>"),
    "an answer in words": ("Not Found", "not a feed: it begins with 'Not Found'"),
    "F2-entities in entities": (
        rss("<item><title>&b;</title></item>", prolog=ENTITIES.format('<!ENTITY a "ha"><!ENTITY b "&a;&a;">')),
        REFUSED,
    ),
    "F2-a long entity": (
        rss("<item><title>&a;</title></item>", prolog=ENTITIES.format(f'<!ENTITY a "{"ha" * 50_000}">')),
        REFUSED,
    ),
    "F2-a file as entity": (
        rss("<item><title>&a;</title></item>", prolog=ENTITIES.format('<!ENTITY a SYSTEM "file:///etc/hostname">')),
        REFUSED,
    ),
    "F2-an address as entity": (
        rss("<item><title>&a;</title></item>", prolog=ENTITIES.format('<!ENTITY a SYSTEM "http://127.0.0.1:9/">')),
        REFUSED,
    ),
    "F2-a parameter entity": (
        rss("<item/>", prolog=ENTITIES.format('<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd">%a;')),
        REFUSED,
    ),
    "F6-JSON: deep": (IN_JSON.format("[" * 100_000 + "]" * 100_000), "JSON, nested too deeply"),
    "F6-JSON: broken": ('{"version": ', "broken JSON: Expecting value: line 1 column 12 (char 11)"),
    "JSON: a list": ("[1, 2]", NO_LIST),
    "JSON: no items": (IN_JSON.format("null"), NO_LIST),
    "JSON: something else": ('{"items": []}', "JSON, but not a JSON Feed: its version says otherwise"),
}  # fmt: skip


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the parser went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize(("body", "detail"), FAILURES.values(), ids=FAILURES)
def test_what_is_no_feed(body: str | bytes, detail: str) -> None:
    assert read(body) == ParseFailure(detail=detail)


PEACE = "Мирні переговори"
PEACE_FEED = rss(f"<item><title>{PEACE}</title></item>", prolog="")
ENCODINGS = {
    "F4-UTF-8": (PEACE_FEED.encode(), "", ()),
    "UTF-8 with mark": (PEACE_FEED.encode("utf-8-sig"), "", ()),
    "UTF-8 after white space": (b"\r\n " + rss(f"<item><title>{PEACE}</title></item>").encode(), "", ()),
    "F4-UTF-16 with mark": (PEACE_FEED.encode("utf-16"), "", ()),
    "F4-UTF-16 without mark": (PEACE_FEED.encode("utf-16-be"), "", ()),
    "F4-UTF-32": (PEACE_FEED.encode("utf-32"), "", ()),
    "by declaration": (("<?xml version='1.0' encoding='windows-1251'?>" + PEACE_FEED).encode("cp1251"), "", ()),
    "by header": (PEACE_FEED.encode("koi8-u"), 'text/xml; charset="KOI8-U"', ()),
    "header without charset": (PEACE_FEED.encode(), "text/html", ()),
    "F4-header is wrong": (
        PEACE_FEED.encode(),
        "text/xml; charset=ISO-8859-1",
        ("declared as another encoding, but is UTF-8: ISO-8859-1",),
    ),
    "F4-declaration is wrong": (
        ("<?xml version='1.0' encoding='windows-1252'?>" + PEACE_FEED).encode(),
        "",
        ("declared as another encoding, but is UTF-8: windows-1252",),
    ),
    "header names no encoding": (
        ("<?xml version='1.0' encoding='windows-1251'?>" + PEACE_FEED).encode("cp1251"),
        "text/xml; charset=x-none",
        ("is not in the encoding that it declares: x-none",),
    ),
    "F4-forbidden characters": (
        PEACE_FEED.replace(PEACE, "\x00Мирні\x0b переговори\x1f").encode(),
        "",
        ("characters that XML forbids",),
    ),
    "F4-references to no characters": (PEACE_FEED.replace("World", "&#x110000;&#11;").encode(), "", ()),
}  # fmt: skip


@pytest.mark.parametrize(("body", "content_type", "complaints"), ENCODINGS.values(), ids=ENCODINGS)
def test_encodings(body: bytes, content_type: str, complaints: tuple[str, ...]) -> None:
    parsed = read(body, content_type)
    assert isinstance(parsed, Parsed)
    assert (parsed.items, parsed.complaints) == ((Item(title=PEACE),), complaints)


ODD_TEXTS = {
    "F4-one broken byte": (PEACE_FEED.encode().replace(b"</title></item>", b"\xff</title></item>"), PEACE + "\ufffd"),
    "F4-undeclared, from the West": (rss("<item><title>Caf\u00e9 \u2013 d\u00e9j\u00e0</title></item>").encode("cp1252"), "Café – déjà"),
    "cut off": (PEACE_FEED.encode()[: -len("</item></channel></rss>")], PEACE),
    "undeclared prefix": (rss(f"<item><title>{PEACE}</title><x:y>z</x:y></item>").encode(), PEACE),
    "bare ampersand in a link": (rss(f"<item><title>{PEACE}</title><guid>a&b</guid></item>").encode(), PEACE),
    "F4-lone surrogate": (IN_JSON.format('[{"title": "a\\\\ud800b"}]').replace("\\\\", "\\").encode(), "a\ufffdb"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "title"), ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_what_is_broken_is_kept_as_far_as_it_can_be_read(body: bytes, title: str) -> None:
    parsed = read(body)
    assert isinstance(parsed, Parsed)
    assert [item.title for item in parsed.items] == [title]


DC = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
CONTENT = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
LONG = "word " * 20_000
ENTRIES = {
    "names of characters in the document type": (
        rss("<item><title>a&nbsp;b&eacute;</title></item>", prolog=ENTITIES.format("<!ENTITY nbsp '&#160;'><!ENTITY eacute \"é\">")),
        Item(title="a bé"),
    ),
    "relative link": (rss("<item><title>a</title><link>/a?b=1&amp;c=2</link></item>"), Item(title="a", link="https://news.example/a?b=1&c=2")),
    "permanent guid for a link": (
        rss("<item><title>a</title><guid>https://news.example/a?b=1&amp;c=2</guid></item>"),
        Item(title="a", guid="https://news.example/a?b=1&c=2", link="https://news.example/a?b=1&c=2"),
    ),
    "guid that is a number is no link": (
        rss("<item><title>a</title><guid>12345</guid></item>"),
        Item(title="a", guid="https://news.example/feeds/12345"),
    ),
    "guid that is no link": (
        rss("<item><title>a</title><guid isPermaLink='false'>https://news.example/a</guid></item>"),
        Item(title="a", guid="https://news.example/a"),
    ),
    "source": (
        rss("<item><title>a - Reuters</title><source url='https://www.reuters.example/'>Reuters</source></item>"),
        Item(title="a - Reuters", source_title="Reuters", source_url="https://www.reuters.example/"),
    ),
    "authors and categories": (
        rss(f"<item {DC}><title>a</title><dc:creator>Jane &amp;amp; Joe</dc:creator><category>A</category><category>B</category><category>A</category></item>"),
        Item(title="a", author="Jane & Joe", categories=("A", "B")),
    ),
    "authors of an Atom entry": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title><author><name>Jane Doe</name></author><author><name>Joe</name><email>joe@news.example</email></author></entry></feed>",
        Item(title="a", author="Jane Doe, Joe"),
    ),
    "address without a name": (
        rss("<item><title>a</title><author>desk@news.example</author></item>"),
        Item(title="a", author="desk@news.example"),
    ),
    "author with address": (
        rss("<item><title>a</title><author>jane@news.example (Jane Doe)</author></item>"),
        Item(title="a", author="Jane Doe"),
    ),
    "summary and whole text": (
        rss(f"<item {CONTENT}><title>a</title><description>short</description><content:encoded>short, then &lt;p&gt;long&lt;/p&gt;</content:encoded></item>"),
        Item(title="a", summary="short", body="short, then long"),
    ),
    "whole text only": (
        rss(f"<item {CONTENT}><title>a</title><content:encoded>text</content:encoded></item>"),
        Item(title="a", summary="text"),
    ),
    "whole text in the description": (
        rss(f"<item><title>a</title><description>{'word ' * 200}</description></item>"),
        Item(title="a", summary=("word " * 120).strip(), body=("word " * 200).strip()),
    ),
    "F14-text of 100 kB": (
        rss(f"<item><title>a</title><description>{LONG}</description></item>"),
        Item(title="a", summary=LONG[:599], body=LONG[: 64 * 1024].strip()),
    ),
    "F15-script, handlers, control characters, line breaks": (
        rss("<item><title>a\r\n&lt;script&gt;x&lt;/script&gt;\u202eb\u200b &lt;img onerror='x'&gt;</title></item>"),
        Item(title="a b"),
    ),
    "F16-template signs": (rss("<item><title>{{ 7*7 }} {% x %}</title></item>"), Item(title="{{ 7*7 }} {% x %}")),
    "date of the second choice": (
        rss(f"<item {DC}><title>a</title><dc:date>2025-02-24T10:00:00Z</dc:date></item>"),
        Item(title="a", published=TEN),
    ),
    "two digits of a year and no UTC": (
        rss("<item><title>a</title><pubDate>Mo, 24 Feb 25 11:00:00 CET</pubDate></item>"),
        Item(title="a", published=TEN),
    ),
    "language of the entry": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry xml:lang='uk-UA'><title>a</title></entry></feed>",
        Item(title="a", lang="uk-ua"),
    ),
    "links by xml:base": (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://base.example/d/'><entry><title>a</title><link href='e'/></entry></feed>",
        Item(title="a", link="https://base.example/d/e"),
    ),
    "the first of several pages": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title><link type='application/json' href='/j'/><link href='/en'/><link hreflang='de' href='/de'/></entry></feed>",
        Item(title="a", link="https://news.example/en"),
    ),
    "source of an Atom entry": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title><source><title>Reuters</title><link href='https://www.reuters.example/'/></source></entry></feed>",
        Item(title="a", source_title="Reuters", source_url="https://www.reuters.example/"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "item"), ENTRIES.values(), ids=ENTRIES)
def test_entries(body: str, item: Item) -> None:
    assert item_of(body) == item


COMPLAINTS = {
    "link that is none": (
        rss("<item><title>a</title><link>javascript:alert(1)</link></item>"),
        ("a link that is no web address: javascript:alert(1)",),
    ),
    "F11-dates that are none": (
        rss("<item><title>a</title><pubDate>soon</pubDate></item>" * 3),
        ("a date that cannot be read: soon (3 times)",),
    ),
    "F11-date in the far future": (
        rss("<item><title>a</title><pubDate>Tue, 24 Feb 2099 10:00:00 GMT</pubDate></item>"),
        ("a date that cannot be: Tue, 24 Feb 2099 10:00:00 GMT",),
    ),
    "entry with nothing in it": (rss("<item/>"), ("an entry without title and text",)),
    "F6-JSON: NaN and a key twice": (
        IN_JSON.format('[{"title": "a", "id": 1, "id": 2, "x": NaN, "y": ' + "9" * 5_000 + "}]"),
        ("a number that is none: NaN", "a key that occurs twice in one object"),
    ),
    "JSON: an item is no item": (
        IN_JSON.format('["a", {"title": ["b"]}, {"title": "c"}]'),
        ("an item left out: it: Input should be a valid dictionary or instance of _Item (2 times)",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "complaints"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_complaints(body: str, complaints: tuple[str, ...]) -> None:
    parsed = read(body)
    assert isinstance(parsed, Parsed)
    assert parsed.complaints == complaints


def test_a_broken_entry_costs_itself_only() -> None:
    parsed = read(
        rss("<item><title>a</title><pubDate>soon</pubDate><link>x:y</link></item><item><title>b</title></item>")
    )
    assert isinstance(parsed, Parsed)
    assert parsed.items == (Item(title="a"), Item(title="b"))


def test_f9_entries_with_one_guid_are_told_apart() -> None:
    guid = "<guid isPermaLink='false'>1</guid>"
    parsed = read(rss(f"<item>{guid}<title>a</title></item><item>{guid}<title>b</title></item>"))
    assert isinstance(parsed, Parsed)
    assert parsed.items == (Item(guid="1", title="a"), Item(guid="1", title="b"))


MANY = {
    "F13-RSS": (rss("".join(f"<item><title>{n}</title></item>" for n in range(5_003))), "rss20"),
    "F13-RSS that is not closed": (
        "<rss version='2.0'><channel>" + "".join(f"<item><title>{n}</title>" for n in range(5_003)) + "</channel></rss>",
        "rss20",
    ),
    "F13-JSON": (IN_JSON.format(json.dumps([{"title": str(n)} for n in range(5_003)])), "json11"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), MANY.values(), ids=MANY)
def test_more_entries_than_the_limit_are_counted_and_left_out(body: str, kind: str) -> None:
    parsed = read(body)
    assert isinstance(parsed, Parsed)
    titles = [item.title for item in parsed.items]
    assert (parsed.kind, parsed.truncated, titles) == (kind, 3, [str(n) for n in range(5_000)])
