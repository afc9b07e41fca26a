"""Markup to plain text: what a reader sees stays, everything else goes, and nothing takes longer than it should."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.html import one_line, plain, shorten

LIMIT = 600

TEXTS = {
    "text": ("Talks resume", "Talks resume"),
    "white space": (" Talks \r\n\tresume\u00a0now ", "Talks resume now"),
    "inline tags do not separate": ("Ukr<b>aine</b> H<sub>2</sub>O", "Ukraine H2O"),
    "block tags separate": ("<p>One</p><p>Two</p>Three<br/>Four<li>Five", "One Two Three Four Five"),
    "entities": ("AT&amp;T &quot;caf&eacute;&quot; &#8211; &#x2014;", 'AT&T "café" – —'),
    "ampersands that are none": ("R&D, AT&T & Co", "R&D, AT&T & Co"),
    "escaped twice": ("&lt;p&gt;A &amp;amp; B&lt;/p&gt;", "A & B"),
    "escaped three times": ("&amp;lt;p&amp;gt;A&amp;lt;/p&amp;gt;", "A"),
    "script, style, comment": ("a<script>alert('<b>')</script>b<style>p{}</style>c<!-- <p> -->d", "a b cd"),
    "script escaped twice": ("x &amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; y", "x y"),
    "script that never ends": ("a<script>alert(1)", "a"),
    "event handler with a tag in it": ("<img src=x onerror=\"alert('<b>')\">Hello", "Hello"),
    "end of a tag in an attribute": ('<a title="x > y" href=z>Hello</a>', "Hello"),
    "quote that never ends": ('<a href="x>Hello</a> and more', "Hello and more"),
    "apostrophe in a tag": ("<p it's broken>Don't</p>", "Don't"),
    "tag that never ends": ("Hello <b", "Hello <b"),
    "less-than signs": ("a < b, 3 <5 and c<-d", "a < b, 3 <5 and c<-d"),
    "CDATA left over": ("<![CDATA[Hello <b>you</b>]]>", "Hello you"),
    "declarations": ("<?xml version='1.0'?><!DOCTYPE html>Hello", "Hello"),
    "names in angle brackets survive one escaping": ("List&lt;String&gt;", "List<String>"),
    "template signs are text": ("{{ 7*7 }} {% x %} ${x}", "{{ 7*7 }} {% x %} ${x}"),
    "line breaks in any form": ("a\r\nb\u2028c\x85d&#10;e", "a b c d e"),
    "ANSI": ("\x1b[31mred\x1b[0m", "red"),
    "NUL, bell, C1": ("a\x00b\x07c\x9dd", "abcd"),
    "direction": ("\u202ega\u202c\u2066b\u2069\u200fc", "gabc"),
    "soft hyphen, zero-width space, byte order mark": ("\ufeffVer\u00adhand\u200blung", "Verhandlung"),
    "letters and marks that nobody sees": ("a\u034fb\u115fc\u1160d\u17b4e\u17b5f", "abcdef"),
    "joiner in Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "joiner in an emoji": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    "joiner in Latin": ("Kre\u200dml\u200cin", "Kremlin"),
    "surrogates": ("a\ud800b", "a\ufffdb"),
    "references to no character": ("a&#0;b&#x110000;c&#" + "9" * 5_000 + ";d", "a\ufffdb\ufffdc\ufffdd"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("markup", "text"), TEXTS.values(), ids=TEXTS)
def test_plain(markup: str, text: str) -> None:
    assert plain(markup, LIMIT) == text


def test_plain_keeps_to_its_limit() -> None:
    assert plain("<p>" + "word " * 1_000, 14) == "word word word"


@given(st.text(max_size=60) | st.text(alphabet="<>&;/!-[]'\"=ab #x1p \u200d\u202e\x1b", max_size=60))
@settings(deadline=None, derandomize=True, max_examples=400)
def test_plain_is_one_line_of_characters_that_can_be_stored(markup: str) -> None:
    text = plain(markup, LIMIT)
    assert text == " ".join(text.split())
    assert not any(character in text for character in "\x00\x07\x1b\u202e\u2066\ufeff\u00ad")
    text.encode()  # raises for what UTF-8 cannot hold


CHARACTERS = 400_000
REPEATED = {
    "less-than": "<",
    "tag that never ends": "<a ",
    "tag with a quote": '<a ="',
    "tag with both quotes": "<a =' =\"",
    "quoted end": '<a =">"',
    "comment": "<!--",
    "declaration": "<!",
    "script": "<script>",
    "script that never ends": "<script ",
    "ends of script": "<script></script",
    "CDATA": "<![CDATA[",
    "ampersand": "&",
    "reference": "&#1",
    "entity": "&amp;",
    "escaped entity": "amp;",
    "escaped tag": "&lt;p ",
    "joiner": "\u200d",
    "ANSI": "\x1b[1;",
    "space": " ",
}


@pytest.mark.parametrize("piece", REPEATED.values(), ids=REPEATED)
def test_plain_takes_linear_time(piece: str) -> None:
    """Bounded by processor time with a wide margin: quadratic work on these would take minutes."""
    start = process_time()
    plain("ب" + piece * (CHARACTERS // len(piece)) + "ب", LIMIT)
    assert process_time() - start < 5


def test_one_line_reads_no_markup() -> None:
    assert one_line("tag:news,2025:<1>\n&amp;", 100) == "tag:news,2025:<1> &amp;"


SHORTENED = {
    "fits": ("one two", 7, "one two"),
    "at a word": ("one two three", 9, "one two"),
    "word ends at the limit": ("one two three", 7, "one two"),
    "one long word": ("a" * 20, 8, "a" * 8),
    "no spaces between words": ("和平会谈在日内瓦举行", 4, "和平会谈"),
}


@pytest.mark.parametrize(("text", "limit", "short"), SHORTENED.values(), ids=SHORTENED)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short
