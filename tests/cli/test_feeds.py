"""`newsmon feeds` as a person types it: a folder of feeds on a loopback server, with a database beside it."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.adapters.store import feeds as stored
from monitor.adapters.store.open import Store
from monitor.cli.main import app
from monitor.commands.check import ANONYMOUS
from monitor.config import load
from monitor.model.feed import FeedState, Learned, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome

RSS = (
    "<rss version='2.0'><channel><title>{name}</title><link>https://wire.example/</link><item><guid>https://wire.example/1</guid>"
    "<title>Talks \x1b resume</title><link>https://wire.example/1</link><pubDate>Mon, 24 Feb 2025 10:00:00 GMT</pubDate></item>"
    "</channel></rss>"
)
ALTERNATE = '<link rel="alternate" type="application/rss+xml" href="{}">'


class Site(BaseHTTPRequestHandler):
    pages: dict[str, str]

    def do_GET(self) -> None:
        if self.headers.get("if-none-match"):
            self.send_response(304)
            self.end_headers()
            return
        body = self.pages.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("etag", '"1"')
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    pages = {
        "/a.xml": RSS.format(name="Wire: World"),
        "/b.xml": RSS.format(name="Wire: Near").replace("Talks", "Rain"),
        "/one": f"<html>{ALTERNATE.format('/a.xml')}</html>",
        "/two": f"<html>{ALTERNATE.format('/a.xml')}{ALTERNATE.format('/b.xml')}</html>",
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Site,), {"pages": pages}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.folder), "feeds", *words])

    def rows(self, *words: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self(*words).stdout.splitlines()]

    def feeds(self) -> list[str]:
        return [feed.id for feed in load(self.folder, {}).feeds]

    @property
    def file(self) -> Path:
        return self.folder / "feeds.yaml"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "config"
    (folder / "topics").mkdir(parents=True)
    (folder / "settings.yaml").write_text("instance: desk\n")
    (folder / "alerts.yaml").write_text("receivers: [{id: console, log: {}}]\nroutes: [{receiver: console}]\n")
    (folder / "topics/a.yaml").write_text("topics: [{id: a, title: A, query: word}]\n")
    (folder / "feeds.yaml").write_text("# mine\nfeeds: []\n")
    return Shell(folder)


@pytest.fixture
def polled(shell: Shell) -> Shell:
    """Feeds that fare well, badly, are paused; and one that the daemon does not know."""
    names = ("well", "failing", "paused", "unknown")
    entries = "".join(f"  - {{id: {name}, url: https://{name}.example/rss, publisher: P}}\n" for name in names)
    shell.file.write_text(f"feeds:\n{entries}")
    now = datetime.now(UTC)
    lately = now - timedelta(minutes=80)  # an hour ago, however slow the test
    good = FeedState(
        feed_id=FeedId("well"),
        next_poll_at=now + timedelta(minutes=80),
        url="https://well.example/rss",
        last_poll_at=now,
        last_outcome=Outcome.NEW,
        last_detail="200 OK",
        last_success_at=lately,
        last_new_item_at=now - timedelta(minutes=140),
        interval=timedelta(minutes=5),
        pace=Pace.LEARNED,
        learned=Learned(
            pace=timedelta(minutes=5),
            overlap=0.9,
            listed=40,
            rolloffs=1,
            rolled_off_at=lately,
            skip="hours 0-5, Sunday",
        ),
        moved_to="https://new.example/rss",
        moved_count=1,
        complaints=("a date that cannot be read: soon",),
    )
    bad = replace(
        good,
        feed_id=FeedId("failing"),
        url="https://failing.example/rss",
        last_detail="410 Gone",
        last_success_at=now - timedelta(minutes=200),
        failures=5,
        gone_count=1,
        gone_since=now,
        pace=Pace.REFUSED,
        moved_to="",
        learned=Learned(),
    )
    configuration = load(shell.folder, {})
    store = Store(configuration.settings.database)
    store.write_now(lambda tx: stored.configure(tx, [(feed, feed.id) for feed in configuration.feeds[:3]], now))
    store.write_now(lambda tx: stored.put(tx, good, bad))
    store.write_now(lambda tx: stored.pause(tx, FeedId("paused"), lately))
    store.close()
    return shell


STATES = {"well": "ok", "failing": "failing", "paused": "paused", "unknown": "unknown"}


@pytest.mark.parametrize("words", [(), ("list",)])
def test_the_list(polled: Shell, words: tuple[str, ...]) -> None:
    result = polled(*words)
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines == [
        "feed state success new item polled every known lost failed next",
        "well ok 1 h 2 h 5 min learned 90% 1 1 h",
        "failing failing 3 h 2 h 5 min refused 5 1 h",
        "paused paused -",
        "unknown unknown",
        "",
        "well: moved to https://new.example/rss: change its url",
        "well: items may have been lost once, last 1 h ago: a shorter interval helps",
        "failing: failing: 410 Gone since 3 h",
        "failing: it says that it is gone for good: believed after three such answers over a day",
        "paused: paused: for 1 h, until `newsmon feeds resume paused`",
    ]
    assert result.stderr == "4 feeds: 1 ok, 1 failing, 1 paused, 1 unknown\n"


def test_the_list_for_programs_has_the_same_keys_for_every_feed(polled: Shell) -> None:
    rows = polled.rows("--json")
    assert {str(row["id"]): row["state"] for row in rows} == STATES
    assert len({tuple(row) for row in rows}) == 1
    assert (rows[0]["pace"], rows[0]["overlap"], rows[0]["rolloffs"], rows[0]["moved_to"]) == (
        "learned",
        0.9,
        1,
        "https://new.example/rss",
    )


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--failing",), ["failing"]),
        (("--state", "paused"), ["paused"]),
        (("list", "--state", "ok", "--state", "unknown"), ["well", "unknown"]),
        (("--state", "gone"), []),
    ],
)
def test_some_of_the_list(polled: Shell, words: tuple[str, ...], ids: list[str]) -> None:
    assert [row["id"] for row in polled.rows(*words, "--json")] == ids


def test_one_feed(polled: Shell) -> None:
    shown = polled("show", "well").stdout
    assert [line.strip() for line in shown.splitlines() if "complaints" in line or "to know" in line] == [
        "to know        moved to https://new.example/rss: change its url",
        "complaints     a date that cannot be read: soon",
    ]
    assert "every 5 min: about every second poll brings something" in shown
    wish = "its publisher asks not to be polled at hours 0-5, Sunday (UTC; shown, not obeyed)"
    assert (wish in shown, "its publisher asks" in polled("show", "failing").stdout) == (True, False)
    assert polled("show", "unknown").stdout.splitlines()[0] == "unknown  unknown: the daemon has not seen this feed yet"
    (row,) = polled.rows("show", "well", "--json")
    assert (row["complaints"], row["skip"]) == (["a date that cannot be read: soon"], "hours 0-5, Sunday")


REFUSALS = {
    "an unknown feed": (("show", "wel"), "there is no feed `wel`; did you mean `well`?"),
    "an unknown feed to pause": (("pause", "well", "pause"), "there is no feed `pause`; did you mean `paused`?"),
    "an unknown state": (
        ("--state", "bad"),
        "there is no state bad: expected ok, failing, stale, paused, gone, waiting or unknown",
    ),
    "options before the verb": (
        ("--json", "show", "well"),
        "options stand after the verb: newsmon feeds show --json",
    ),
    "an unknown format": (("export", "--format", "xml"), "there is no format xml: expected opml or yaml"),
    "a URL that is none": (("add", "file:///etc/passwd"), "file:///etc/passwd: expected a URL that begins with https"),
    "a network that is none": (("add", "x.example", "--allow-private", "10.0.0.1/8"), "the network is 10.0.0.0/8"),
    "one id for two": (("add", "x.example", "y.example", "--id", "z"), "--id names one feed"),
    "an id that is taken": (("add", "x.example", "--id", "well"), "there is already a feed `well`"),
    "no such list": (("import", "none.opml"), "none.opml: No such file or directory"),
    "a file that is not feeds.yaml": (("import", "LIST", "--to", "x.yaml"), "expected a file feeds.yaml"),
}


@pytest.mark.parametrize(("words", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(polled: Shell, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "mine.opml").write_text("<opml><body/></opml>")
    result = polled(*(str(tmp_path / "mine.opml") if word == "LIST" else word for word in words))
    assert (result.exit_code, message in result.output) == (2, True), result.output


def test_pause_and_resume(polled: Shell) -> None:
    assert polled("pause", "well").stdout == "well is paused: `newsmon feeds resume well` ends that\n"
    assert polled("pause", "well").stdout == "well was paused already\n"
    assert [row["id"] for row in polled.rows("--state", "paused", "--json")] == ["well", "paused"]
    result = polled("resume", "well", "failing", "unknown")
    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        [
            "well is due now: a running daemon polls it at once",
            "failing is due now: a running daemon polls it at once",
            "unknown has not been seen by the daemon yet: it is polled as soon as `newsmon run` starts anew",
        ],
    )
    store = Store(load(polled.folder, {}).settings.database)
    claimed = store.write_now(
        lambda tx: stored.claim_due(tx, datetime.now(UTC), 9, datetime.now(UTC) + timedelta(hours=1))
    )
    store.close()
    assert sorted((state.feed_id, state.paused_at, state.failures, state.gone_count) for state in claimed) == [
        ("failing", None, 0, 0),
        ("well", None, 0, 0),
    ]


@pytest.mark.parametrize("verb", ["pause", "resume", "show"])
def test_without_a_database_it_says_what_to_do(shell: Shell, verb: str) -> None:
    shell.file.write_text("feeds: [{id: a, url: https://a.example/, publisher: A}]\n")
    result = shell(verb, "a")
    assert (result.exit_code, "start `newsmon run` first" in result.output) == (1, True)


def feed_line(id_: str, url: str, private: str = ", allow_private: [127.0.0.1]") -> str:
    return f"  - {{id: {id_}, url: {url}, publisher: P{private}}}\n"


def test_check(shell: Shell, site: str) -> None:
    lines = (
        feed_line("wire", f"{site}/a.xml") + feed_line("dead", f"{site}/dead") + feed_line("shy", f"{site}/b.xml", "")
    )
    shell.file.write_text(f"feeds:\n{lines}")
    result = shell("check")
    age = (datetime.now(UTC) - datetime(2025, 2, 24, 10, tzinfo=UTC)).days
    assert result.stdout.splitlines() == [
        f"✓ wire  200 OK, RSS 2.0, 1 entry, newest {age} d old, honours its validators",
        "    warning: characters that XML forbids",
        f"    warning: its newest entry is {age} d old: is this still the right feed?",
        f"✗ dead  {site}/dead",
        "    problem: 404 Not Found",
        f"✗ shy  {site}/b.xml",
        "    problem: 127.0.0.1 is a loopback address; add allow_private: [127.0.0.1] to this feed, if it is meant",
    ]
    assert result.exit_code == 1
    assert result.stderr == f"warning: {ANONYMOUS}\n3 feeds, 2 cannot be read, 2 warnings\n"
    (row,) = shell.rows("check", "wire", "--json")
    assert (row["readable"], row["validators_honoured"], row["entries"], row["format"]) == (True, True, 1, "rss20")
    (shell.folder / "settings.yaml").write_text("poll: {contact: desk@news.example}\n")
    named = shell("check", "wire")
    assert (named.exit_code, named.stderr) == (0, "1 feed, 0 cannot be read, 2 warnings\n")
    assert list(shell.folder.glob("*.sqlite*")) == []


PRIVATE = ("--allow-private", "127.0.0.1")


def test_add_the_one_feed_of_a_page(shell: Shell, site: str) -> None:
    result = shell("add", f"{site}/one", *PRIVATE, "--publisher", "Wire", "--tag", "english")
    assert (result.exit_code, "\x1b" in result.output) == (0, False)
    assert shell.file.read_text() == (
        f'# mine\nfeeds:\n  - id: wire-world\n    url: {site}/a.xml\n    publisher: Wire\n    title: "Wire: World"\n'
        "    tags: [english]\n    allow_private: [127.0.0.1]\n"
    )
    again = shell("add", f"{site}/a.xml", *PRIVATE)
    assert (again.exit_code, "already in feeds.yaml as wire-world" in again.stdout) == (0, True)
    assert shell.feeds() == ["wire-world"]


def test_add_where_there_are_several(shell: Shell, site: str) -> None:
    listed = shell("add", f"{site}/two", *PRIVATE)
    assert (listed.exit_code, shell.feeds()) == (2, [])
    assert [line for line in listed.stdout.splitlines() if line[0] != " "] == ["1. Wire: World", "2. Wire: Near"]
    assert listed.stderr == f"2 feeds at {site}/two: name one by its URL, or add --all\n"
    assert shell("add", f"{site}/two", *PRIVATE, "--all").exit_code == 0
    assert shell.feeds() == ["wire-world", "wire-near"]


@pytest.mark.parametrize(
    ("path", "typed", "ids", "asked"),
    [
        ("/two", ["3", "2"], ["wire-near"], "expected numbers from 1 to 2, all or none"),
        ("/two", ["2, 1"], ["wire-near", "wire-world"], "Which? (1-2, several with commas, all, none) [1]: "),
        ("/two", ["none"], [], "Wire: World"),
        ("/one", [""], ["wire-world"], "Add it? [Y/n]: "),
        ("/one", ["n"], [], "Add it? [Y/n]: "),
    ],
)
def test_add_on_a_terminal(shell: Shell, site: str, path: str, typed: list[str], ids: list[str], asked: str) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "monitor", "--config", str(shell.folder), "feeds", "add", site + path, *PRIVATE]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, "".join(f"{line}\n" for line in typed).encode())
        shown = b""
        with suppress(OSError):  # how a terminal says that nobody is there any more
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert (process.returncode, shell.feeds(), asked in shown.decode()) == (0, ids, True), shown.decode()


def test_add_what_is_none(shell: Shell, site: str) -> None:
    nowhere = shell("add", f"{site}/nowhere", *PRIVATE)
    assert (nowhere.exit_code, "404 Not Found; it names no feed" in nowhere.stderr) == (1, True)
    private = shell("add", f"{site}/a.xml")
    assert (private.exit_code, "if it is meant: --allow-private 127.0.0.1" in private.stderr) == (1, True)
    assert shell.file.read_text() == "# mine\nfeeds: []\n"


def test_add_where_nothing_can_be_added(shell: Shell, site: str) -> None:
    shell.file.write_text("{feeds: []}\n")
    result = shell("add", f"{site}/a.xml", *PRIVATE, "--id", "wire", "--publisher", "Wire")
    assert (result.exit_code, shell.file.read_text()) == (2, "{feeds: []}\n")
    assert result.stdout.endswith(
        f'  - id: wire\n    url: {site}/a.xml\n    publisher: Wire\n    title: "Wire: World"\n    allow_private: [127.0.0.1]\n'
    )


OPML = """<opml version="2.0"><body><outline text="World">
<outline text="Well" xmlUrl="https://well.example/rss"/><outline text="Two" xmlUrl="https://two.example/rss"/></outline></body></opml>"""
TWO = "  - id: two\n    url: https://two.example/rss\n    publisher: Two\n    title: Two\n    tags: [World]\n"


def test_import(polled: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.opml"
    file.write_text(OPML)
    printed = polled("import", str(file))
    assert (printed.exit_code, printed.stdout, printed.stderr) == (
        0,
        TWO,
        f"{file}: 2 feeds, 1 of them listed already\n",
    )
    assert polled("import", str(file), "--to", "feeds.yaml").exit_code == 0
    assert polled.feeds() == [*STATES, "two"]
    assert polled("import", str(file), "--to", str(polled.file)).exit_code == 0
    assert polled.feeds() == [*STATES, "two"]


@pytest.mark.parametrize("form", ["opml", "yaml"])
def test_what_is_exported_comes_back(polled: Shell, tmp_path: Path, form: str) -> None:
    before = load(polled.folder, {}).feeds
    file = tmp_path / "out"
    assert polled("export", str(file), "--format", form).exit_code == 0
    assert polled("export", "--format", form).stdout == file.read_text()
    refused = polled("export", str(file), "--format", form)
    assert (refused.exit_code, "--force overwrites" in refused.stderr) == (2, True)
    polled.file.write_text("feeds: []\n" if form == "opml" else file.read_text())
    if form == "opml":
        assert polled("import", str(file), "--to", "feeds.yaml").exit_code == 0
    titles = {"title": "P"} if form == "opml" else {}
    assert load(polled.folder, {}).feeds == tuple(replace(feed, **titles) for feed in before)


CANARY = "c4n4ry-0123456789"
SECRETIVE = """feeds:
  - {id: query, url: "SITE/none?topic=war&key=${KEY}", publisher: P, allow_private: [127.0.0.1]}
  - {id: path, url: "SITE/${KEY}/rss", publisher: P, tags: [a], allow_private: [127.0.0.1]}
  - {id: whole, url: "${WHOLE}", publisher: P, allow_private: [127.0.0.1]}
"""
SPELLED = {"query": "SITE/none?topic=war&key=${KEY}", "path": "SITE/${KEY}/rss", "whole": "${WHOLE}"}


@pytest.fixture
def secretive(shell: Shell, site: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Feeds whose URLs hold what came from variables; one of them has led to a place that says it again."""
    environ = {"KEY": CANARY, "WHOLE": f"{site}/{CANARY}"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    shell.file.write_text(SECRETIVE.replace("SITE", site))
    now = datetime.now(UTC)
    configuration = load(shell.folder, environ)
    store = Store(configuration.settings.database)
    store.write_now(lambda tx: stored.configure(tx, [(feed, "host") for feed in configuration.feeds], now))
    polled = [
        FeedState(
            feed_id=feed.id,
            next_poll_at=now,
            url=feed.url,
            last_poll_at=now,
            last_outcome=Outcome.HTTP_ERROR,
            last_detail="404 Not Found",
            moved_to=f"https://new.example/{CANARY}?key={CANARY}",
        )
        for feed in configuration.feeds
    ]
    store.write_now(lambda tx: stored.put(tx, *polled))
    store.close()
    return shell


@pytest.mark.parametrize(
    "words",
    [
        ("--json",),
        (),
        ("show", "query"),
        ("show", "path"),
        ("show", "whole"),
        ("show", "query", "--json"),
        ("check",),
        ("check", "--json"),
        ("export",),
        ("export", "--format", "yaml"),
    ],
    ids=" ".join,
)
def test_what_came_from_variables_is_shown_nowhere(secretive: Shell, words: tuple[str, ...]) -> None:
    result = secretive(*words)
    assert (CANARY in result.output, "${" in result.output) == (False, True)


def test_json_has_the_urls_as_they_are_spelled(secretive: Shell, site: str) -> None:
    expected = {name: url.replace("SITE", site) for name, url in SPELLED.items()}
    assert {row["id"]: row["url"] for row in secretive.rows("--json")} == expected
    assert {row["id"]: row["url"] for row in secretive.rows("check", "--json")} == expected
    assert {row["id"]: row["moved_to"] for row in secretive.rows("--json")} == {
        "query": "https://new.example/${KEY}?key=${KEY}",
        "path": "https://new.example/${KEY}?key=${KEY}",
        "whole": "https://new.example/…",
    }


@pytest.mark.parametrize("form", ["opml", "yaml"])
def test_what_is_exported_with_variables_comes_back(secretive: Shell, tmp_path: Path, form: str) -> None:
    before = load(secretive.folder, os.environ).feeds
    file = tmp_path / "out"
    assert secretive("export", str(file), "--format", form).stderr == f"3 feeds written to {file}\n"
    secretive.file.write_text("feeds: []\n" if form == "opml" else file.read_text())
    if form == "opml":
        refused = secretive("import", str(file), "--to", "feeds.yaml")
        assert (refused.exit_code, secretive.file.read_text()) == (1, "feeds: []\n")
        assert refused.stderr.count("--variables allows that, in a list of your own") == 3
        assert secretive("import", str(file), "--to", "feeds.yaml", "--variables").exit_code == 0
        again = secretive("import", str(file), "--to", "feeds.yaml", "--variables")
        assert (again.exit_code, again.stderr) == (0, f"{file}: 3 feeds, 3 of them listed already\n")
    urls = {(feed.id, feed.url, feed.written) for feed in load(secretive.folder, os.environ).feeds}
    assert urls == {(feed.id, feed.url, feed.written) for feed in before}


def test_a_key_in_the_file_itself_is_not_exported_and_what_lacks_it_is_not_imported(
    shell: Shell, tmp_path: Path
) -> None:
    shell.file.write_text(f"feeds: [{{id: a, url: 'https://a.example/?n=1&key={CANARY}', publisher: A}}]\n")
    file = tmp_path / "out.opml"
    exported = shell("export", str(file))
    assert (exported.exit_code, CANARY in file.read_text(), "n=1&amp;key=***" in file.read_text()) == (0, False, True)
    assert exported.stderr.startswith("a: *** stands for a key in its URL; `${NAME}` in feeds.yaml")
    shell.file.write_text("feeds: []\n")
    refused = shell("import", str(file), "--to", "feeds.yaml", "--variables")
    assert (refused.exit_code, "add this feed by hand" in refused.stderr, shell.feeds()) == (1, True, [])


def test_a_list_of_somebody_else_names_no_variable_of_this_machine(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "theirs.opml"
    file.write_text(
        '<opml><body><outline text="Evil" xmlUrl="https://evil.example/${DESK_SECRET}"/></body></opml>', "utf-8"
    )
    refused = shell("import", str(file))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1] == f"{file}: 1 feed, 1 left out"
