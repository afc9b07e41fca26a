"""`newsmon backtest` as a person types it: on files, and on a store that is filled as the daemon fills it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.adapters.store import items
from monitor.adapters.store.lock import RunLock
from monitor.adapters.store.open import Store
from monitor.cli.backtested import bars_of
from monitor.cli.explain import _TOLD
from monitor.cli.main import app
from monitor.config import load
from monitor.model.alert import Decision
from monitor.model.ids import FeedId, ItemId
from monitor.model.item import Item, StoredItem
from monitor.ports import Sighting
from monitor.steps.dedupe import keys_of

PEACE = "Ukraine and Russia begin peace talks"
LINES = [
    {"title": PEACE, "link": "https://a.example/1", "published": "2025-02-24T09:00:00Z", "publisher": "Wire"},
    {"title": "Kyiv: an airlift", "summary": "An <b>airlift</b> began.", "published": "2025-02-25T09:00:00Z"},
    {"title": "Rain", "published": "2025-02-25T10:00:00Z"},
    {"title": "Airlift to Odesa"},
]
FEED = FeedId("wire")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    assert CliRunner().invoke(app, ["--config", str(made), "init"]).exit_code == 0
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


@pytest.fixture
def database(folder: Path) -> Path:
    """Twelve items about the talks in as many hours, one of 20 and one of 40 days ago, and the weather."""
    path = load(folder, {}).settings.database
    store, now = Store(path), datetime.now(UTC)
    ages = [*(timedelta(hours=hour) for hour in range(12)), timedelta(days=20), timedelta(days=40)]
    past = [(f"{PEACE} again {number}", age) for number, age in enumerate(ages)] + [("Rain", timedelta(hours=1))]
    sightings = []
    for number, (title, age) in enumerate(past):
        item = Item(guid=str(number), title=title, link=f"https://wire.example/{number}")
        kept = StoredItem(
            id=ItemId(f"item{number:02}"), feed_id=FEED, publisher="Wire", item=item, first_seen=now - age
        )
        sightings.append(Sighting(stored=kept, keys=keys_of(item, "Wire"), is_new=True, words_changed=False))
    store.write_now(lambda tx: items.write(tx, FEED, sightings, now))
    store.close()
    return path


def newsmon(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(folder), "backtest", *words])


def told(folder: Path, *words: str) -> dict[str, Any]:
    result = newsmon(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def rows(folder: Path) -> list[dict[str, Any]]:
    words = ["--config", str(folder), "deliveries", "list", "--json"]
    return [json.loads(line) for line in CliRunner().invoke(app, words).stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("peace-talk",), 2, "there is no topic `peace-talk`; did you mean `peace-talks`?"),
        (("peace-talks", "--query", "a", "--config", "x"), 2, "--query and --config are two different changes"),
        (("peace-talks", "--query", "peace talks)"), 2, "line 1, column 12: “)” closes no bracket\n  peace talks)\n             ^"),
        (("peace-talks", "--query", "talks NEAR/4 @kiyv"), 2, "line 1, column 14"),
        (("peace-talks", "--config", "nowhere"), 2, "nowhere: there is no such folder"),
        (("peace-talks", "--deliver", "--query", "deal"), 2, "put the change into the configuration first"),
        (("peace-talks", "--deliver", "--config", "x"), 2, "put the change into the configuration first"),
        (("peace-talks", "--deliver", "x.jsonl"), 2, "--deliver is for what the store holds, not for files"),
        (("peace-talks", "https://a.example/rss"), 2, "`newsmon try` reads a feed's address"),
        (("peace-talks", "--since", "soon"), 2, "expected a span of time such as 90m, 24h or 7d"),
        (("peace-talks", "--since", "999999w"), 2, "expected a span of time such as 90m, 24h or 7d"),
        (("peace-talks",), 1, "or give files to read: `newsmon backtest peace-talks items.jsonl`"),
    ],
)  # fmt: skip
def test_refusals(folder: Path, words: tuple[str, ...], code: int, message: str) -> None:
    result = newsmon(folder, *words)
    assert (result.exit_code, result.stdout, message in result.stderr) == (code, "", True), result.stderr
    assert list(folder.glob("*.sqlite*")) == []


def test_the_live_topic_over_files(folder: Path, archive: Path) -> None:
    found = told(folder, "peace-talks", str(archive))
    assert set(found) == {
        "topic", "title", "version", "query", "source", "since", "items", "undated", "repeats", "bad_lines", "unread_files",
        "first", "last", "days", "alerts", "alerts_undated", "alerts_a_day", "busiest_day", "by_day", "by_severity",
        "live", "difference", "alerting_items", "queued",
    }  # fmt: skip
    assert (found["source"], found["since"], found["items"], found["undated"], found["days"]) == (
        "files",
        None,
        4,
        1,
        1.042,
    )
    assert (found["alerts"], found["busiest_day"]) == (1, {"day": "2025-02-24", "alerts": 1})
    assert (found["difference"], found["queued"], found["live"]["alerts"]) == (None, None, 1)
    (item,) = found["alerting_items"]
    assert set(item) == {
        "id", "title", "link", "publisher", "feed", "published", "first_seen", "severity", "clause", "spans", "missing",
    }  # fmt: skip
    assert (item["id"], item["title"], item["publisher"], item["published"]) == (
        None,
        PEACE,
        "Wire",
        "2025-02-24T09:00:00.000Z",
    )
    assert {span["text"] for span in item["spans"]} == {"Ukraine", "Russia", "peace talks"}


def test_a_changed_query_over_files(folder: Path, archive: Path) -> None:
    found = told(folder, "peace-talks", str(archive), "--query", "airlift*")
    difference = found["difference"]
    assert (found["alerts"], found["alerts_undated"], found["live"]["alerts"]) == (2, 1, 1)
    assert (difference["added"], difference["removed"]) == (2, 1)
    assert [item["title"] for item in difference["added_items"]] == ["Kyiv: an airlift", "Airlift to Odesa"]
    assert [(item["title"], item["missing"]) for item in difference["removed_items"]] == [(PEACE, "missing airlift*")]
    assert found["live"]["version"] != found["version"]
    shown = newsmon(folder, "peace-talks", str(archive), "--query", "airlift*").stdout
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines[:11] == [
        "+2 only the changed version matches",
        "+ Kyiv: an *airlift*",
        "  2025-02-25 09:00 UTC",
        "  An *airlift* began.",
        "+ *Airlift* to Odesa",
        "  undated",
        "",
        "-1 only the live version matches",
        f"- {PEACE}",
        "  Wire · 2025-02-24 09:00 UTC",
        "  missing airlift*",
    ]
    assert lines[-4:] == [
        "4 items of 1 file · 2025-02-24 to 2025-02-25 · 1 undated",
        "peace-talks live     1 alert, 0.96 a day, busiest 2025-02-24 with 1",
        "peace-talks changed  2 alerts, 1 undated, 0.96 a day, busiest 2025-02-25 with 1",
        "+2 / -1",
    ]


def test_lists_are_cut_and_counts_are_full(folder: Path, archive: Path) -> None:
    found = told(folder, "peace-talks", str(archive), "--query", "airlift*", "--limit", "1")["difference"]
    assert (found["added"], len(found["added_items"])) == (2, 1)
    shown = newsmon(folder, "peace-talks", str(archive), "--query", "airlift*", "--limit", "1").stdout
    assert "… and 1 more (--limit 2 shows all)" in shown


def test_a_topic_as_another_folder_words_it(folder: Path, archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert CliRunner().invoke(app, ["--config", str(other), "init"]).exit_code == 0
    for file in (other / "topics").glob("*.yaml"):
        file.unlink()
    (other / "topics/mine.yaml").write_text(
        "entities: {lift: [airlift]}\ntopics:\n"
        "  - {id: peace-talks, title: Talks, query: '@lift'}\n  - {id: lifts, title: Lifts, query: '@lift'}\n"
    )
    found = told(folder, "peace-talks", str(archive), "--config", str(other))
    assert (found["query"], found["title"], found["by_severity"]) == ("@lift", "Talks", {"medium": 2})
    assert (found["difference"]["added"], found["difference"]["removed"]) == (2, 1)
    drafted = told(folder, "lifts", str(archive), "--config", str(other))
    assert (drafted["alerts"], drafted["live"], drafted["difference"]) == (2, None, None)
    missing = newsmon(folder, "minerals-deal", str(archive), "--config", str(other))
    assert (missing.exit_code, f"{other} has no topic `minerals-deal`" in missing.stderr) == (2, True)


def test_a_draft_has_nothing_to_compare_with(folder: Path, archive: Path) -> None:
    result = newsmon(folder, "lifts", str(archive), "--query", "airlift*", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["topic"], found["alerts"], found["live"], found["difference"]) == (
        0,
        "lifts",
        2,
        None,
        None,
    )
    assert "there is no topic `lifts`" in result.stderr
    assert "So this is a draft, and there is nothing to compare it with." in result.stderr


def test_bad_lines_are_told_and_counted_and_a_lost_file_is_a_problem(
    folder: Path, archive: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{\n" * 30 + json.dumps(LINES[0]))
    result = newsmon(folder, "peace-talks", str(archive), str(broken))
    assert (result.exit_code, result.stderr.count(f"{broken}:")) == (0, 20)
    assert result.stderr.splitlines()[0].startswith(f"{broken}:1: expected a JSON object")
    assert result.stderr.splitlines()[-1] == "30 lines could not be read."
    assert "1 repeat of the same link or text not counted · 30 lines left out" in result.stdout
    result = newsmon(folder, "peace-talks", str(archive), str(tmp_path / "gone.xml"), "--json")
    assert (result.exit_code, json.loads(result.stdout)["unread_files"], json.loads(result.stdout)["alerts"]) == (
        1,
        1,
        1,
    )
    assert f"{tmp_path / 'gone.xml'}: No such file or directory" in result.stderr


def test_since_of_files(folder: Path, archive: Path) -> None:
    assert told(folder, "peace-talks", str(archive), "--since", "1d")["items"] == 1  # the undated one


def test_feeds_are_read_by_the_pool_as_try_reads_them(tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds/a.xml").write_text(
        f'<rss version="2.0"><channel><title>Wire</title><item><title>{PEACE}</title></item></channel></rss>'
    )
    command = [sys.executable, "-m", "monitor", "backtest", "peace-talks", "feeds", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ})
    found = json.loads(done.stdout)
    assert (done.returncode, found["items"], found["alerts"]) == (0, 1, 1)
    assert found["alerting_items"][0]["publisher"] == "Wire"
    assert "these are the shipped topics" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds"]


def test_without_a_folder_there_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["backtest", "peace-talks"])
    assert (result.exit_code, "there is no configuration folder `config`" in result.stderr) == (1, True)


def test_the_store_and_since(folder: Path, database: Path) -> None:
    found = told(folder, "peace-talks")
    assert (found["source"], found["items"], found["alerts"], found["undated"]) == ("store", 14, 13, 0)
    assert found["alerting_items"][0]["id"] == "item00"
    assert found["alerting_items"][-1]["id"] == "item12"
    assert told(folder, "peace-talks", "--since", "7d")["alerts"] == 12
    assert told(folder, "peace-talks", "--since", "8w")["alerts"] == 14
    assert rows(folder) == []


def test_deliver_queues_what_was_never_told(folder: Path, database: Path) -> None:
    with RunLock(database) as lock:  # a daemon runs
        lock.take(datetime.now(UTC))
        daemon = Store(database)
        result = newsmon(folder, "peace-talks", "--since", "7d", "--deliver")
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[-1] == "12 items in 2 alerts queued for console"
        daemon.close()
    queued = rows(folder)
    assert sorted((row["sequence"], row["receiver"], row["state"]) for row in queued) == [
        (1, "console", "pending"),
        (2, "console", "pending"),
    ]
    again = newsmon(folder, "peace-talks", "--since", "7d", "--deliver")
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "nothing queued: all of it was decided about before")
    assert rows(folder) == queued
    more = told(folder, "peace-talks", "--deliver")
    assert more["queued"] == {"alerts": [{"receivers": ["console"], "items": 1, "alerts": 1}], "unrouted": {}}
    assert (
        "alerted by a backtest, in a batch"
        in CliRunner().invoke(app, ["--config", str(folder), "explain", "item03"]).stdout
    )


def test_deliver_without_a_route(folder: Path, database: Path) -> None:
    alerts = folder / "alerts.yaml"
    alerts.write_text(
        alerts.read_text().split("\nroutes:")[0] + "\nroutes: [{receiver: console, severities: [info]}]\n"
    )
    result = newsmon(folder, "peace-talks", "--deliver")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no route takes peace-talks at severity high or critical: add one to alerts.yaml" in result.stderr
    assert rows(folder) == []


def test_every_decision_is_told_in_words() -> None:
    assert set(_TOLD) == {decision.value for decision in Decision}


def test_bars() -> None:
    day = datetime(2025, 1, 30, tzinfo=UTC).date()
    assert bars_of({}) == []
    assert bars_of({day: 2, day + timedelta(days=2): 1}) == [("2025-01-30", 2), ("2025-01-31", 0), ("2025-02-01", 1)]
    assert bars_of({day: 2, day + timedelta(days=2): 1, day + timedelta(days=90): 4}) == [
        ("2025-01", 2),
        ("2025-02", 1),
        ("2025-04", 4),
    ]
