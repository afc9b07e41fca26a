"""A document without the entries that were seen must give the very items that the whole one gives for the others."""

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any
from xml.sax.saxutils import quoteattr

import feedparser
import pytest
from feedparser import mixin
from feedparser.html import _cp1252
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import Document, Trimmed
from monitor.steps.parse import parse
from monitor.steps.parse.strict import read_strict
from monitor.steps.trim import trim

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
URL = "https://news.example/feeds/world.xml"

CHANNEL = "<title>World</title><link>https://news.example/</link><description>News</description>"
ROOTS: dict[str, tuple[str, str, str, str]] = {  # before the header, after the entries, the name of an entry, its attributes
    "RSS": ("<rss version='2.0'{}><channel>", "</channel></rss>", "item", ""),
    "RSS 0.92": ("<rss version='0.92'{}><channel xml:lang='fr'>", "</channel></rss>", "item", ""),
    "Atom": ("<feed xmlns='http://www.w3.org/2005/Atom'{}>", "</feed>", "entry", ""),
    "Atom with a prefix": ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'{}>", "</a:feed>", "a:entry", ""),
    "Atom 0.3": ("<feed version='0.3' xmlns='http://purl.org/atom/ns#'{}>", "</feed>", "entry", ""),
    "RDF": (
        "<rdf:RDF xmlns='http://purl.org/rss/1.0/' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'{}>",
        "</rdf:RDF>",
        "item",
        " rdf:about='https://news.example/{}'",
    ),
}  # fmt: skip
SPACES = [
    "",
    " xml:lang='de'",
    " xml:base='https://base.example/d/'",
    " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'",
    " xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:x='urn:x' xmlns:y='urn:x'",
    " xmlns:dc='urn:not-dc' xmlns:z='http://purl.org/dc/elements/1.1/'",
    " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'",
]  # fmt: skip
# `{}` is the number of the entry, or another one.
FIELDS = [
    "<title>Story {}</title>",
    "<title><![CDATA[Story {} & <b>more</b> </item>]]></title>",
    "<title type='html'>Story &lt;i&gt;{}&lt;/i&gt; &amp;amp; more</title>",
    "<title type='html'><div xml:lang='fr'>Story {}</div></title>",
    "<title>Переговори {} &#8211; &#x1F600;</title>",
    "<link>https://news.example/{}?a=1&amp;b=2</link>",
    "<link href='story/{}'/>",
    "<link rel='alternate' type='text/html' href='/story/{}' xml:base='https://other.example/'/>",
    "<link>/relative/{}</link>",
    "<guid isPermaLink='false'>id-{}</guid>",
    "<guid>{}</guid>",
    "<guid>https://news.example/feeds/{}</guid>",
    "<id>urn:story:{}</id>",
    "<description>Text of {}.</description>",
    "<description>&lt;p&gt;Text of {}.&lt;/p&gt;</description>",
    "<description><p>Text <b>of {}</b></p></description>",
    "<summary>Summary of {}.</summary>",
    "<summary type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Summary <b>of</b> {}</div></summary>",
    "<content type='html'>&lt;p&gt;Content of {}&lt;/p&gt;</content>",
    "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p xml:lang='it'>Content <i>of</i> {}</p></div></content>",
    "<content type='xhtml'><div><details><summary>More</summary>Content of {}</details></div></content>",
    "<content type='text'>Content <b>of</b> {}</content>",
    "<content type='xhtml '><div xml:lang='es'>Content of {}</div></content>",
    "<content type='xhtml' x:type='html' xmlns:x='urn:x'><div xml:lang='es'>Content of {}</div></content>",
    "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>All of {}</p>]]></content:encoded>",
    "<itunes:summary xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>Podcast {}</itunes:summary>",
    "<pubDate>Mon, 24 Feb 2025 10:{}0:00 GMT</pubDate>",
    "<updated>2025-02-24T0{}:00:00Z</updated>",
    "<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>Author {}</dc:creator>",
    "<dc:title xmlns:dc='urn:other'>Not the title {}</dc:title>",
    "<z:creator xmlns:z='urn:z'>Nobody {}</z:creator>",
    "<x:title xmlns:x='urn:x'>Title of x {}</x:title>",
    "<title xmlns='urn:x'>Title of nothing {}</title>",
    "<a10:updated xmlns:a10='http://www.w3.org/2005/Atom'>2025-02-2{}T00:00:00Z</a10:updated>",
    "<media:group xmlns:media='http://search.yahoo.com/mrss/'><media:content url='u'><media:title>Picture {}</media:title></media:content></media:group>",
    "<media:description xmlns:media='http://search.yahoo.com/mrss/'>Caption {}</media:description>",
    "<author><name>Jane {}</name><email>jane@news.example</email></author>",
    "<author>jane@news.example (Jane {})</author>",
    "<category term='t{}' label='Topic {}'/>",
    "<category>World {}</category>",
    "<source url='https://source.example/{}'>Source {}</source>",
    "<source><title>Source {}</title><id>urn:source</id><link href='/source/{}'/></source>",
    "<language>nl</language>",
    "<dc:language xmlns:dc='http://purl.org/dc/elements/1.1/'>pl</dc:language>",
    "<image><url>u</url><title>Image {}</title></image>",
    "<enclosure url='https://news.example/{}.mp3'/>",
    "<unknown a='b'>{}</unknown><unknown>{}</unknown>",
    "<!-- <item><title>Comment {}</title></item> -->",
    "<?process <item>{}</item> ?>",
    "<svg><title>Drawing {}</title></svg>",
    "<body><p>Body {}</p></body>",
    "<textinput><title>Field {}</title></textinput>",
    # What our reader of plain documents does in fewer steps than feedparser's.
    "<title>It&#146;s {}&#x80;&#x99; naïve, cafÃ© Київ 速報</title>",
    "<source><title>Source {}</title><updated>2025-02-2{}T00:00:00Z</updated><published>yesterday</published></source>",
    "<published>Mon, 24 Feb 2025 1{}:00:00 +0100</published><created>2025-02-24T1{}:00:00Z</created>",
    "<dcterms:issued xmlns:dcterms='http://purl.org/dc/terms/'>2025-02-2{}</dcterms:issued>",
    "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2025-02-2{}</dc:date><pubDate/><updated> </updated>",
    "<pubDate>Mon, 2025/1{}/24 10:00:00 GMT</pubDate>",
    "<textinput><dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2025-02-24</dc:date></textinput>",
    "<date>2025-02-2{}</date><license>L{}</license><enclosures>E</enclosures><items>{}</items><tagline>T</tagline>",
    "<license href='l'/><category/><category a='b'>{}</category><url>u{}</url><channel_>c</channel_><issued>24.2.</issued>",
    "<updated_parsed>{}</updated_parsed><copyright>C{}</copyright><tagline>{}</tagline><url a='b'/><date_parsed c='d'/>",
    "<link>https://news.example/a/../{}?</link><link>HTTPS://News.example/{}#</link>",
    "<link>https://news.example/{};</link><drawn xmlns:xlink='http://www.w3.org/1999/xlink'>{}</drawn>",
    "<link>https:///news.example/{};p</link><link>//other.example/{}</link>",
    "<link>https://news.example:80{}/?q=1&amp;amp;r=2#f</link><guid>http://news.example/{}</guid>",
    "<link>https://news.example?{}</link><comments>https://news.example/{} c</comments><link href='http:story/{}'/>",
    "<content type='text/plain' src='/src/{}' xml:lang='en_GB'>&lt;b&gt;{}&lt;/b&gt;</content>",
    "<content type='application/octet-stream'>VGFsa3M=</content><summary mode='base64'>VGFsa3M=</summary>",
]  # fmt: skip
OWN = ["", "", "", " xml:lang='pt'", " xml:lang=''", " xml:base='/own/'", " xmlns:x='urn:x'", " lang='es' base='/b/'"]
BETWEEN = [
    "",
    "",
    "\n  ",
    "<!-- between: <item> -->",
    "<language>en-GB</language>",
    "<ttl>15</ttl>",
    "<description>Again</description>",
    "<itunes:summary xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>All of it</itunes:summary><description>News</description>",
    "<image><url>u</url><title>World</title></image>",
    "<title>Title again</title>",
    "<x:y xmlns:x='urn:y'/>",
    "<author><name>The desk</name></author>",
]  # fmt: skip
ENCODINGS = [
    ("utf-8", ""),
    ("utf-8", "<?xml version='1.0' encoding='UTF-8'?>\n"),
    ("utf-8", "<?xml version='1.0' encoding='windows-1252'?>"),
    ("utf-8-sig", "<?xml version='1.0'?>"),
    ("utf-16", "<?xml version='1.0' encoding='utf-16'?>"),
    ("utf-16-be", ""),
    ("cp1251", "<?xml version='1.0' encoding='windows-1251' ?>"),
    ("koi8-r", "<?xml version='1.0' encoding='KOI8-R'?>"),
]
BREAKS: list[Callable[[str, int], str]] = [
    lambda text, place: text[:place] + "&" + text[place:],
    lambda text, place: text[:place] + "&nbsp;" + text[place:],
    lambda text, place: text[:place] + "&#0;&#x110000;" + text[place:],
    lambda text, place: text[:place] + "<b>" + text[place:],
    lambda text, place: text[:place] + "\x0b\ufffe" + text[place:],
    lambda text, place: text[:place],
    lambda text, place: text[:place] + text[place + 7 :],
    lambda text, place: "<!DOCTYPE rss [<!ENTITY nbsp '&#160;'>]>" + text,
]


def entry(name: str, attributes: str, fields: list[tuple[int, int]]) -> str:
    held = "".join(FIELDS[field].replace("{}", str(number)) for field, number in fields)
    about = attributes.replace("{}", str(fields[0][1] if fields else 0))
    return f"<{name}{about}>{held}</{name}>" if held else f"<{name}{about}/>"


fields = st.lists(st.tuples(st.integers(0, len(FIELDS) - 1), st.integers(0, 3)), max_size=5)
# Most feeds are well-formed, so most fields of a document are the plain ones.
plain = st.lists(
    st.tuples(st.sampled_from([0, 1, 4, 5, 6, 8, 9, 10, 11, 13, 14, 16, 24, 26, 39]), st.integers(0, 3)), max_size=5
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    before, after, name, attributes = ROOTS[draw(st.sampled_from(sorted(ROOTS)))]
    text = before.format(draw(st.sampled_from(SPACES)))
    text += f"<channel>{CHANNEL}</channel>" if name == "item" and "rdf" in before else CHANNEL
    for each in draw(st.lists(st.one_of(plain, plain, plain, fields), max_size=6)):
        text += draw(st.sampled_from(BETWEEN)) + entry(name, attributes + draw(st.sampled_from(OWN)), each)
    text += draw(st.sampled_from(BETWEEN)) + after
    if draw(st.integers(0, 9)) == 0:
        text = draw(st.sampled_from(BREAKS))(text, draw(st.integers(0, len(text))))
    encoding, declaration = draw(st.sampled_from(ENCODINGS))
    return Document(body=(declaration + text).encode(encoding, "replace"), url=URL)


def read(document: Document) -> Parsed:
    parsed = parse(document, NOW, trim)
    assert isinstance(parsed, Parsed), parsed
    return parsed


def check(document: Document, luck: random.Random) -> None:
    """Some entries were seen, others not: the others' items are those of the whole document, told in the same words."""
    whole = parse(document, NOW)
    hashed = parse(document, NOW, trim)
    if isinstance(whole, ParseFailure) or isinstance(hashed, ParseFailure):
        assert hashed == whole
        return
    assert replace(hashed, entry_hashes=()) == whole
    known = hashed.entry_hashes
    if not known:
        assert read(replace(document, seen=frozenset({b"12345678"}))) == whole
        return
    assert len(known) == len(whole.items)
    some = [frozenset(each for each in known if luck.random() < share) for share in (0.0, 0.3, 0.7, 1.0)]
    for seen in (*some, frozenset(known[:1])):
        new = [each not in seen for each in known]
        trimmed = read(replace(document, seen=seen))
        assert trimmed.items == tuple(compress(whole.items, new))
        assert (trimmed.entry_hashes, trimmed.trimmed) == (known, len(known) - sum(new))
        if any(new):
            assert (trimmed.kind, trimmed.lang, trimmed.ttl_minutes) == (whole.kind, whole.lang, whole.ttl_minutes)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.randoms(use_true_random=False))
def test_any_document_and_any_entries_that_were_seen(document: Document, luck: random.Random) -> None:
    check(document, luck)


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("spaces", ["", SPACES[4], SPACES[6]], ids=["", "unknown", "podcast"])
def test_each_field_beside_each_root(root: str, spaces: str) -> None:
    """Each odd field before a plain entry and after one: what it leaves behind would be found there."""
    before, after, name, attributes = ROOTS[root]
    start = before.format(spaces) + (f"<channel>{CHANNEL}</channel>" if root == "RDF" else CHANNEL)
    one = entry(name, attributes, [(0, 1), (13, 1), (6, 1), (10, 1), (19, 1)])
    other = entry(name, attributes, [(16, 2), (13, 2), (24, 2), (8, 2)])
    for number in range(len(FIELDS)):
        odd = entry(name, attributes + " xml:lang='pt' xml:base='/own/'", [(number, 3), (0, 3)])
        check(Document(body=(start + odd + one + odd + other + after).encode(), url=URL), random.Random(number))


PODCAST = " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
TOLD = "<item><title>{0}</title><itunes:summary>Long {0}</itunes:summary><description>Short {0}</description></item>"
LEAKS = {  # what an entry or the header leaves behind in feedparser, for the entry after it
    "content in the header": ("rss version='2.0'" + PODCAST, "<itunes:summary>All</itunes:summary><description>News</description>" + TOLD.format(1) + TOLD.format(2)),
    "content between entries": ("rss version='2.0'" + PODCAST, "".join(TOLD.format(n) + "<itunes:summary>All</itunes:summary><description>News</description>" for n in range(4))),
    "a namespace of two names": (
        "rss version='2.0'",
        "<item><dc:title xmlns:dc='urn:x'>a</dc:title></item><item><q:title xmlns:q='urn:x'>b</q:title></item><item><title xmlns='urn:x'>c</title></item>",
    ),
    "a name of two namespaces": (
        "rss version='2.0'",
        "<item><dc:x xmlns:dc='http://purl.org/rss/1.0/modules/content/'/></item><item><z:creator xmlns:z='http://purl.org/dc/elements/1.1/'>Jane</z:creator><title>b</title></item>",
    ),
    "a language of escaped content": (
        "rss version='2.0'",
        "<item xml:lang='pt'><content type='html'><div xml:lang='es'>a</div></content></item><item><title>b</title></item>",
    ),
    "content that ends early": (
        "rss version='2.0'",
        "<item><content type='xhtml'><div><summary>a</summary></div></content></item><item><title type='html'>b</title><description>c</description></item>",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("root", "entries"), LEAKS.values(), ids=LEAKS)
@pytest.mark.parametrize("gone", range(4))
def test_what_is_left_behind(root: str, entries: str, gone: int) -> None:
    document = Document(body=f"<{root}><channel><title>World</title>{entries}</channel></rss>".encode(), url=URL)
    whole, hashes = read(document).items, read(document).entry_hashes
    check(document, random.Random(gone))
    seen = frozenset(hashes[gone : gone + 1])
    trimmed = read(replace(document, seen=seen))
    assert trimmed.items == tuple(item for place, item in enumerate(whole) if not seen or place != gone)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_feedparser_fed_by_expat_reads_what_feedparser_reads(document: Document) -> None:
    both_read(document.body.decode("utf-8", "replace").lstrip("\ufeff"))


@pytest.mark.parametrize("root", ROOTS)
def test_feedparser_fed_by_expat_reads_each_field(root: str) -> None:
    before, after, name, attributes = ROOTS[root]
    start = before.format("") + (f"<channel>{CHANNEL}</channel>" if root == "RDF" else CHANNEL)
    usual = entry(name, attributes, [(0, 1), (13, 1), (8, 1)])
    for number in range(len(FIELDS)):
        odd = entry(name, attributes + " xml:lang='pt_BR' xml:base='/own/'", [(0, 3), (number, 3), (number, 2)])
        both_read(start + entry(name, attributes, [(number, 0)]) + usual + odd + usual + after)


def both_read(text: str) -> None:
    trimmed = trim(text, frozenset(), URL, 5_000)
    if trimmed is not None:
        assert outcome(lambda: read_strict(trimmed.body, URL)) == outcome(lambda: as_feedparser(trimmed.body)), text


def test_the_table_of_windows_letters_is_feedparsers() -> None:
    letters = "".join(map(chr, range(sys.maxunicode + 1)))
    assert letters.translate(mixin._cp1252) == letters.translate(_cp1252)


LINK = st.text(alphabet="https:/.?#%&=-~+_@;[]5Aé \t\\", max_size=24)


@settings(max_examples=300, deadline=None)
@given(st.tuples(st.sampled_from(["", "http:", "https://", "https://news.example/"]), LINK).map("".join), LINK)
def test_a_link_is_resolved_as_feedparser_resolves_it(link: str, base: str) -> None:
    attributes = f"xml:base={quoteattr(base)}"
    body = (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><entry {attributes}><link href={quoteattr(link)}/></entry></feed>"
    )
    assert outcome(lambda: read_strict(body.encode(), URL)) == outcome(lambda: as_feedparser(body.encode()))


def outcome(read: Callable[[], Any]) -> Any:
    """All that comes of it, or what it raises: that leads to the same ParseFailure."""
    try:
        return of(read())
    except Exception as error:  # noqa: BLE001
        return repr(error)


def as_feedparser(body: bytes) -> Any:
    return feedparser.parse(
        body,
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": URL},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def of(document: Any) -> tuple[Any, ...]:
    """All of it but the dates that feedparser has read: we read them anew, see `dates`."""
    return (document["version"], document["bozo"], undated(document["feed"]), list(map(undated, document["entries"])))


def undated(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: undated(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if name not in {"published_parsed", "updated_parsed"}
    }


STORY = "<item><guid isPermaLink='false'>{0}</guid><title>Story {0}</title></item>"


def feed_of(*stories: int, header: str = "") -> Document:
    entries = "".join(STORY.format(number) for number in stories)
    return Document(
        body=f"<rss version='2.0'><channel><title>World</title>{header}{entries}</channel></rss>".encode(), url=URL
    )


def story(number: int) -> Item:
    return Item(guid=str(number), title=f"Story {number}")


SEQUENCES = {
    "a new one at the top": ([1, 2], [3, 1, 2], [3], 2),
    "two new ones": ([1, 2], [4, 3, 1, 2], [4, 3], 2),
    "nothing new": ([1, 2], [1, 2], [], 2),
    "another order": ([1, 2, 3], [3, 1, 2], [], 3),
    "one gone": ([1, 2, 3], [1, 3], [], 2),
    "all new": ([1, 2], [3, 4], [3, 4], 0),
    "one that is listed twice": ([1], [2, 1, 2, 1], [2, 2], 2),
    "none were listed": ([], [1], [1], 0),
    "none are listed": ([1], [], [], 0),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "new", "trimmed"), SEQUENCES.values(), ids=SEQUENCES)
def test_consecutive_documents(before: list[int], after: list[int], new: list[int], trimmed: int) -> None:
    seen = frozenset(read(feed_of(*before)).entry_hashes)
    parsed = read(replace(feed_of(*after, header="<lastBuildDate>now</lastBuildDate><ttl>5</ttl>"), seen=seen))
    assert (parsed.items, parsed.trimmed) == (tuple(map(story, new)), trimmed)
    assert len(parsed.entry_hashes) == len(after)


def test_a_document_with_nothing_new_is_not_given_to_feedparser() -> None:
    seen = frozenset(read(feed_of(1, 2)).entry_hashes)
    parsed = read(replace(feed_of(1, 2, header="<ttl>5</ttl>"), seen=seen))
    assert parsed == Parsed(kind="rss", trimmed=2, entry_hashes=parsed.entry_hashes)


def test_json_and_broken_documents_are_read_whole() -> None:
    json = Document(
        body=b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "A"}]}', url=URL
    )
    broken = Document(body=feed_of(1).body.replace(b"Story", b"Story &"), url=URL)
    assert [(len(each.items), each.entry_hashes) for each in map(read, (json, broken))] == [(1, ()), (1, ())]


WRONG = {
    "an entry too few": lambda found: replace(found, listed=(*found.listed, True)),
    "an entry too many": lambda found: replace(found, body=found.body.replace(b"</channel>", b"<item/></channel>")),
    "broken": lambda found: replace(found, body=found.body.replace(b"</channel>", b"")),
    "no feed": lambda found: replace(found, body=b"<x/>", listed=()),
    "what feedparser gives up": lambda found: replace(
        found, body=found.body.replace(b"</item>", b"<textinput><link href='a'/></textinput></item>")
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_feedparser_does_not_confirm_is_read_whole(wrong: Callable[[Trimmed], Trimmed]) -> None:
    document = replace(feed_of(1, 2), seen=frozenset(read(feed_of(1)).entry_hashes))

    def mistaken(*asked: Any) -> Trimmed | None:
        found = trim(*asked)
        return None if found is None else wrong(found)

    assert parse(document, NOW, mistaken) == parse(document, NOW)


SY = " xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
HINTS = {
    "nothing": ("", None, None, ""),
    "ttl": ("<ttl>15</ttl>", 15, None, ""),
    "ttl of years": ("<ttl>999999</ttl>", None, None, ""),
    "twice an hour": ("<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", None, timedelta(minutes=30), ""),
    "a period alone": ("<sy:updatePeriod>WEEKLY</sy:updatePeriod>", None, timedelta(weeks=1), ""),
    "a frequency alone": ("<sy:updateFrequency>4</sy:updateFrequency>", None, timedelta(hours=6), ""),
    "no period": ("<sy:updatePeriod>often</sy:updatePeriod>", None, None, ""),
    "never": ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None, None, ""),
    "all the time": ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>1001</sy:updateFrequency>", None, None, ""),
    "a number of thousands of digits": (f"<sy:updateFrequency>{'9' * 9_000}</sy:updateFrequency>", None, None, ""),
    "hours": ("<skipHours><hour>3</hour><hour> 0 </hour><hour>1</hour><hour>2</hour><hour>23</hour></skipHours>", None, None, "hours 0-3, 23"),
    "midnight as RSS 0.91 has it": ("<skipHours><hour>24</hour></skipHours>", None, None, "hours 0"),
    "days": ("<skipDays><day>sunday</day><day>Saturday</day></skipDays>", None, None, "Saturday, Sunday"),
    "hours and days": ("<skipDays><day>Sunday</day></skipDays><skipHours><hour>5</hour></skipHours>", None, None, "hours 5, Sunday"),
    "hours that no clock shows": ("<skipHours><hour>25</hour><hour>-1</hour><hour>one</hour></skipHours>", None, None, ""),
    "days that no week has": ("<skipDays><day>Blursday</day><day>&lt;script&gt;</day></skipDays>", None, None, ""),
    "not in the header": ("<item><title>a</title></item><hour>3</hour>", None, None, ""),
    "thousands of them": ("<skipHours>" * 4_000 + "</skipHours>" * 4_000, None, None, ""),
}  # fmt: skip


@pytest.mark.parametrize(("header", "ttl", "every", "skip"), HINTS.values(), ids=HINTS)
def test_hints(header: str, ttl: int | None, every: timedelta | None, skip: str) -> None:
    body = f"<rss version='2.0'{SY}><channel><title>World</title>{header}</channel></rss>".encode()
    parsed = parse(Document(body=body, url=URL), NOW)
    assert isinstance(parsed, Parsed)
    assert (parsed.ttl_minutes, parsed.update_every, parsed.skip) == (ttl, every, skip)
