"""What trim leaves out must change nothing else: held against a whole parse, and against what feedparser remembers."""

import io
import random
import xml.sax
from itertools import product
from typing import Any

import pytest
from feedparser.api import StrictFeedParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.steps import trim as room
from monitor.steps.trim import trim

BASE = "https://news.example/feeds/world.xml"
NONE: frozenset[bytes] = frozenset()
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
RDF = 'xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"


def rss(entries: str, attributes: str = "", header: str = "<title>World</title>") -> str:
    return f"<?xml version='1.0'?><rss version='2.0' {attributes}><channel>{header}{entries}</channel></rss>"


def atom(entries: str) -> str:
    return f"<feed {ATOM}><title>World</title>{entries}</feed>"


def hashes(text: str, base: str = BASE) -> tuple[bytes, ...]:
    trimmed = trim(text, NONE, base, 5_000)
    assert trimmed is not None
    return trimmed.hashes


A, B, C = (f"<item><title>{letter}</title></item>" for letter in "ABC")
LEFT = {
    "the first": ([0], rss(f"<item/>{B}{C}"), (False, True, True), 1),
    "the middle": ([1], rss(f"{A}<item/>{C}"), (True, False, True), 1),
    "the last": ([2], rss(f"{A}{B}"), (True, True), 1),
    "two together": ([0, 1], rss(f"<item/>{C}"), (False, True), 2),
    "two apart": ([0, 2], rss(f"<item/>{B}"), (False, True), 2),
    "none": ([], rss(A + B + C), (True, True, True), 0),
    "all": ([0, 1, 2], "", (), 3),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "body", "listed", "left_out"), LEFT.values(), ids=LEFT)
def test_what_is_left(seen: list[int], body: str, listed: tuple[bool, ...], left_out: int) -> None:
    text = rss(A + B + C)
    known = hashes(text)
    trimmed = trim(text, frozenset(known[each] for each in seen), BASE, 5_000)
    assert trimmed is not None
    assert (trimmed.body.decode(), trimmed.listed, trimmed.left_out) == (body, listed, left_out)
    assert (trimmed.hashes, trimmed.beyond, trimmed.kind) == (known, 0, "rss")


def test_entries_beyond_the_limit_are_counted_and_not_hashed() -> None:
    text = rss(A + B + C)
    trimmed = trim(text, NONE, BASE, 2)
    assert trimmed is not None
    assert (trimmed.body.decode(), trimmed.listed, trimmed.hashes) == (rss(A + B), (True, True), hashes(text)[:2])
    assert (trimmed.left_out, trimmed.beyond) == (0, 1)
    again = trim(text, frozenset(trimmed.hashes), BASE, 2)
    assert again is not None
    assert (again.body, again.left_out, again.beyond) == (b"", 2, 1)


CERTAIN = {
    "RSS": (rss(A + B), 2),
    "no entries": (rss(""), 0),
    "capital letters": (rss("<ITEM><Title>A</Title></ITEM>"), 1),
    "RSS in its namespace": (rss(A, 'xmlns="http://backend.userland.com/rss2"'), 1),
    "Atom": (atom("<entry><title>A</title></entry><entry/>"), 2),
    "Atom with a prefix": (f"<a:feed {ATOM.replace('xmlns', 'xmlns:a')}><a:entry><a:title>A</a:title></a:entry></a:feed>", 1),
    "RDF": (f"<rdf:RDF {RDF}><channel><title>World</title><items><rdf:Seq/></items></channel>{A}{B}</rdf:RDF>", 2),
    "empty entries side by side": (rss("<item/><item />"), 2),
    "an empty entry at the end": (rss(f"{A}<item/>"), 2),
    "an empty element at the end of an entry": (rss("<item><enclosure/></item>"), 1),
    "white space in tags": (rss("<item\n a='>'\n><title>A</title></item\t>\n<item a=\"/>\" />"), 2),
    "entries in comments and CDATA": (rss("<!-- <item> --><item><title><![CDATA[</item><item>]]></title></item><?item <item>?>"), 1),
    "header between and after": (rss(f"{A}<ttl>5</ttl>{B}<image><url>u</url></image>"), 2),
    "XHTML in Atom": (atom("<entry><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>A</p></div></content></entry>"), 1),
    "a prefix of the document, declared again": (rss(f"<item xmlns:x='urn:x'><x:y/></item>{B}", "xmlns:x='urn:x'"), 2),
    "a usual namespace, declared in an entry": (rss(f"<item><dc:creator xmlns:dc='{DC}'>A</dc:creator></item>"), 1),
    "the same under a name of its own": (rss(f"<item xmlns:default='{CONTENT}'/>", f"xmlns:content='{CONTENT}'"), 1),
    "pictures": (rss("<item><m:content><m:title>A</m:title></m:content></item>", "xmlns:m='http://search.yahoo.com/mrss/'"), 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "entries"), CERTAIN.values(), ids=CERTAIN)
def test_what_is_certain(text: str, entries: int) -> None:
    assert len(hashes(text)) == entries


UNCERTAIN = {
    "broken XML": rss("<item><title>A & B</title></item>"),
    "not closed": rss(A)[:-1],
    "an undeclared prefix": rss("<item><x:y/></item>"),
    "a DOCTYPE": "<!DOCTYPE rss>" + rss(A).partition("?>")[2],
    "a DOCTYPE in a comment": "<!-- \n<!DOCTYPE rss [ -->" + rss(A).partition("?>")[2],
    "another root": "<urlset><url/></urlset>",
    "a root of another namespace": rss(A, "xmlns='urn:x'"),
    "RDF that does not say which RSS": f"<rdf:RDF {RDF.partition('xmlns:')[1]}{RDF.partition('xmlns:')[2]}>{A}</rdf:RDF>",
    "an entry in an entry": rss(f"<item>{A}</item>"),
    "an entry of Atom in RSS": rss("<entry/>"),
    "an entry outside the channel": f"<rss version='2.0'>{A}<channel>{B}</channel></rss>",
    "an entry after the channel": f"<rss version='2.0'><channel>{B}</channel>{A}</rss>",
    "an entry in the header": rss(f"<image>{A}</image>"),
    "an entry of another namespace": rss("<x:item/>", "xmlns:x='urn:x'"),
    "two channels": f"<rss version='2.0'><channel>{A}</channel><channel>{B}</channel></rss>",
    "a channel in Atom": atom("<channel/>"),
    "an entry that declares its own prefix": rss("<r:item xmlns:r='http://purl.org/rss/1.0/'/>"),
    "markup in a title": rss("<item><title>A <b>B</b></title></item>"),
    "markup in a summary": rss("<item><description><p>A</p></description></item>"),
    "markup in a language": rss("", header="<language>en<b/></language>"),
    "a summary in XHTML": atom("<entry><content type='xhtml'><details><summary>A</summary></details></content></entry>"),
    "a title in XHTML": atom("<entry><content type='xhtml'><p><title>A</title></p></content></entry>"),
    "XML that is no XHTML": atom("<entry><content type='application/xml'><p>A</p></content></entry>"),
    "two types": atom("<entry><content type='xhtml' TYPE='html'><p>A</p></content></entry>"),
    "a type that is not quite XHTML": atom("<entry><content type='xhtml '><p>A</p></content></entry>"),
    "a type of another namespace": atom("<entry><content type='xhtml' x:type='html' xmlns:x='urn:x'><p>A</p></content></entry>"),
    "a drawing": rss("<item><svg><image/></svg></item>"),
    "a known prefix for another namespace": rss("<item xmlns:dc='urn:x'/>"),
    "a known prefix for another known namespace": rss(f"<item xmlns:dc='{CONTENT}'/>"),
    "one prefix for two namespaces": rss("<item xmlns:x='urn:x'/><item xmlns:x='urn:y'/>"),
    "one prefix for two, the first in the header": rss("<item xmlns:x='urn:y'/>", "xmlns:x='urn:x'"),
    "two prefixes for one namespace": rss("<item xmlns:x='urn:x'/><item xmlns:y='urn:x'/>"),
    "a prefix and none for one namespace": rss("<item><t xmlns='urn:x'/></item><item xmlns:y='urn:x'/>"),
}  # fmt: skip


@pytest.mark.parametrize("text", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_is_not_certain(text: str) -> None:
    assert trim(text, NONE, BASE, 5_000) is None


def test_without_a_base_nothing_is_certain() -> None:
    assert trim(rss(A), NONE, "", 5_000) is None


LANGUAGE = "<title>World</title><language>{}</language>"
BEFORE = rss(A, "xmlns:x='urn:x'", LANGUAGE.format("en"))
MEANS = {
    "another title of the document": (rss(A, "xmlns:x='urn:x'", LANGUAGE.format("en").replace("World", "News")), True),
    "another neighbour": (rss(A + B, "xmlns:x='urn:x'", LANGUAGE.format("en")), True),
    "another place": (rss(B + A, "xmlns:x='urn:x'", LANGUAGE.format("en")), True),
    "another encoding is declared": (BEFORE.replace("'1.0'", "'1.0' encoding='koi8-r'"), True),
    "another language of the document": (rss(A, "xmlns:x='urn:x'", LANGUAGE.format("de")), False),
    "its language after the entries": (rss(A + "<language>de</language>", "xmlns:x='urn:x'", LANGUAGE.format("en")), False),
    "xml:lang of the root": (rss(A, "xmlns:x='urn:x' xml:lang='de'", LANGUAGE.format("en")), False),
    "xml:base of the channel": (BEFORE.replace("<channel>", "<channel xml:base='/b/'>"), False),
    "a namespace": (BEFORE.replace("urn:x", "urn:y"), False),
    "another text": (BEFORE.replace(">A<", ">a<"), False),
}  # fmt: skip


@pytest.mark.parametrize(("after", "same"), MEANS.values(), ids=MEANS)
def test_a_hash_holds_all_that_an_entry_means_and_no_more(after: str, same: bool) -> None:
    assert (hashes(BEFORE)[0] in hashes(after)) is same


def test_a_hash_holds_the_address_of_the_document() -> None:
    assert hashes(BEFORE) != hashes(BEFORE, "https://mirror.example/world.xml")


def test_an_entry_after_content_in_the_header_is_another_than_the_same_after_an_entry() -> None:
    header = "<summary>All the news</summary><description>World</description>"
    (first, second), (alone,) = hashes(rss(A + A, header=header)), hashes(rss(A, header=header))
    assert (first == second, first == alone) == (False, True)
    assert len(set(hashes(rss(A + header + A + A, header="")))) == 2


# What feedparser remembers of an entry after its end. Not here: what the start of the next entry sets anew
# (`guidislink`, `title_depth`), what only ends of elements with the same name would find (`elementstack`), and results.
STATE = """
    infeed inentry incontent intextinput inimage inauthor incontributor inpublisher insource sourcedata contentparams
    _summaryKey namespacemap namespaces_in_use basestack langstack svgOK depth hasContent lang baseuri version ingeometry
    psc_chapters_flag decls bozo
""".split()  # noqa: SIM905
SPACES = {prefix: uri for uri, prefix in StrictFeedParser.namespaces.items()}
PREFIXES = "".join(f" xmlns:{prefix}='{uri}'" for prefix, uri in SPACES.items() if prefix and prefix != "xml")


def elements() -> list[str]:
    """Every element that feedparser treats in a way of its own, one of each pair of handlers, and some that it does not."""
    handlers: dict[tuple[Any, Any], str] = {}
    for name in sorted(dir(StrictFeedParser)):
        way, _, element = name.removeprefix("_").partition("_")
        if way in {"start", "end"} and element and name.startswith("_"):
            prefix, _, local = element.partition("_")
            known = prefix in {each.lower() for each in SPACES} and local
            pair = (
                getattr(StrictFeedParser, f"_start_{element}", None),
                getattr(StrictFeedParser, f"_end_{element}", None),
            )
            handlers.setdefault(pair, f"{prefix}:{local}" if known else element)
    prefixes = {prefix.lower(): prefix for prefix in SPACES}
    found = [
        prefixes.get(each.partition(":")[0], "") + ":" + each.partition(":")[2] if ":" in each else each
        for each in handlers.values()
    ]
    return [*found, "p", "div", "x", "dc:x"]


class Remembering(StrictFeedParser):  # type: ignore[misc]
    """feedparser's reader of strict XML, and what it remembers after each entry."""

    def __init__(self) -> None:
        super().__init__(BASE, None, "utf-8")
        self.resolve_relative_uris = self.sanitize_html = False
        self.states: list[dict[str, str]] = []

    def unknown_endtag(self, tag: str) -> None:
        super().unknown_endtag(tag)
        if tag == "item":
            self.states.append({name: repr(getattr(self, name)) for name in STATE})


def remembered(text: str) -> list[dict[str, str]] | None:
    """None where feedparser gives the document up."""
    reader = Remembering()
    parser = xml.sax.make_parser()  # noqa: S317  as feedparser does
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setContentHandler(reader)
    try:
        parser.parse(io.BytesIO(text.encode()))  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001  as steps/parse has it
        return None
    return reader.states


OUTER = [
    ("", ""),
    (" type='xhtml'", "xhtml"),
    (" url='u' href='u' rel='self' xml:lang='de' xml:base='/b/' lang='' base='/c'", "attributes"),
]


@pytest.mark.parametrize(("attributes", "_words"), OUTER, ids=[words or "plain" for _, words in OUTER])
def test_what_is_certain_leaves_nothing_behind_in_feedparser(attributes: str, _words: str) -> None:
    names = elements()
    assert len(names) > 90
    sure = broken = 0
    for outer in names:
        entries = [
            f"<item><{outer}{attributes}>a</{outer}><{outer}>b</{outer}></item>",
            f"<item><{outer}{attributes}/></item>",
        ]
        entries += [
            f"<item><{outer}{attributes}>a<{inner}>b</{inner}><{inner} url='u'/></{outer}></item>"
            for inner in (names if not attributes else names[::4])
        ]
        entries = [each for each in entries if trim(rss(each, PREFIXES), NONE, BASE, 5_000) is not None]
        states = remembered(rss("<item/>" + "".join(entries), PREFIXES))
        if states is None:  # what feedparser gives up is never seen: without those
            broken += len(entries)
            entries = [each for each in entries if remembered(rss(each, PREFIXES)) is not None]
            broken -= len(entries)
            states = remembered(rss("<item/>" + "".join(entries), PREFIXES))
        assert states is not None
        assert [entry for entry, state in zip(entries, states[1:], strict=True) if state != states[0]] == []
        sure += len(entries)
    assert sure > 90 * 10


def test_the_tables_are_feedparsers_own() -> None:
    known = {uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items()}
    assert {prefix: known.get(uri) for prefix, uri in room._OWN.items()} == {prefix: prefix for prefix in room._OWN}
    assert set(known.values()) - {""} <= room._RESERVED
    handled = {name.rpartition("_")[2] for name in dir(StrictFeedParser) if name.startswith(("_start_", "_end_"))}
    assert handled & room._MARKUP == set()
    assert {known[uri.lower()] for family in room._FAMILIES.values() for uri in family if uri.lower() in known} == {""}


@pytest.mark.parametrize("outer", elements())
def test_all_that_feedparser_reads_as_content_is_known_as_such(outer: str) -> None:
    reader = Remembering()
    reader.entries.append({})
    start = getattr(reader, "_start_" + outer.lower().replace(":", "_"), None)
    reader.inentry = 1
    if start is not None and outer not in {"item", "textinput"}:
        start({})
    assert reader.incontent == 0 or outer.rpartition(":")[2].lower() in room._CONTENT


def test_a_hostile_document_costs_time_in_proportion() -> None:
    deep = rss("<item>" + "<a>" * 100_000 + "</a>" * 100_000 + "</item>")
    wide = rss("<item " + " ".join(f"a{n}=''" for n in range(50_000)) + "/>")
    assert (len(hashes(deep)), len(hashes(wide)), trim("<" * 1_000_000, NONE, BASE, 5_000)) == (1, 1, None)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200), st.randoms(use_true_random=False))
def test_whatever_is_written_into_a_document_nothing_is_raised(noise: str, luck: random.Random) -> None:
    text = rss(A + B, header="<language>en</language>")
    place = luck.randrange(len(text))
    trim(text[:place] + noise + text[place:], NONE, BASE, 5_000)


def test_random_subsets_leave_the_header_and_the_others_in_order() -> None:
    entries = [f"<item><title>{n}</title></item>" for n in range(6)]
    text = rss("".join(f"{entry}<x>{n}</x>" for n, entry in enumerate(entries)))
    known = hashes(text)
    for wanted in product((True, False), repeat=6):
        trimmed = trim(text, frozenset(each for each, want in zip(known, wanted, strict=True) if not want), BASE, 5_000)
        assert trimmed is not None
        if not any(wanted):
            assert trimmed.body == b""
            continue
        body = trimmed.body.decode().replace("<item/>", "")
        assert body == rss(
            "".join(
                f"{entry if want else ''}<x>{n}</x>"
                for n, (entry, want) in enumerate(zip(entries, wanted, strict=True))
            )
        )
        assert sum(trimmed.listed) == sum(wanted)
