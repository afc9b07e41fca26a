"""folder: what the demo's daemon is to read, written into a folder: the shipped topics, and feeds and a receiver on loopback.

Everything is as a user would write it, only shorter: polls and retries come after seconds, so that a day fits into a minute.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.commands.demo.news_day import Publisher
from monitor.config import shipped

RECEIVER = "newsroom"
TOPICS = Path("topics/ukraine-diplomacy.yaml")
SECRET = Path("secrets/newsroom")
INSTANCE = "newsmon-demo"

_SETTINGS = """\
instance: {instance}
database: newsmon.sqlite
web: {{listen: "{listen}"}}
logs: {{level: debug, format: text}}
delivery: {{schedule: [1s, 2s, 4s, 8s], interval: 500ms, drain: 5s}}
"""
_ALERTS = """\
receivers:
  - {{id: {receiver}, webhook: {{url: {url}, secret_file: {secret}}}, allow_private: [127.0.0.0/8]}}
  - {{id: console, log: {{}}}}
routes:
  - {{receiver: {receiver}}}
operations: {{receiver: console}}
"""
_FEED = "  - {{id: {id}, url: {url}, publisher: {publisher}, lang: {lang}, allow_private: [127.0.0.0/8]}}\n"


def write_folder(
    folder: Path,
    *,
    publishers: Sequence[Publisher],
    feed_urls: Mapping[str, str],
    sink_url: str,
    secret: str,
    listen: str,
) -> None:
    """Write the four rooms of a configuration, and the receiver's secret for its owner only. `listen`: host:port of /metrics."""
    feeds = (
        _FEED.format(
            id=each.feed, url=feed_urls[each.feed], publisher=json.dumps(each.name, ensure_ascii=False), lang=each.lang
        )
        for each in publishers
    )
    (folder / "settings.yaml").write_text(_SETTINGS.format(instance=INSTANCE, listen=listen), encoding="utf-8")
    (folder / "feeds.yaml").write_text(
        "defaults: {interval: 1s, timeout: 5s}\nfeeds:\n" + "".join(feeds), encoding="utf-8"
    )
    (folder / "alerts.yaml").write_text(
        _ALERTS.format(receiver=RECEIVER, url=sink_url, secret=SECRET), encoding="utf-8"
    )
    (folder / TOPICS).parent.mkdir()
    shutil.copyfile(shipped() / TOPICS, folder / TOPICS)
    (folder / SECRET).parent.mkdir(mode=0o700)
    (folder / SECRET).touch(mode=0o600)
    (folder / SECRET).write_text(secret + "\n", encoding="ascii")
