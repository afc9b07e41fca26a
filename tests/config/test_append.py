"""New feeds at the end of a feeds.yaml: where they go, in which style; and the lists to which nothing is added."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config import load
from monitor.config.append import NotAppendable, append, as_yaml
from monitor.model.feed import Feed
from monitor.model.ids import FeedId

Write = Callable[[Mapping[str, str | bytes | None]], Path]

NEW = Feed(id=FeedId("new"), url="https://new.example/rss", publisher="New")
BLOCK = "  - id: new\n    url: https://new.example/rss\n    publisher: New\n"
ONE = "  - id: one\n    url: https://one.example/rss\n    publisher: One\n"
FLOW = "  - {id: one, url: https://one.example/rss, publisher: One}\n"
FLOW_NEW = "  - {id: new, url: https://new.example/rss, publisher: New}\n"

FILES = {
    "block": (f"feeds:\n{ONE}", f"feeds:\n{ONE}{BLOCK}"),
    "braces": (f"feeds:\n{FLOW}", f"feeds:\n{FLOW}{FLOW_NEW}"),
    "no end of line": (f"feeds:\n{ONE}".rstrip(), f"feeds:\n{ONE}{BLOCK}"),
    "empty": ("feeds: []\n", f"feeds:\n{BLOCK}"),
    "empty, with a comment": ("feeds: []  # none yet\nopml: []\n", f"feeds:  # none yet\n{BLOCK}opml: []\n"),
    "something below": (f"feeds:\n{ONE}\n# The rest\ndefaults: {{}}\n", f"feeds:\n{ONE}{BLOCK}\n# The rest\ndefaults: {{}}\n"),
    "comments inside": (
        f"feeds:\n{ONE}    # of one\n  # - id: two\n# of defaults\ndefaults: {{}}\n",
        f"feeds:\n{ONE}    # of one\n  # - id: two\n{BLOCK}# of defaults\ndefaults: {{}}\n",
    ),
    "comment in the line": (f"feeds:\n{ONE.rstrip()}  # the last\n", f"feeds:\n{ONE.rstrip()}  # the last\n{BLOCK}"),
    "no indentation": (
        "feeds:\n- id: one\n  url: https://one.example/rss\n  publisher: One\n# of defaults\ndefaults: {}\n",
        "feeds:\n- id: one\n  url: https://one.example/rss\n  publisher: One\n- id: new\n  url: https://new.example/rss\n  publisher: New\n# of defaults\ndefaults: {}\n",
    ),
    "wide": (
        "feeds:\n    -   id: one\n        url: https://one.example/rss\n        publisher: One\n",
        "feeds:\n    -   id: one\n        url: https://one.example/rss\n        publisher: One\n    -   id: new\n        url: https://new.example/rss\n        publisher: New\n",
    ),
    "empty lines between": (
        f"feeds:\n{ONE}\n{ONE.replace('one', 'two')}",
        f"feeds:\n{ONE}\n{ONE.replace('one', 'two')}\n{BLOCK}",
    ),
    "tags on lines of their own": (f"feeds:\n{ONE}    tags:\n      - a\n      - b\n", f"feeds:\n{ONE}    tags:\n      - a\n      - b\n{BLOCK}"),
    "text in block style": (f"feeds:\n{ONE}    title: >-\n      a\n      b\n\nopml: []\n", f"feeds:\n{ONE}    title: >-\n      a\n      b\n{BLOCK}\nopml: []\n"),
    "aliases": (f"feeds:\n{ONE}    tags: &t [a]\n{ONE.replace('one', 'two')}    tags: *t\n", f"feeds:\n{ONE}    tags: &t [a]\n{ONE.replace('one', 'two')}    tags: *t\n{BLOCK}"),
    "Windows": (f"feeds:\n{ONE}".replace("\n", "\r\n"), f"feeds:\n{ONE}{BLOCK}".replace("\n", "\r\n")),
    "byte order mark": (f"\ufefffeeds:\n{ONE}", f"\ufefffeeds:\n{ONE}{BLOCK}"),
    "quoted key": (f'"feeds":\n{ONE}', f'"feeds":\n{ONE}{BLOCK}'),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), FILES.values(), ids=FILES)
def test_where_and_how(write: Write, before: str, after: str) -> None:
    assert append(before, [NEW]) == after
    known = load(write({"feeds.yaml": before}), {}).feeds
    assert load(write({"feeds.yaml": after.encode()}), {}).feeds == (*known, NEW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{feeds: []}\n", "the whole file is written in braces"),
        ("feeds: [{id: one, url: https://one.example/rss, publisher: One}]\n", "the list is written in brackets"),
        ("feeds:\n  []\n", "the empty list is written on lines of its own"),
        ("opml: &a []\nfeeds: *a\n", "its `feeds` are no list of their own"),
    ],
)
def test_lists_to_which_nothing_is_added(text: str, why: str) -> None:
    with pytest.raises(NotAppendable) as refused:
        append(text, [NEW])
    assert str(refused.value) == why


TEXTS = ["Ja: nein", "#1", "- a", "yes", "null", "12:30", "a, b", "O'Neil", "${HOME}", 'say "x"', "Новини", "@x", "a #b", "7", "C:\\x"]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("before", [f"feeds:\n{ONE}", f"feeds:\n{FLOW}"], ids=["block", "braces"])
def test_every_text_stays_itself(write: Write, text: str, before: str) -> None:
    url = f"https://new.example/?q={text.encode().hex()},[x]"
    feed = Feed(
        id=FeedId("on"), url=url, publisher=text, title=text, tags=(text, "b"), allow_private=("10.0.0.0/8", "::1/128")
    )
    folder = write({"feeds.yaml": append(before, [feed]).encode()})
    assert load(folder, {}).feeds[-1] == feed
    assert load(write({"feeds.yaml": ("feeds:\n" + as_yaml([feed])).encode()}), {}).feeds == (feed,)


def test_what_is_read_instead_of_a_file(write: Write) -> None:
    folder: Path = write({})
    assert [feed.id for feed in load(folder, {}, instead={"feeds.yaml": f"feeds:\n{BLOCK}".encode()}).feeds] == ["new"]
    assert [feed.id for feed in load(folder, {}).feeds] == ["one"]
