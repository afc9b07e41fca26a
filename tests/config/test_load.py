"""A whole configuration and the value that it means; what is assumed where it says nothing; what it is warned about."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.model.alert import Operations, Route
from monitor.model.delivery import Receiver, ReceiverKind
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.secret import Secret
from monitor.model.settings import (
    Configuration,
    DeliverySettings,
    HeartbeatSettings,
    Listen,
    PollSettings,
    RetentionSettings,
    Settings,
)
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Escalation, Topic
from monitor.steps.match import query_version

Write = Callable[[Mapping[str, str | bytes | None]], Path]


NEW = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3"
OLD = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"

EVERYTHING = {
    "settings.yaml": """
instance: ${CITY} desk
public_url: https://news.example.org
database: data/news.sqlite
web: {listen: "[::1]:0"}
metrics: {listen: 0.0.0.0:9787}
logs: {level: debug, format: json}
alerts: {late_after: 1h30m}
poll: {concurrency: 4, parse_workers: 1, user_agent: desk/1, contact: desk@example.org}
delivery: {schedule: [100ms, 1d], lease: 20s, concurrency: 2, interval: 50ms, drain: 0s}
retention: {items: 10d, keys: 11d, delivered: 12d, dead: 13d}
heartbeat: {url: "https://hc.example.org/ping/${TOKEN}", every: 90s, allow_private: [10.0.0.0/8]}
""",
    "feeds.yaml": """
defaults: {interval: 20m, first_poll: {recent: 3h}, timeout: 5s}
feeds:
  - {id: no, url: "http://127.0.0.1:8080/feed?token=${TOKEN}", publisher: Ja, lang: pt-BR, allow_private: [127.0.0.1, Feeds.Internal, "fd00::/8"]}
  - id: "12"
    url: https://zwölf.example/rss
    publisher: on
    title: 12:30
    tags: [2025-02-24, news]
    interval: 90s
    timeout: 1s
    first_poll: all
    aggregator: true
""",
    "topics/a.yaml": """
topics:
  - id: alliance
    title: The alliance
    severity: high
    description: Who may join.
    query: >
      @nato
      summit
    escalate:
      - {query: "title:@nato", severity: critical}
      - {query: emergency, severity: high}
""",
    "topics/b.yml": "entities: {nato: [NATO, НАТО]}\n",
    "topics/day.yaml": None,
    "topics/notes.txt": "not read",
    "alerts.yaml": """
receivers:
  - id: desk
    webhook:
      url: https://10.0.0.7:81/in
      secret: ${NEW}
      previous_secret_file: secrets/desk
      headers: {Authorization: "Bearer $${x} ${TOKEN}"}
      timeout: 2s
    allow_private: [10.0.0.0/24]
    allow_ports: [81]
  - {id: console, log: {}}
routes:
  - {receiver: desk, severities: [high, critical], topics: [alliance]}
  - {receiver: console}
operations: {receiver: console, fallback: desk}
""",
    "secrets/desk": f"{OLD}\r\n",
}


LOUDER = Escalation(query="title:@nato", severity=Severity.CRITICAL)


def test_everything(write: Write) -> None:
    folder = write(EVERYTHING)
    nato = Entity(name="nato", spellings=("NATO", "НАТО"))
    assert load(folder, {"CITY": "Kyiv", "TOKEN": "t0k", "NEW": NEW}) == Configuration(
        folder=folder,
        settings=Settings(
            database=folder / "data/news.sqlite",
            listen=Listen(host="::1", port=0),
            metrics_listen=Listen(host="0.0.0.0", port=9787),
            instance="Kyiv desk",
            public_url="https://news.example.org",
            log_level="debug",
            log_format="json",
            late_after=timedelta(hours=1, minutes=30),
            drain=timedelta(),
            poll=PollSettings(concurrency=4, parse_workers=1, user_agent="desk/1", contact="desk@example.org"),
            delivery=DeliverySettings(
                schedule=(timedelta(milliseconds=100), timedelta(days=1)),
                lease=timedelta(seconds=20),
                concurrency=2,
                interval=timedelta(milliseconds=50),
            ),
            retention=RetentionSettings(
                items=timedelta(days=10),
                keys=timedelta(days=11),
                delivered=timedelta(days=12),
                dead=timedelta(days=13),
            ),
            heartbeat=HeartbeatSettings(
                url=Secret("https://hc.example.org/ping/t0k"),
                every=timedelta(seconds=90),
                allow_private=("10.0.0.0/8",),
            ),
        ),
        feeds=(
            Feed(
                id=FeedId("no"),
                url="http://127.0.0.1:8080/feed?token=t0k",
                written="http://127.0.0.1:8080/feed?token=${TOKEN}",
                publisher="Ja",
                lang="pt-BR",
                interval=timedelta(minutes=20),
                timeout=timedelta(seconds=5),
                first_poll=FirstPoll.RECENT,
                first_poll_recent=timedelta(hours=3),
                allow_private=("127.0.0.1/32", "feeds.internal", "fd00::/8"),
            ),
            Feed(
                id=FeedId("12"),
                url="https://zwölf.example/rss",
                publisher="on",
                title="12:30",
                tags=("2025-02-24", "news"),
                interval=timedelta(seconds=90),
                timeout=timedelta(seconds=1),
                first_poll=FirstPoll.ALL,
                aggregator=True,
            ),
        ),
        topics=(
            Topic(
                id=TopicId("alliance"),
                title="The alliance",
                severity=Severity.HIGH,
                query="@nato summit\n",
                version=query_version("@nato summit\n", {"nato": nato}, (LOUDER,)),
                description="Who may join.",
                escalations=(LOUDER,),
            ),
        ),
        entities=(nato,),
        receivers=(
            Receiver(
                id=ReceiverId("desk"),
                kind=ReceiverKind.WEBHOOK,
                url="https://10.0.0.7:81/in",
                secrets=(Secret(NEW), Secret(OLD)),
                headers=(("Authorization", Secret("Bearer ${x} t0k")),),
                timeout=timedelta(seconds=2),
                allow_private=("10.0.0.0/24",),
                allow_ports=(81,),
            ),
            Receiver(id=ReceiverId("console"), kind=ReceiverKind.LOG),
        ),
        routes=(
            Route(
                receiver=ReceiverId("desk"),
                topics=frozenset({TopicId("alliance")}),
                severities=frozenset({Severity.HIGH, Severity.CRITICAL}),
            ),
            Route(receiver=ReceiverId("console")),
        ),
        operations=Operations(receiver=ReceiverId("console"), fallback=ReceiverId("desk")),
        warnings=(
            (
                f"{folder}/topics/a.yaml:12:topics[0].escalate[1].severity: "
                "`high` does not raise the topic `alliance`, which is high: this escalation does nothing"
            ),
        ),
    )


def test_settings_left_out_are_those_of_the_model(write: Write) -> None:
    folder = write({"settings.yaml": "{}\n"})
    steps = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert load(folder, {}).settings == Settings(
        database=folder / "newsmon.sqlite",
        listen=Listen(host="127.0.0.1", port=8787),
        metrics_listen=None,
        delivery=DeliverySettings(schedule=tuple(timedelta(seconds=seconds) for seconds in steps)),
    )


def test_feed_defaults_left_out_are_those_of_the_model(write: Write) -> None:
    assert load(write({}), {}).feeds == (Feed(id=FeedId("one"), url="https://one.example/rss", publisher="One"),)


def test_off_is_no_listener(write: Write) -> None:
    settings = load(write({"settings.yaml": "web: {listen: off}\nmetrics: {listen: off}\n"}), {}).settings
    assert (settings.listen, settings.metrics_listen) == (None, None)


def test_database_is_absolute_where_the_folder_is_not(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write({})
    monkeypatch.chdir(folder.parent)
    configuration = load(Path("config"), {})
    assert configuration.folder == Path("config")
    assert configuration.settings.database == folder / "newsmon.sqlite"


def escalated(severity: str, *louder: str, routes: str) -> dict[str, str | bytes | None]:
    """A topic with escalations from line 7 on, and one route that takes some severities."""
    return {
        "topics/day.yaml": f"topics:\n  - id: a\n    title: A\n    severity: {severity}\n    query: war\n    escalate:\n"
        + "".join(f"      - {{query: nuclear, severity: {each}}}\n" for each in louder),
        "alerts.yaml": f"receivers: [{{id: a, log: {{}}}}]\nroutes: [{{receiver: a, severities: {routes}}}]\noperations: {{receiver: a}}\n",
    }


def topics(*ids: str, severity: str, routes: str) -> dict[str, str | bytes | None]:
    """Topics that escalate to critical, and one route that takes some severities."""
    louder = "escalate: [{query: nuclear, severity: critical}]"
    lines = [f"  - {{id: {id_}, title: A, severity: {severity}, query: war, {louder}}}\n" for id_ in ids]
    return {**escalated(severity, routes=routes), "topics/day.yaml": f"topics:\n{''.join(lines)}"}


RECEIVERS = "receivers:\n  - {id: a, log: {}}\n  - {id: b, log: {}}\noperations: {receiver: a}\n"
DOUBTS: dict[str, tuple[dict[str, str | bytes | None], tuple[str, ...]]] = {
    "nothing": ({}, ()),
    "byte order mark": ({"settings.yaml": b"\xef\xbb\xbfinstance: a\n"}, ()),
    "an alias": (
        {"feeds.yaml": "defaults: &d {interval: 5m}\nfeeds: []\n"},
        ("feeds.yaml:2:feeds: no feed: nothing will be polled",),
    ),
    "no receiver": ({"alerts.yaml": "{}\n"}, ("alerts.yaml: no receiver: nobody will be told",)),
    "no route": (
        {"alerts.yaml": RECEIVERS},
        (
            "alerts.yaml:2:receivers[0].id: no route leads to the receiver `a`",
            "alerts.yaml:3:receivers[1].id: no route leads to the receiver `b`",
        ),
    ),
    "a receiver unused": (
        {"alerts.yaml": RECEIVERS + "routes: [{receiver: a}]\n"},
        ("alerts.yaml:3:receivers[1].id: no route leads to the receiver `b`",),
    ),
    "a receiver for operations only": (
        {"alerts.yaml": RECEIVERS.replace("receiver: a", "receiver: b") + "routes: [{receiver: a}]\n"},
        (),
    ),
    "a fallback only": (
        {"alerts.yaml": RECEIVERS.replace("receiver: a", "receiver: a, fallback: b") + "routes: [{receiver: a}]\n"},
        (),
    ),
    "nobody to operate": (
        {"alerts.yaml": "receivers: [{id: a, log: {}}]\nroutes: [{receiver: a}]\n"},
        (
            "alerts.yaml: no `operations`: nobody is told when a feed fails or falls silent; add `operations: {receiver: …}`",
        ),
    ),
    "a topic that no route takes": (
        {
            "alerts.yaml": RECEIVERS
            + "routes:\n  - {receiver: a, severities: [low]}\n  - {receiver: b, severities: [high]}\n"
        },
        ("topics/day.yaml:4:topics[0].id: no route takes the topic `alliance` (medium)",),
    ),
    "a topic of which routes take the escalations only": (
        escalated("medium", "critical", "high", "critical", routes="[low, high, critical]"),
        (
            "topics/day.yaml:2:topics[0].id: no route takes the topic `a` (medium); only its escalations (high, critical) are told",
        ),
    ),
    "a topic that no route takes, and some of its escalations": (
        escalated("medium", "high", "critical", routes="[critical]"),
        (
            "topics/day.yaml:2:topics[0].id: no route takes the topic `a` (medium); only its escalations (critical) are told",
        ),
    ),
    "a topic that no route takes, nor its escalations": (
        escalated("medium", "critical", routes="[low]"),
        ("topics/day.yaml:2:topics[0].id: no route takes the topic `a` (medium)",),
    ),
    "an escalation that no route takes": (
        escalated("medium", "high", "critical", routes="[medium, high]"),
        (
            (
                "topics/day.yaml:8:topics[0].escalate[1].severity: no route takes the topic `a` at critical: "
                "what escalates is told nobody; add critical to the severities of a route"
            ),
        ),
    ),
    "many topics that no route takes": (
        topics(*(f"t{number}" for number in range(12)), severity="low", routes="[medium]"),
        (
            (
                "alerts.yaml:2:routes: no route takes 12 topics: "
                "`t0` (low), `t1` (low), `t2` (low), `t3` (low), `t4` (low), and 7 more"
            ),
        ),
    ),
    "two topics of which routes take the escalations only": (
        topics("a", "b", severity="low", routes="[critical]"),
        ("alerts.yaml:2:routes: no route takes 2 topics, of which escalations alone are told: `a` (low), `b` (low)",),
    ),
    "two topics of which no route takes the escalations": (
        topics("a", "b", severity="low", routes="[low]"),
        (
            (
                "alerts.yaml:2:routes: what escalates is told nobody, for no route takes `a` at critical, `b` at critical; "
                "add the severities to one"
            ),
        ),
    ),
    "escalations that raise nothing": (
        escalated("high", "medium", "high", "critical", routes="[high, critical]"),
        (
            (
                "topics/day.yaml:7:topics[0].escalate[0].severity: "
                "`medium` does not raise the topic `a`, which is high: this escalation does nothing"
            ),
            (
                "topics/day.yaml:8:topics[0].escalate[1].severity: "
                "`high` does not raise the topic `a`, which is high: this escalation does nothing"
            ),
        ),
    ),
    "words in capitals in an escalation": (
        {
            "topics/day.yaml": "topics:\n  - id: a\n    title: A\n    query: war\n    escalate:\n"
            "      - severity: high\n        query: >\n          troops\n          US\n"
        },
        (
            "topics/day.yaml:9:topics[0].escalate[0].query: `US` also matches the common word `us`; write `=US` for this case only",
        ),
    ),
    "names in one form only": (
        {
            "topics/day.yaml": "entities:\n  kyiv:\n    - Kyiv\n    - Київ\n  moscow: [Москв*]\n  nord: [Північний потік]\n"
            "topics: [{id: a, title: A, query: '@kyiv @moscow @nord'}]\n"
        },
        (
            (
                "topics/day.yaml:4:entities.kyiv[1]: `Київ` is found in this form only, but Ukrainian, Russian and Polish "
                "change the endings of names: write `Київ*` and `Києв*`, or add the other forms"
            ),
            (
                "topics/day.yaml:6:entities.nord[0]: `Північний потік` is found in this form only, but Ukrainian, Russian "
                "and Polish change the endings of names: write `Північн* потік*`, or add the other forms"
            ),
        ),
    ),
    "the same URL twice": (
        {
            "feeds.yaml": "feeds:\n  - {id: a, url: https://one.example/, publisher: A}\n"
            "  - {id: b, url: https://one.example/, publisher: B}\n"
        },
        ("feeds.yaml:3:feeds[1].url: the feed `a` has the same URL",),
    ),
    "filters that no feed passes": (
        {
            "feeds.yaml": "feeds:\n  - {id: bbc-world, url: https://one.example/, publisher: BBC, tags: [wire]}\n",
            "topics/day.yaml": "topics:\n  - id: a\n    title: A\n    query: |\n      war AND (feed:bbc-wrld OR feed:BBC-world)\n"
            "      AND (publisher:CNN OR publisher:bbc) AND (tag:wire OR tag:wires) AND lang:en\n",
        },
        (
            "topics/day.yaml:5:topics[0].query: no feed has the id `bbc-wrld`; did you mean `bbc-world`?",
            "topics/day.yaml:6:topics[0].query: no feed has the publisher `CNN`; known: `BBC`",
            "topics/day.yaml:6:topics[0].query: no feed has the tag `wires`; did you mean `wire`?",
        ),
    ),
    "publishers of an aggregator are its entries'": (
        {
            "feeds.yaml": "feeds:\n  - {id: all, url: https://one.example/, publisher: All, aggregator: true}\n",
            "topics/day.yaml": "topics:\n  - {id: a, title: A, query: 'war AND publisher:CNN'}\n",
        },
        (),
    ),
    "words in capitals that are common words": (
        {
            "topics/day.yaml": 'topics:\n  - id: a\n    title: A\n    query: |\n      (=US OR "US troops" OR UN)\n'
            "      NEAR/5 (WHO OR talks)\n"
        },
        (
            "topics/day.yaml:6:topics[0].query: `WHO` also matches the common word `who`; write `=WHO` for this case only",
        ),
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_warned(doubt: str, write: Write) -> None:
    changes, expected = DOUBTS[doubt]
    folder = write(changes)
    warnings = load(folder, {}).warnings
    assert tuple(warning.replace(f"{folder}/", "") for warning in warnings) == expected
