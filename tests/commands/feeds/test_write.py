"""New feeds in feeds.yaml: named as nobody else, written at once or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.commands.feeds.write import NotWritten, Wish, known_by, named, write
from monitor.config import load
from monitor.model.feed import Feed
from monitor.model.ids import FeedId

BEFORE = """# mine
defaults: {interval: 5m}  # often
feeds:
  - {id: one, url: https://one.example/rss, publisher: One}
  # the end
"""
NEW = Feed(id=FeedId("new"), url="https://new.example/rss?a=${X}", publisher="New", tags=("a",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    (made / "topics").mkdir(parents=True)
    (made / "settings.yaml").write_text("instance: desk\n")
    (made / "alerts.yaml").write_text("receivers: [{id: console, log: {}}]\nroutes: [{receiver: console}]\n")
    (made / "topics/a.yaml").write_text("topics: [{id: a, title: A, query: word}]\n")
    (made / "feeds.yaml").write_text(BEFORE)
    return made


def test_it_is_added_at_the_end_and_all_else_stays(folder: Path) -> None:
    file = folder / "feeds.yaml"
    file.chmod(0o640)
    (before,) = load(folder, {}).feeds
    assert write(folder, [NEW], {}) == file
    assert file.read_text() == (
        BEFORE + '  - {id: new, url: "https://new.example/rss?a=$${X}", publisher: New, tags: [a]}\n'
    )
    assert load(folder, {}).feeds == (before, replace(NEW, interval=before.interval))
    assert (file.stat().st_mode & 0o777, sorted(each.name for each in folder.iterdir())) == (
        0o640,
        ["alerts.yaml", "feeds.yaml", "settings.yaml", "topics"],
    )


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    (folder / "feeds.yaml").rename(real)
    (folder / "feeds.yaml").symlink_to(real)
    write(folder, [NEW], {})
    assert ((folder / "feeds.yaml").is_symlink(), "id: new" in real.read_text()) == (True, True)


REFUSED = {
    "in brackets": (
        "feeds: [{id: one, url: https://one.example/rss, publisher: One}]\n",
        "{file}: the list is written in brackets",
        True,
    ),
    "the id is taken": (
        BEFORE.replace("id: one", "id: new"),
        "{file}:6:feeds[1].id: the feed `new` is already defined in feeds.yaml, line 4",
        False,
    ),
}


@pytest.mark.parametrize(("text", "why", "by_hand"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_written(folder: Path, text: str, why: str, by_hand: bool) -> None:
    file = folder / "feeds.yaml"
    file.write_text(text)
    with pytest.raises(NotWritten) as refused:
        write(folder, [NEW], {})
    assert (str(refused.value), refused.value.by_hand, file.read_text()) == (why.format(file=file), by_hand, text)


def test_ids_and_publishers_of_wishes() -> None:
    known = [Feed(id=FeedId("world"), url="https://feeds.one.example/x", publisher="The One")]
    wishes = [
        Wish(url="https://www.one.example/a", title="World"),
        Wish(url="https://one.example/b", title="World"),
        Wish(url="https://feeds.example.net/c", home="https://two.example/", title="Новини"),
        Wish(url="http://10.0.0.1/d"),
        Wish(url="https://three.example/e", title="E", id="mine", publisher="Me"),
        Wish(url="https://three.example/f", title="F", id="mine"),
    ]
    assert [(feed.id, feed.publisher) for feed in named(wishes, known)] == [
        ("world-2", "The One"),
        ("world-3", "The One"),
        ("two-example", "two.example"),
        ("10-0-0-1", "10.0.0.1"),
        ("mine", "Me"),
        ("mine-2", "three.example"),
    ]


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("https://one.example/rss", True),
        ("http://ONE.example/rss/", True),
        ("https://one.example/rss?a", False),
        ("https://www.one.example/rss", False),
    ],
)
def test_whether_a_url_is_listed(folder: Path, url: str, is_known: bool) -> None:
    assert (known_by(load(folder, {}).feeds, url) is not None) is is_known
