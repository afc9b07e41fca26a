"""The commands as a person types them, on a folder made by `init` and a store that holds one alert."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from sqlalchemy import update
from typer.testing import CliRunner, Result

from monitor.adapters.store import deliveries, feeds, tables
from monitor.adapters.store.books import StoreLedger
from monitor.adapters.store.open import Store
from monitor.cli.main import app
from monitor.config import load
from monitor.loops.process import Rules, ingest
from monitor.model.delivery import Answer, Attempt, Death, DeliveryState, ReceiverState, Verdict
from monitor.model.ids import ReceiverId
from monitor.model.item import Item, Parsed
from monitor.model.poll import Outcome, PollResult
from monitor.steps.match import compile_topics

LINK = "https://feeds.bbci.co.uk/news/minerals-1"
VERBS = [
    "init",
    "run",
    "check",
    "demo",
    "try",
    "explain",
    "topics",
    "feeds",
    "alerts",
    "backtest",
    "evaluate",
    "deliveries",
    "test-receiver",
    "healthcheck",
]
FEED_VERBS = ("list", "show", "check", "add", "import", "export", "pause", "resume")


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def luck(self) -> float:
        return 0.0

    def token(self) -> str:
        return "token"


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.delivery = ""
        self.alert = ""

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.folder), *words])

    def lines(self, *words: str) -> list[dict[str, object]]:
        result = self(*words)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path / "config")
    assert made("init").exit_code == 0
    return made


@pytest.fixture
def told(shell: Shell) -> Shell:
    """One feed polled twice: an alert, and its delivery given up."""
    configuration = load(shell.folder, {})
    store = Store(configuration.settings.database)
    feed, now = configuration.feeds[0], datetime.now(UTC)
    store.write_now(lambda tx: feeds.configure(tx, [(each, each.id) for each in configuration.feeds], now))
    rules = Rules(
        topics=compile_topics(configuration.topics, configuration.entities),
        by_id={topic.id: topic for topic in configuration.topics},
        routes=configuration.routes,
        late_after=timedelta(hours=24),
        instance="test",
    )
    news = Item(guid="1", link=LINK, title="US presses Ukraine to sign \x1b[31m minerals deal", summary="Terms.")
    for listed in ((Item(guid="0", link=LINK + "0", title="Weather"),), (news,)):
        before = store.read_now(lambda tx: feeds.get(tx, feed.id))
        assert before is not None
        result = PollResult(outcome=Outcome.NEW, detail="200 OK", at=now, status=200)
        store.write_now(
            lambda tx, b=before, r=result, entries=listed: ingest(
                StoreLedger(tx), feed, b, r, Parsed(kind="rss20", items=entries), rules, Clock()
            )
        )
    receiver = ReceiverId("console")
    (delivery,) = store.write_now(lambda tx: deliveries.claim(tx, now, now + timedelta(seconds=60), "t", {receiver: 5}))
    dead = Verdict(state=DeliveryState.DEAD, death=Death.EXPIRED)
    answer = Answer(outcome=Attempt.HTTP_5XX, status=500, detail="500 Internal Server Error")
    state = ReceiverState(receiver_id=receiver)
    store.write_now(lambda tx: deliveries.settle(tx, delivery, answer, dead, state, release=False, now=now))
    store.close()
    shell.delivery, shell.alert = delivery.id, delivery.alert.id
    return shell


@pytest.mark.parametrize("verb", [*VERBS, *(f"feeds {verb}" for verb in FEED_VERBS)])
def test_every_command_can_be_learnt(verb: str) -> None:
    result = CliRunner().invoke(app, [*verb.split(), "--help"])
    assert (result.exit_code, "newsmon" in result.output or "Usage" in result.output) == (0, True)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, monitor.cli.main; print(sorted({'aiohttp','sqlalchemy','lark','pydantic','feedparser'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_init_refuses_to_overwrite(shell: Shell) -> None:
    before = (shell.folder / "feeds.yaml").read_bytes()
    result = shell("init")
    assert (result.exit_code, "already there" in result.output, "--force" in result.output) == (2, True, True)
    assert (shell.folder / "feeds.yaml").read_bytes() == before
    assert shell("init", "--force").exit_code == 0


def test_init_asks_for_a_contact(tmp_path: Path) -> None:
    def init(name: str, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(tmp_path / name), "init", *words])

    hint = f"write `contact:` with a page or mail address of yours in {tmp_path / 'a' / 'settings.yaml'}"
    assert hint in init("a").stderr
    named = init("b", "--contact", "desk@news.example")
    assert (named.exit_code, "Polite" in named.stderr) == (0, False)
    assert load(tmp_path / "b", {}).settings.poll.contact == "desk@news.example"
    refused = init("c", "--contact", "the desk")
    assert (refused.exit_code, "or a mail address such as" in refused.stderr, (tmp_path / "c").exists()) == (
        2,
        True,
        False,
    )


def test_check_is_content_with_what_init_wrote(shell: Shell) -> None:
    assert shell("check", "--offline").exit_code == 0


@pytest.mark.parametrize("verb", ["run", "check", "topics", "feeds", "alerts"])
def test_a_bad_configuration_starts_nothing(shell: Shell, verb: str) -> None:
    path = shell.folder / "feeds.yaml"
    path.write_text(path.read_text().replace("interval:", "intervall:", 1))
    result = shell(verb)
    assert result.exit_code == 2
    assert "intervall: unknown key; did you mean `interval`?" in result.output
    assert list(shell.folder.glob("*.sqlite*")) == []


@pytest.mark.parametrize("words", [("feeds",), ("alerts",), ("deliveries", "list"), ("explain", LINK)])
def test_without_a_database_it_says_what_to_do(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell(*words)
    assert (result.exit_code, "start `newsmon run` first" in result.output) == (1, True)


def test_topics_with_and_without_a_database(shell: Shell, request: pytest.FixtureRequest) -> None:
    assert {row["matches_7d"] for row in shell.lines("topics", "--json")} == {0}
    told: Shell = request.getfixturevalue("told")
    assert {row["id"]: row["matches_7d"] for row in told.lines("topics", "--json")}["minerals-deal"] == 1
    assert "minerals-deal" in told("topics").output


def test_feeds(told: Shell) -> None:
    rows = told.lines("feeds", "--json")
    assert rows[0]["last_success_at"] is not None
    assert {row["state"] for row in rows[1:]} == {"waiting"}
    assert "waiting" in told("feeds").output


def test_alerts(told: Shell) -> None:
    (row,) = told.lines("alerts", "--json", "--since", "1h", "--topic", "minerals-deal")
    assert row["id"] == told.alert
    assert told.lines("alerts", "--json", "--topic", "air-attacks") == []
    assert "\x1b" not in told("alerts").output
    assert told("alerts", "--since", "soon").exit_code == 2


def test_deliveries(told: Shell) -> None:
    (row,) = told.lines("deliveries", "list", "--json", "--state", "dead")
    assert (row["id"], row["death"], row["sequence"]) == (told.delivery, "expired", 1)
    assert told.lines("deliveries", "list", "--json", "--receiver", "nobody") == []
    assert told("deliveries", "list", "--state", "lost").exit_code == 2
    shown = told("deliveries", "show", told.delivery).output
    assert "500 Internal Server Error" in shown
    assert told("deliveries", "show", "msg_0").exit_code == 1


def test_a_dead_delivery_is_replayed(told: Shell) -> None:
    assert "is sent again" in told("deliveries", "replay", told.delivery).output
    (row,) = told.lines("deliveries", "list", "--json")
    assert (row["state"], row["attempts"], row["sequence"]) == ("pending", 0, 1)
    assert told("deliveries", "replay", "msg_0").exit_code == 1


def test_explain_by_link_alert_and_delivery(told: Shell) -> None:
    for word in (LINK + "?utm_source=x", told.alert, told.delivery):
        (row,) = told.lines("explain", word, "--json")
        matches, sent = row["matches"], row["deliveries"]
        assert isinstance(matches, list)
        assert isinstance(sent, list)
        assert [each["topic"] for each in matches] == ["minerals-deal"]
        assert [each["id"] for each in sent] == [told.delivery]
    output = told("explain", LINK).output
    assert "\x1b" not in output
    lines = output.splitlines()
    today = lines[lines.index("  What today's topics say:") + 1 :]
    others = [line.split()[:3] for line in today if line.startswith("    ✗")]
    assert (today[0].split(), [each[2] for each in others]) == (["✓", "minerals-deal", "HIGH"], ["no:"] * len(others))
    assert {"minerals-deal", *(each[1] for each in others)} == {row["id"] for row in told.lines("topics", "--json")}
    more = told("explain", LINK, "-v").output.splitlines()
    assert (set(lines) < set(more), len(more) > len(lines) + 10) == (True, True)


def test_explain_for_programs_has_every_clause(told: Shell) -> None:
    (row,) = told.lines("explain", LINK, "--json")
    today = {each["topic"]: each for each in row["today"]}  # type: ignore[attr-defined]
    assert [topic for topic, each in today.items() if each["matches"]] == ["minerals-deal"]
    clauses = today["minerals-deal"]["clauses"]
    assert set(clauses) == {"clause", "kind", "holds", "why", "spans", "children"}
    assert (clauses["holds"], clauses["why"], any("minerals" in span["text"].lower() for span in clauses["spans"])) == (
        True,
        "holds",
        True,
    )


def test_explain_says_what_escalated(told: Shell) -> None:
    topics = next((told.folder / "topics").glob("*.yaml"))
    louder = "    escalate:\n      - {query: sign NEAR/4 deal, severity: critical}\n"
    before, mark, after = topics.read_text().partition("    title: The US-Ukraine minerals deal\n")
    assert mark
    topics.write_text(before + mark + after.replace("    escalate:\n", louder, 1))
    output = told("explain", LINK).output
    assert (
        output.count("minerals-deal  CRITICAL, escalated from high because sign NEAR/4 deal") == 1
    )  # by today's topics; it was not so then
    store = Store(load(told.folder, {}).settings.database)
    change = {"severity": "critical", "escalation": "an older clause"}
    store.write_now(lambda tx: tx.execute(update(tables.matches).values(change)))
    store.close()
    (row,) = told.lines("explain", LINK, "--json")
    (matched,) = row["matches"]  # type: ignore[misc]
    assert (matched["severity"], matched["escalation"]) == ("critical", "an older clause")
    assert "critical, escalated from high because an older clause" in told("explain", LINK).output
    topics.write_text(topics.read_text().replace("severity: high", "severity: critical"))
    assert "critical, escalated because an older clause" in told("explain", LINK).output


def test_explain_an_unseen_link_tells_of_its_feeds(told: Shell) -> None:
    result = told("explain", "https://www.bbc.co.uk/nobody/saw/this")
    assert (result.exit_code, "No feed has listed" in result.output) == (1, True)
    feed = load(told.folder, {}).feeds[0]
    result = told("explain", feed.url.rsplit("/", 1)[0] + "/unseen-article")
    assert (result.exit_code, feed.id in result.output) == (1, True)


def test_explain_shows_no_key_of_a_feed(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_KEY", "c4n4ry-0123456789")
    file = told.folder / "feeds.yaml"
    file.write_text("feeds: [{id: wire, url: 'https://wire.example/rss?k=${FEED_KEY}', publisher: Wire}]\n")
    result = told("explain", "https://wire.example/unseen", "--json")
    assert (json.loads(result.stdout)["feeds"][0]["url"], "c4n4ry" in result.output) == (
        "https://wire.example/rss?k=${FEED_KEY}",
        False,
    )


def test_test_receiver(told: Shell) -> None:
    result = told("test-receiver", "console")
    assert (result.exit_code, result.stdout.startswith("console: ok")) == (0, True)
    assert told("test-receiver", "nobody").exit_code == 2


def test_a_receiver_on_a_port_that_it_names_is_asked_there(shell: Shell) -> None:
    (shell.folder / "alerts.yaml").write_text(
        "receivers:\n  - id: desk\n    webhook: {url: http://127.0.0.1:1/hook, secret_file: secrets/desk}\n"
        "    allow_private: [127.0.0.1]\n    allow_ports: [1]\nroutes: [{receiver: desk}]\n"
    )
    result = shell("test-receiver", "desk")
    assert (result.exit_code, "the connection was refused" in result.output) == (1, True), result.output


def test_healthcheck_of_nobody(shell: Shell) -> None:
    settings = shell.folder / "settings.yaml"
    settings.write_text(settings.read_text().replace("127.0.0.1:8787", "127.0.0.1:1"))
    assert shell("healthcheck").exit_code in {1, 2}


FEED = """<rss version="2.0"><channel><title>Wire</title>
<item><title>US presses Ukraine to sign minerals deal</title><link>https://w.example/1</link></item>
<item><title>Weather</title><link>https://w.example/2</link></item></channel></rss>"""


def test_try_prints_json_lines_only_and_stores_nothing(tmp_path: Path) -> None:
    sources = tmp_path / "feeds"
    sources.mkdir()
    (sources / "a.xml").write_text(FEED)
    (sources / "b.xml").write_text(FEED)
    (sources / "broken.xml").write_text("<html><body>Log in</body></html>")

    def newsmon(*words: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "NO_COLOR": "1"}
        command = [sys.executable, "-m", "monitor", "try", str(sources), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environ)

    done = newsmon("--json", "--all")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(row["source"]).name, row["link"][-1], [each["topic"] for each in row["topics"]]) for row in rows] == [
        (name, number, topics)
        for name in ("a.xml", "b.xml")
        for number, topics in (("1", ["minerals-deal"]), ("2", []))
    ]
    assert set(rows[0]) == {"source", "id", "title", "link", "published", "topics"}
    assert (done.returncode, "broken.xml" in done.stderr) == (1, True)
    assert len(newsmon("--json").stdout.splitlines()) == 2
    shown = newsmon().stdout
    assert ("2 entries" in shown, "minerals-deal because" in shown) == (True, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds"]


LONG = "x" * 200
WIDE_FEED = FEED.replace("Weather", f"Weather {LONG}").replace("w.example/1", f"w.example/{LONG}")
SHOWN = [
    ("try", "SOURCE", "--all"),
    ("try", "SOURCE", "--all", "-v"),
    ("explain", LINK, "-v"),
    ("topics",),
    ("alerts",),
    ("feeds",),
    ("feeds", "show", "bbc-world"),
]


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_lines_fit_the_terminal_and_are_not_filled_up_in_a_pipe(told: Shell, words: tuple[str, ...]) -> None:
    source = told.folder / "wide.xml"
    source.write_text(WIDE_FEED)
    (told.folder / "topics" / "long.yaml").write_text(
        f"topics: [{{id: long, title: {LONG}, query: minerals OR {LONG}}}]\n"
    )
    command = ["--config", str(told.folder), *(str(source) if word == "SOURCE" else word for word in words)]
    for columns in (80, 120):
        terminal = {"FORCE_COLOR": "1", "COLUMNS": str(columns), "TERM": "xterm"}
        shown = CliRunner().invoke(app, command, env=terminal).stdout
        lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
        assert ([line for line in lines if cell_len(line) > columns], len(lines) > 1) == ([], True)
    piped = CliRunner().invoke(app, command).stdout
    assert [line for line in piped.splitlines() if line.endswith(" ")] == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_is_json_whatever_the_terminal_can_show(tmp_path: Path, encoding: str) -> None:
    title = "Zelensky à Paris: Зеленський, \u201cpeace talks\u201d \ud800"
    news = tmp_path / "news.jsonl"
    news.write_text(json.dumps({"title": title}) + "\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "monitor", "backtest", "draft", str(news), "--query", "Зеленськ* OR été", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    told = json.loads(run.stdout.decode(encoding))
    assert (told["query"], told["alerts"]) == ("Зеленськ* OR été", 1)


def test_try_shows_what_escalates_and_who_is_told_then(shell: Shell) -> None:
    source = shell.folder / "wire.xml"
    source.write_text(FEED)
    (shell.folder / "topics").mkdir(exist_ok=True)
    for file in (shell.folder / "topics").glob("*.yaml"):
        file.unlink()
    (shell.folder / "topics" / "a.yaml").write_text(
        "topics:\n  - id: minerals\n    title: Minerals\n    severity: low\n    query: minerals\n"
        "    escalate:\n      - {query: sign NEAR/3 deal, severity: critical}\n"
    )
    (shell.folder / "alerts.yaml").write_text(
        "receivers: [{id: siren, log: {}}]\nroutes: [{receiver: siren, severities: [critical]}]\n"
    )
    shown = shell("try", str(source)).stdout
    assert "CRITICAL" in shown
    assert "minerals because minerals  ← …Ukraine to sign *minerals* deal → siren" in shown
    assert "critical, escalated from low because sign NEAR/3 deal" in shown
    (row,) = shell.lines("try", str(source), "--json")
    (topic,) = row["topics"]  # type: ignore[misc]
    assert (topic["severity"], topic["escalation"], topic["clause"]) == ("critical", "sign NEAR/3 deal", "minerals")


def test_try_tells_clause_by_clause(shell: Shell) -> None:
    source = shell.folder / "wire.xml"
    source.write_text(FEED)
    for file in (shell.folder / "topics").glob("*.yaml"):
        file.unlink()
    (shell.folder / "topics" / "a.yaml").write_text(
        "topics:\n"
        "  - {id: minerals, title: Minerals, query: ukraine AND minerals NEAR/2 deal}\n"
        "  - {id: rain, title: Rain, query: weather AND (rain OR snow)}\n"
        "  - {id: peace, title: Peace, query: peace}\n"
    )
    shown = shell("try", str(source), "--all", "-v", "--topic", "minerals", "--topic", "rain").stdout
    assert [line.strip() for line in shown.splitlines()][1:] == [
        "MEDIUM US presses *Ukraine* to sign *minerals* *deal*",
        "Wire · undated · https://w.example/1",
        "minerals → console",
        "✓ ukraine AND minerals NEAR/2 deal",
        "✓ ukraine  ← US presses *Ukraine* to sign minerals deal",
        "✓ minerals NEAR/2 deal",
        "✓ minerals  ← …Ukraine to sign *minerals* deal",
        "✓ deal  ← …to sign minerals *deal*",
        "· Weather",
        "✗ minerals  no: missing ukraine, minerals and deal",
        "✗ rain  no: missing (rain OR snow)",
        "",
        "2 entries, 1 would alert: minerals 1",
    ]
    assert "clauses" not in shell.lines("try", str(source), "--json")[0]["topics"][0]  # type: ignore[index]
    (row,) = shell.lines("try", str(source), "--json", "-v", "--topic", "minerals")
    assert row["topics"][0]["clauses"]["holds"] is True  # type: ignore[index]
    refused = shell("try", str(source), "--topic", "mineral")
    assert (refused.exit_code, "there is no topic `mineral`; did you mean `minerals`?" in refused.output) == (2, True)
