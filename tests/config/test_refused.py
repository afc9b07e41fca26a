"""One mistake a row: what is refused, at which line and key, and in which words."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config import ConfigError, load

Write = Callable[[Mapping[str, str | bytes | None]], Path]


FEED = "id: one, url: https://one.example/rss, publisher: One"
HOOK = "url: https://desk.example/in, secret_file: secrets/desk"


def feeds(*lines: str) -> dict[str, str]:
    return {"feeds.yaml": "feeds:\n" + "".join(f"  - {{{line}}}\n" for line in lines)}


def feed_url(url: str) -> dict[str, str]:
    return {"feeds.yaml": f"feeds:\n  - id: one\n    publisher: One\n    url: {url}\n"}


def topics(text: str) -> dict[str, str]:
    return {"topics/day.yaml": text}


def alerts(hook: str = HOOK, *, extra: str = "", routes: str = "  - {receiver: desk}\n") -> dict[str, str]:
    return {"alerts.yaml": f"receivers:\n  - {{id: desk, webhook: {{{hook}}}{extra}}}\nroutes:\n{routes}"}


MISTAKES: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    # The file
    "file missing": ({"feeds.yaml": None}, "feeds.yaml: there is no such file"),
    "file under another name": (
        {"feeds.yaml": None, "feeds.yml": "feeds: []\n"},
        "feeds.yaml: there is no such file; is it `feeds.yml`?",
    ),
    "file is a folder": ({"feeds.yaml": None, "feeds.yaml/x": "x"}, "feeds.yaml: not a file"),
    "no topic file": ({"topics/day.yaml": None}, "topics: no topics: this folder needs a *.yaml file with some"),
    "file empty": ({"settings.yaml": ""}, "settings.yaml: empty; write `{}` where everything shall take its default"),
    "only comments": (
        {"settings.yaml": "# later\n"},
        "settings.yaml: empty; write `{}` where everything shall take its default",
    ),
    "file too large": ({"feeds.yaml": b"#" * (5 * 2**20 + 1)}, "feeds.yaml: larger than 5 MiB"),
    "not UTF-8": (
        {"settings.yaml": b"web: {}\ninstance: caf\xe9\n"},
        "settings.yaml:2: not UTF-8; save the file in that encoding",
    ),
    "control character": (
        {"settings.yaml": b"web: {}\ninstance: a\x00b\n"},
        "settings.yaml:2: the control character U+0000 cannot stand in YAML",
    ),
    # YAML
    "tab": ({"settings.yaml": "web:\n\tlisten: 127.0.0.1:1\n"}, "settings.yaml:2: a tab; YAML is indented with spaces"),
    "bracket left open": (
        {"settings.yaml": "delivery:\n  schedule: [5s, 5m\n"},
        "settings.yaml:3: while parsing a flow sequence: did not find expected ',' or ']' (it begins in line 2)",
    ),
    "colon in text": (
        {"settings.yaml": "instance: desk: one\n"},
        "settings.yaml:1: mapping values are not allowed in this context",
    ),
    "two documents": (
        {"settings.yaml": "instance: a\n---\ninstance: b\n"},
        "settings.yaml:2: a second document (`---`); one file holds one",
    ),
    "python tag": (
        {"settings.yaml": "instance: !!python/object/apply:os.system [id]\n"},
        "settings.yaml:1:instance: tags (`!…`) are not supported",
    ),
    "own tag": ({"settings.yaml": "instance: !secret x\n"}, "settings.yaml:1:instance: tags (`!…`) are not supported"),
    "key twice": (
        {"settings.yaml": "web:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2\n"},
        "settings.yaml:3:web.listen: this key is there twice, first in line 2",
    ),
    "key is a number": ({"settings.yaml": "1: a\n"}, "settings.yaml:1: a key must be text; put it in quotes"),
    "key is a list": ({"settings.yaml": "? [a]\n: b\n"}, "settings.yaml:1: a key must be text"),
    "merge key": (
        {"settings.yaml": "web: &w {}\nmetrics:\n  <<: *w\n"},
        "settings.yaml:3:metrics: merge keys (`<<`) are not supported",
    ),
    "alias without anchor": (
        {"settings.yaml": "instance: *x\n"},
        "settings.yaml:1:instance: the alias `*x` has no anchor `&x` before it",
    ),
    "alias of itself": (
        {"settings.yaml": "delivery: &d\n  schedule: *d\n"},
        "settings.yaml:2:delivery.schedule: an alias within an anchored value; they do not nest here",
    ),
    "alias bomb": (
        {"feeds.yaml": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"},
        "feeds.yaml:2:b[0]: an alias within an anchored value; they do not nest here",
    ),
    "aliases by the thousand": (
        {"feeds.yaml": f"a: &a [{'x,' * 999}x]\nb:\n" + "  - *a\n" * 500},
        "feeds.yaml:1:b[498]: more than 500000 values, aliases counted with all that they stand for",
    ),
    "nested without end": (
        {"feeds.yaml": "feeds: " + "[" * 100_000},
        "feeds.yaml:1:feeds" + "[0]" * 19 + ": nested deeper than 20 levels",
    ),
    # Keys and types
    "unknown key": (
        feeds(FEED, "id: two, url: https://two.example/rss, publisher: Two, intervall: 5m"),
        "feeds.yaml:3:feeds[1].intervall: unknown key; did you mean `interval`?",
    ),
    "unknown key like none": (
        {"settings.yaml": "web: {zzz: 1}\n"},
        "settings.yaml:1:web.zzz: unknown key; known: `listen`",
    ),
    "unknown file key": (
        {"settings.yaml": "colour: red\n"},
        (
            "settings.yaml:1:colour: unknown key; known: "
            "`alerts`, `database`, `delivery`, `heartbeat`, `instance`, `logs`, `metrics`, `poll`, `public_url`, `retention`, `web`"
        ),
    ),
    "key missing": (feeds("id: one, publisher: One"), "feeds.yaml:2:feeds[0].url: this key is missing"),
    "no value": (
        {"settings.yaml": "web:\n  listen:\n"},
        "settings.yaml:2:web.listen: no value; write one, or leave the key out",
    ),
    "a list instead of keys": (
        {"settings.yaml": "- instance\n"},
        "settings.yaml:1: expected a mapping of keys to values, found a list",
    ),
    "a mapping instead of a list": (
        {"feeds.yaml": "feeds:\n  one: https://one.example/rss\n"},
        "feeds.yaml:1:feeds: expected a list, found a mapping",
    ),
    "text instead of a list": (
        feeds(f"{FEED}, tags: english"),
        "feeds.yaml:2:feeds[0].tags: expected a list, found text; write [a, b]",
    ),
    "a number as id": (
        feeds("id: 7, url: https://one.example/rss, publisher: One"),
        "feeds.yaml:2:feeds[0].id: expected text, found a number; put it in quotes",
    ),
    "yes as a truth": (
        feeds(f"{FEED}, aggregator: yes"),
        "feeds.yaml:2:feeds[0].aggregator: expected true or false, found text",
    ),
    "text as a number": (
        {"settings.yaml": "poll: {concurrency: '32'}\n"},
        "settings.yaml:1:poll.concurrency: expected a whole number, found text",
    ),
    "number too small": (
        {"settings.yaml": "poll: {concurrency: 0}\n"},
        "settings.yaml:1:poll.concurrency: expected 1 or more",
    ),
    "number too large": (
        {"settings.yaml": "poll: {parse_workers: 65}\n"},
        "settings.yaml:1:poll.parse_workers: expected 64 or less",
    ),
    "no such word": (
        {"settings.yaml": "logs: {level: warn}\n"},
        "settings.yaml:1:logs.level: expected one of debug, info, warning, error; did you mean `warning`?",
    ),
    "no such severity": (
        topics("topics:\n  - {id: a, title: A, query: war, severity: urgent}\n"),
        "topics/day.yaml:2:topics[0].severity: expected one of info, low, medium, high, critical",
    ),
    "an operator in a spelling": (
        topics(
            "entities:\n  kyiv:\n    - Kyiv\n    - Kyiv OR (Kiev)\ntopics:\n  - {id: a, title: A, query: '@kyiv'}\n"
        ),
        (
            "topics/day.yaml:4:entities.kyiv[1]: “(” has no meaning in a spelling of @kyiv; list each spelling by itself; "
            "an entity holds words, phrases, prefixes and other entities, no operators\n"
            "    - Kyiv OR (Kiev)\n              ^"
        ),
    ),
    "a short prefix in a spelling": (
        topics("entities: {kyiv: [Ky*]}\ntopics:\n  - {id: a, title: A, query: '@kyiv'}\n"),
        (
            "topics/day.yaml:1:entities.kyiv[0]: the prefix “Ky*” is too short; a prefix has at least 3 characters before the star\n"
            "    entities: {kyiv: [Ky*]}\n                      ^"
        ),
    ),
    "an entity of an unknown entity": (
        topics("entities:\n  nato: [NATO]\n  west: [G7, '@nado']\ntopics:\n  - {id: a, title: A, query: '@west'}\n"),
        (
            "topics/day.yaml:3:entities.west[1]: the entity @nado is not known; did you mean @nato?\n"
            "    west: [G7, '@nado']\n                ^"
        ),
    ),
    "entities that hold each other": (
        topics("entities:\n  one: [a1x, '@two']\n  two: ['@one']\ntopics:\n  - {id: a, title: A, query: '@one'}\n"),
        (
            "topics/day.yaml:2:entities.one[1]: @one holds itself: @one → @two → @one; "
            "take one of them out: an entity may hold others, not itself\n    one: [a1x, '@two']\n                ^\n"
            "topics/day.yaml:3:entities.two[0]: @two holds itself: @two → @one → @two; "
            "take one of them out: an entity may hold others, not itself\n    two: ['@one']\n           ^"
        ),
    ),
    "an escalation without a query": (
        topics("topics:\n  - {id: a, title: A, query: war, escalate: [{severity: high}]}\n"),
        "topics/day.yaml:2:topics[0].escalate[0].query: this key is missing",
    ),
    "an escalation without a severity": (
        topics("topics:\n  - id: a\n    title: A\n    query: war\n    escalate:\n      - query: nuclear\n"),
        "topics/day.yaml:6:topics[0].escalate[0].severity: this key is missing",
    ),
    "a typo in an escalation": (
        topics("topics:\n  - {id: a, title: A, query: war, escalate: [{query: b, severity: high, querry: c}]}\n"),
        "topics/day.yaml:2:topics[0].escalate[0].querry: unknown key; did you mean `query`?",
    ),
    "escalations without end": (
        topics(
            "topics:\n  - id: a\n    title: A\n    query: war\n    escalate:\n"
            + "      - {query: nuclear, severity: critical}\n" * 21
        ),
        "topics/day.yaml:5:topics[0].escalate: expected 20 or fewer entries",
    ),
    "an escalation of a wrong query": (
        topics(
            "topics:\n  - id: a\n    title: A\n    query: war\n    escalate:\n      - {query: nuclear, severity: critical}\n"
            "      - severity: high\n        query: |\n          drone NEAR/3\n          (attack OR strike))\n"
        ),
        (
            "topics/day.yaml:10:topics[0].escalate[1].query: “)” closes no bracket; remove it, or open a bracket before\n"
            "    (attack OR strike))\n"
            "                      ^"
        ),
    ),
    "two wrong queries of one topic": (
        topics(
            "topics:\n  - id: a\n    title: A\n    query: war)\n    escalate:\n      - {query: '@nowhere', severity: high}\n"
        ),
        (
            "topics/day.yaml:4:topics[0].query: “)” closes no bracket; remove it, or open a bracket before\n"
            "    query: war)\n"
            "              ^\n"
            "topics/day.yaml:6:topics[0].escalate[0].query: the entity @nowhere is not known; no entity is configured\n"
            "    - {query: '@nowhere', severity: high}\n"
            "               ^"
        ),
    ),
    # Units, names and addresses
    "duration without unit": (
        feeds(f"{FEED}, interval: 10"),
        "feeds.yaml:2:feeds[0].interval: expected a duration with its unit, such as 90s, 5m, 2h, 7d or 1h30m",
    ),
    "duration out of range": (
        feeds(f"{FEED}, timeout: 31s"),
        "feeds.yaml:2:feeds[0].timeout: expected a duration from 100ms to 30s",
    ),
    "empty schedule": (
        {"settings.yaml": "delivery: {schedule: []}\n"},
        "settings.yaml:1:delivery.schedule: expected 1 or more entries",
    ),
    "pause out of range": (
        {"settings.yaml": "delivery:\n  schedule:\n    - 5s\n    - 8d\n"},
        "settings.yaml:4:delivery.schedule[1]: expected a duration from 100ms to 7d",
    ),
    "first poll unknown": (
        feeds(f"{FEED}, first_poll: recent"),
        "feeds.yaml:2:feeds[0].first_poll: expected hold, all or {recent: 6h}",
    ),
    "first poll without span": (
        feeds(f"{FEED}, first_poll: {{recent: 6}}"),
        "feeds.yaml:2:feeds[0].first_poll: expected a duration with its unit, such as 90s, 5m, 2h, 7d or 1h30m",
    ),
    "id with capitals": (
        feeds("id: One, url: https://one.example/rss, publisher: One"),
        "feeds.yaml:2:feeds[0].id: expected an id of 1 to 64 small letters a-z, digits, `_` and `-`",
    ),
    "no language": (
        feeds(f"{FEED}, lang: english_"),
        "feeds.yaml:2:feeds[0].lang: expected a language tag such as en, uk or pt-BR",
    ),
    "a title of two lines": (
        {"feeds.yaml": f'feeds:\n  - {{{FEED}, title: "a\\nb"}}\n'},
        "feeds.yaml:2:feeds[0].title: expected one line of 1 to 300 characters",
    ),
    "feed file URL": (
        feed_url("file:///etc/passwd"),
        "feeds.yaml:4:feeds[0].url: expected a URL that begins with https:// or http://",
    ),
    "feed mail port": (
        feed_url("http://one.example:25/"),
        "feeds.yaml:4:feeds[0].url: this port is not for HTTP as a rule; `allow_ports` with it says that it is here",
    ),
    "private host with a path": (
        feeds(f"{FEED}, allow_private: [rsshub.internal/feeds]"),
        "feeds.yaml:2:feeds[0].allow_private[0]: expected a network such as 192.168.1.0/24, an address or a host name",
    ),
    "private network with host bits": (
        feeds(f"{FEED}, allow_private: [10.0.0.0/8, 192.168.1.5/24]"),
        "feeds.yaml:2:feeds[0].allow_private[1]: an address with a network's length; the network is 192.168.1.0/24",
    ),
    "open door": (
        {"settings.yaml": "web: {listen: 0.0.0.0:8787}\n"},
        (
            "settings.yaml:1:web.listen: only a loopback address, such as 127.0.0.1:8787: "
            "this door has no lock; metrics.listen may be open"
        ),
    ),
    "listen without port": (
        {"settings.yaml": "metrics: {listen: localhost}\n"},
        "settings.yaml:1:metrics.listen: expected host:port, such as 127.0.0.1:8787 or [::1]:8787",
    ),
    "listen as a number": (
        {"settings.yaml": "metrics: {listen: 9787}\n"},
        "settings.yaml:1:metrics.listen: expected host:port, such as 127.0.0.1:8787, or off",
    ),
    "database server": (
        {"settings.yaml": "database: postgresql://db/newsmon\n"},
        "settings.yaml:1:database: expected the path of an SQLite file",
    ),
    "user agent of two lines": (
        {"settings.yaml": 'poll: {user_agent: "a\\r\\nX-Evil: 1"}\n'},
        "settings.yaml:1:poll.user_agent: expected at most 300 printable ASCII characters on one line",
    ),
    "contact that would end the comment": (
        {"settings.yaml": "poll: {contact: desk@news.example)}\n"},
        "settings.yaml:1:poll.contact: expected a URL that begins with https:// or http://, or a mail address such as desk@example.org",
    ),
    # Receivers and their secrets
    "a receiver on a port for mail": (
        alerts(HOOK.replace("desk.example/", "desk.example:25/")),
        "alerts.yaml:2:receivers[0].webhook.url: this port is not for HTTP as a rule; `allow_ports` with it says that it is here",
    ),
    "a receiver on another port than it names": (
        alerts(HOOK.replace("desk.example/", "desk.example:25/"), extra=", allow_ports: [81]"),
        "alerts.yaml:2:receivers[0].webhook.url: this port is not for HTTP as a rule; `allow_ports` with it says that it is here",
    ),
    "a port that no receiver has": (
        alerts(extra=", allow_ports: [65536]"),
        "alerts.yaml:2:receivers[0].allow_ports[0]: expected 65535 or less",
    ),
    "no kind": (
        {"alerts.yaml": "receivers:\n  - {id: desk}\n"},
        "alerts.yaml:2:receivers[0]: a receiver has exactly one kind: `webhook: {…}` or `log: {}`",
    ),
    "two kinds": (
        alerts(extra=", log: {}"),
        "alerts.yaml:2:receivers[0]: a receiver has exactly one kind: `webhook: {…}` or `log: {}`",
    ),
    "no secret": (
        alerts("url: https://desk.example/in"),
        (
            "alerts.yaml:2:receivers[0].webhook: "
            "give the signing secret either as `secret_file: PATH` or as `secret: ${NAME}`"
        ),
    ),
    "secret file missing": (
        {"secrets/desk": None},
        "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: there is no such file",
    ),
    "secret file empty": (
        {"secrets/desk": "\n"},
        "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: the file is empty",
    ),
    "secret file not text": (
        {"secrets/desk": b"\xff"},
        "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: not UTF-8",
    ),
    "secret without prefix": (
        {"secrets/desk": "hunter2"},
        (
            "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: "
            "expected a secret that begins with whsec_ (`newsmon init` makes one)"
        ),
    ),
    "secret not base64": (
        {"secrets/desk": "whsec_hunter2!"},
        "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: what follows whsec_ is not base64",
    ),
    "secret too short": (
        {"secrets/desk": "whsec_aHVudGVyMg=="},
        (
            "alerts.yaml:2:receivers[0].webhook.secret_file: FOLDER/secrets/desk: "
            "expected 24 to 64 bytes after whsec_, found 7"
        ),
    ),
    "header of ours": (
        alerts(f"{HOOK}, headers: {{Webhook-Id: x}}"),
        "alerts.yaml:2:receivers[0].webhook.headers.Webhook-Id: newsmon sets this header itself",
    ),
    "header of two lines": (
        alerts(f'{HOOK}, headers: {{X-Token: "a\\nb"}}'),
        "alerts.yaml:2:receivers[0].webhook.headers.X-Token: expected printable ASCII characters on one line",
    ),
    "timeout beyond the lease": (
        {**alerts(f"{HOOK}, timeout: 20s"), "settings.yaml": "delivery: {lease: 20s}\n"},
        "alerts.yaml:2:receivers[0].webhook.timeout: expected less than delivery.lease, which is 20s (settings.yaml)",
    ),
    # The environment
    "variable not set": (
        feed_url("https://one.example/${FEED_TOKEN}"),
        "feeds.yaml:4:feeds[0].url: the environment variable FEED_TOKEN is not set",
    ),
    "variable empty": (
        feed_url("https://one.example/${EMPTY}"),
        "feeds.yaml:4:feeds[0].url: the environment variable EMPTY is empty",
    ),
    "variable without a name": (
        feed_url("https://one.example/${}"),
        "feeds.yaml:4:feeds[0].url: `${` begins the name of a variable; write `$${` for the characters",
    ),
    # Between the files
    "feed twice": (
        feeds(FEED, FEED),
        "feeds.yaml:3:feeds[1].id: the feed `one` is already defined in feeds.yaml, line 2",
    ),
    "receiver twice": (
        {"alerts.yaml": "receivers:\n  - {id: a, log: {}}\n  - {id: a, log: {}}\n"},
        "alerts.yaml:3:receivers[1].id: the receiver `a` is already defined in alerts.yaml, line 2",
    ),
    "topic in two files": (
        {"topics/more.yaml": "topics:\n  - {id: alliance, title: Again, query: NATO}\n"},
        "topics/more.yaml:2:topics[0].id: the topic `alliance` is already defined in day.yaml, line 4",
    ),
    "entity in two files": (
        {"topics/more.yaml": "entities:\n  nato: [OTAN]\n"},
        "topics/more.yaml:2:entities.nato: the entity `nato` is already defined in day.yaml, line 2",
    ),
    "route to nobody": (
        alerts(routes="  - {receiver: dsk}\n"),
        "alerts.yaml:4:routes[0].receiver: there is no receiver `dsk`; did you mean `desk`?",
    ),
    "route of no topic": (
        alerts(routes="  - receiver: desk\n    topics:\n      - alliance\n      - aliance\n"),
        "alerts.yaml:7:routes[0].topics[1]: there is no topic `aliance`; did you mean `alliance`?",
    ),
    "route of nothing": (
        alerts(routes="  - {receiver: desk, severities: []}\n"),
        "alerts.yaml:4:routes[0].severities: expected 1 or more entries",
    ),
    "nobody to operate": (
        alerts(routes="  - {receiver: desk}\noperations: {receiver: dsk}\n"),
        "alerts.yaml:5:operations.receiver: there is no receiver `dsk`; did you mean `desk`?",
    ),
    "nobody to fall back on": (
        alerts(routes="  - {receiver: desk}\noperations:\n  receiver: desk\n  fallback: pager\n"),
        "alerts.yaml:7:operations.fallback: there is no receiver `pager`; known: `desk`",
    ),
    "a fallback that is no other": (
        alerts(routes="  - {receiver: desk}\noperations: {receiver: desk, fallback: desk}\n"),
        "alerts.yaml:5:operations.fallback: expected another receiver than `desk`, which it stands in for",
    ),
    "only a fallback": (
        alerts(routes="  - {receiver: desk}\noperations: {fallback: desk}\n"),
        "alerts.yaml:5:operations.receiver: this key is missing",
    ),
    "an operator's typo": (
        alerts(routes="  - {receiver: desk}\noperations: {reciever: desk}\n"),
        (
            "alerts.yaml:5:operations.receiver: this key is missing\n"
            "alerts.yaml:5:operations.reciever: unknown key; did you mean `receiver`?"
        ),
    ),
    "a heartbeat without a URL": (
        {"settings.yaml": "heartbeat: {every: 5m}\n"},
        "settings.yaml:1:heartbeat.url: this key is missing",
    ),
    "a heartbeat that races": (
        {"settings.yaml": "heartbeat: {url: 'https://hc.example/x', every: 1s}\n"},
        "settings.yaml:1:heartbeat.every: expected a duration from 5s to 1d",
    ),
    "a heartbeat to nowhere": (
        {"settings.yaml": "heartbeat: {url: hc.example}\n"},
        "settings.yaml:1:heartbeat.url: expected a URL that begins with https:// or http://",
    ),
    "a heartbeat's password without the proxy that it is for": (
        {
            "settings.yaml": "heartbeat: {url: 'https://hc.example/', proxy_auth: {user: me, password_file: secrets/proxy}}\n"
        },
        "settings.yaml:1:heartbeat: `proxy_auth` stands beside the `proxy` that it is for",
    ),
    "a heartbeat's password in a file that is not there": (
        {
            "settings.yaml": "heartbeat:\n  url: https://hc.example/\n  proxy: http://proxy.lan:3128\n"
            "  proxy_auth: {user: me, password_file: secrets/none}\n"
        },
        "settings.yaml:4:heartbeat.proxy_auth.password_file: FOLDER/secrets/none: there is no such file",
    ),
    "a heartbeat whose variable is not set": (
        {"settings.yaml": "heartbeat: {url: '${HEARTBEAT_URL}'}\n"},
        "settings.yaml:1:heartbeat.url: the environment variable HEARTBEAT_URL is not set",
    ),
    "no spelling": (
        topics("entities: {nato: []}\n"),
        "topics/day.yaml:1:entities.nato: expected 1 or more entries",
    ),
    "several at once": (
        {"settings.yaml": "instanc: a\nweb: {listen: x}\n", "alerts.yaml": "receivers:\n  - {id: A, log: {}}\n"},
        (
            "alerts.yaml:2:receivers[0].id: expected an id of 1 to 64 small letters a-z, digits, `_` and `-`\n"
            "settings.yaml:1:instanc: unknown key; did you mean `instance`?\n"
            "settings.yaml:2:web.listen: expected host:port, such as 127.0.0.1:8787 or [::1]:8787"
        ),
    ),
}


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(folder, {"EMPTY": ""})
    return str(refused.value).replace(f"{folder}/secrets", "FOLDER/secrets").replace(f"{folder}/", "")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_refused(mistake: str, write: Write) -> None:
    changes, expected = MISTAKES[mistake]
    assert refusal(write(changes)) == expected


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such folder; `newsmon init` makes one"):
        load(tmp_path / "nowhere", {})
