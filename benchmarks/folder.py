"""folder: what a newsmon that is measured is to read: a configuration folder with feeds on loopback and topics made of the words of their news."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks import news
from benchmarks.match import SEED, Queries

RECEIVER = "desk"
SECRET = "whsec_" + "bmV3c21vbi1iZW5jaG1hcmstc2VjcmV0"

_SETTINGS = """\
database: newsmon.sqlite
web: {{listen: "{listen}"}}
poll: {{concurrency: {concurrency}}}
"""
_ALERTS = """\
receivers:
  - {{id: {receiver}, webhook: {{url: "{url}", secret_file: secret}}, allow_private: [127.0.0.0/8]}}
routes:
  - {{receiver: {receiver}, severities: {severities}}}
"""
_FEED = "  - {{id: feed-{number}, url: {url}, publisher: Publisher {number}, allow_private: [127.0.0.0/8]}}\n"
_TOPIC = "  - {{id: {id}, title: {id}, severity: {severity}, query: {query}}}\n"


def write_folder(
    folder: Path,
    *,
    urls: Sequence[str],
    topics: int,
    planted: Sequence[str] = (),
    sink: str = "http://127.0.0.1:9999/",
    severities: Sequence[str] = ("medium", "critical"),
    listen: str = "off",
    concurrency: int = 32,
    pace: int = 300,
) -> None:
    """`topics` of medium severity with generated queries, and critical ones with the `planted` queries; a route of these severities.
    `pace`: seconds between the polls of a feed.
    """
    folder.mkdir(parents=True)
    (folder / "settings.yaml").write_text(_SETTINGS.format(listen=listen, concurrency=concurrency))
    feeds = "".join(_FEED.format(number=number, url=url) for number, url in enumerate(urls))
    (folder / "feeds.yaml").write_text(f"defaults: {{interval: {pace}s}}\nfeeds:\n{feeds}")
    queries = Queries(news.sample(), random.Random(SEED))
    lines = [
        _TOPIC.format(id=f"topic-{number}", severity="medium", query=json.dumps(queries.topic(number)[0].query))
        for number in range(topics - len(planted))
    ]
    lines += [
        _TOPIC.format(id=f"planted-{number}", severity="critical", query=json.dumps(query))
        for number, query in enumerate(planted)
    ]
    (folder / "topics").mkdir()
    (folder / "topics" / "topics.yaml").write_text("topics:\n" + "".join(lines))
    words = ", ".join(severities)
    (folder / "alerts.yaml").write_text(_ALERTS.format(receiver=RECEIVER, url=sink, severities=f"[{words}]"))
    (folder / "secret").touch(mode=0o600)
    (folder / "secret").write_text(SECRET + "\n")
