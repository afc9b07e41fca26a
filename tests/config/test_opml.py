"""Subscription lists: what programs export, what they mean in a folder, what is refused; and that ours are read back whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config import ConfigError, load
from monitor.config.opml import Outline, ids_of, read_opml, write_opml
from monitor.model.feed import Feed
from monitor.model.ids import FeedId

Write = Callable[[Mapping[str, str | bytes | None]], Path]

UK = '<outline text="Two" xmlUrl="https://two.example/rss" language="uk"/>'
FILE = Path("my.opml")
FEEDS = "feeds:\n  - {id: one, url: https://one.example/rss, publisher: One}\nopml: [my.opml]\n"


def opml(body: str, prolog: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> str:
    return f'{prolog}<opml version="2.0"><head><title>Mine</title></head>\n<body>\n{body}\n</body></opml>'


def outline(name: str, more: str = "") -> str:
    return f'<outline type="rss" text="{name}" xmlUrl="https://{name.lower()}.example/rss" {more}/>'


def listed(line: int, name: str, *tags: str) -> Outline:
    return Outline(line=line, url=f"https://{name.lower()}.example/rss", title=name, tags=tags)


LISTS = {
    "flat": (opml(outline("Two") + "\n" + outline("Three")), (listed(4, "Two"), listed(5, "Three"))),
    "folders are tags": (
        opml(f'<outline text="World">{outline("Two")}<outline title="Near">{outline("Three")}</outline></outline>{outline("Four")}'),
        (listed(4, "Two", "World"), listed(4, "Three", "World", "Near"), listed(4, "Four")),
    ),
    "folder without a name": (opml(f"<outline>{outline('Two')}</outline>"), (listed(4, "Two"),)),
    "feeds in a feed": (opml(f'{outline("Two").replace("/>", ">")}{outline("Three")}</outline>'), (listed(4, "Two"), listed(4, "Three"))),
    "categories and language": (
        opml(outline("Two", 'category="/a,b/c, d " language="uk"')),
        (replace(listed(4, "Two", "a", "b/c", "d"), lang="uk"),),
    ),
    "title before text": (opml(outline("Two", 'title="The Two"')), (replace(listed(4, "Two"), title="The Two"),)),
    "one feed in two folders": (opml(f'<outline text="A">{outline("Two")}</outline><outline text="B">{outline("Two")}</outline>'), (listed(4, "Two", "A"),)),
    "spelled otherwise": (opml('<OUTLINE TEXT="Two" XMLURL=" https://two.example/rss "/>'), (listed(4, "Two"),)),
    "another encoding": (opml(outline("Zwölf"), "<?xml version='1.0' encoding='windows-1252'?>\n"), (replace(listed(4, "Zwölf")),)),
    "no language": (opml(outline("Two", 'language="no language"')), (listed(4, "Two"),)),
    "no feeds": (opml(""), ()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "outlines"), LISTS.values(), ids=LISTS)
def test_lists(text: str, outlines: tuple[Outline, ...]) -> None:
    assert read_opml(FILE, text.encode("cp1252" if "1252" in text else "utf-8")) == outlines


REFUSED = {
    "entities": ("<!DOCTYPE opml [<!ENTITY a 'b'>]>" + opml(outline("&a;"), ""), "my.opml:1: a DOCTYPE; no OPML needs one, and it may declare what expands or leads elsewhere"),
    "not OPML": ("<rss/>", "my.opml:1: not OPML: it begins with <rss>"),
    "not XML": ("feeds: []", "my.opml:1: broken XML: syntax error"),
    "bare ampersand": (opml(outline("A&B")), "my.opml:4: broken XML: not well-formed (invalid token)"),
    "cut off": (opml("<outline>")[:-20], "my.opml:4: broken XML: unclosed token"),
    "empty": ("", "my.opml:1: broken XML: no element found"),
    "another scheme": (opml('<outline xmlUrl="file:///etc/passwd"/>'), "my.opml:4:xmlUrl: expected a URL that begins with https:// or http://"),
    "password": (opml('\n<outline xmlUrl="https://a:b@c.example/"/>'), "my.opml:5:xmlUrl: a user name or password in a URL; nothing before the host, please"),
    "nested without end": (opml("<outline>" * 21), "my.opml:4: outlines nested deeper than 20 levels"),
    "too large": (opml(" " * 5 * 2**20), "my.opml: larger than 5 MiB"),
    "id that is none": (opml(outline("Two", 'newsmon:id="A B"')), "my.opml:4:xmlUrl: expected an id of 1 to 64 small letters a-z, digits, `_` and `-`"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_opml(FILE, text.encode())
    assert str(refused.value) == message


def test_all_bad_urls_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        read_opml(FILE, opml('<outline xmlUrl="a"/>\n<outline xmlUrl="b"/>').encode())
    assert [problem.line for problem in refused.value.problems] == [4, 5]


def test_no_id_depends_on_what_else_is_listed() -> None:
    two, same, three = listed(1, "Two"), replace(listed(2, "Two"), url="https://other.example/"), listed(3, "Three")
    alone = ids_of([two])
    assert ids_of([same, three, two])[2:] == alone
    assert alone == ["two-c584"]
    assert ids_of([replace(two, url="http://TWO.example/rss/")]) == alone
    assert ids_of([replace(two, title="Новини")]) == [alone[0].replace("two-", "two-example-")]
    assert ids_of([two], alone) == ["two-c584f"]
    assert ids_of([replace(two, id="mine")]) == ["mine"]


def test_in_a_folder(write: Write) -> None:
    text = opml(f'<outline text="World">{UK}{outline("One")}</outline>'.replace("&", "&amp;"))
    folder = write({"feeds.yaml": FEEDS + "defaults: {interval: 5m}\n", "my.opml": text})
    one, two = load(folder, {}).feeds
    assert (one.id, one.publisher, one.tags) == ("one", "One", ())
    assert two == replace(
        one,
        id=FeedId("two-c584"),
        url="https://two.example/rss",
        publisher="Two",
        title="Two",
        tags=("World",),
        lang="uk",
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "feeds.yaml:3:opml[0]: {folder}/my.opml: there is no such file"),
        ({"my.opml": "<rss/>"}, "my.opml:1: not OPML: it begins with <rss>"),
        ({"my.opml": opml('<outline xmlUrl="x"/>')}, "my.opml:4:xmlUrl: expected a URL that begins with https:// or http://"),
    ],
    ids=["missing", "no list", "bad URL"],
)  # fmt: skip
def test_a_folder_whose_list_is_refused(write: Write, files: dict[str, str | bytes | None], message: str) -> None:
    folder = write({"feeds.yaml": FEEDS, **files})
    with pytest.raises(ConfigError) as refused:
        load(folder, {})
    assert str(refused.value) == f"{folder}/{message}".format(folder=folder)


FEED = Feed(id=FeedId("a"), url="https://a.example/?x=1&y=<2>", publisher='"A" & Co', title="A > B")
WRITTEN = [
    FEED,
    replace(FEED, id=FeedId("b"), url="https://b.example/", tags=("world", "near"), lang="uk", title=""),
    replace(FEED, id=FeedId("c"), url="https://c.example/", tags=("other",)),
    replace(FEED, id=FeedId("d"), url="https://d.example/", tags=("world", "one, two", "/x"), title="Новини"),
]


def test_what_we_write_is_read_back(write: Write) -> None:
    text = write_opml(WRITTEN, "a <b>")
    folder = write({"feeds.yaml": "feeds: []\nopml: [my.opml]\n", "my.opml": text})
    found = {feed.id: feed for feed in load(folder, {}).feeds}
    assert found == {each.id: replace(each, title=each.title or each.publisher) for each in WRITTEN}
    assert write_opml(found.values(), "a <b>") == text
