"""The demo's configuration is one that newsmon accepts without a warning."""

from datetime import timedelta
from pathlib import Path

from monitor.commands.demo.folder import RECEIVER, SECRET, write_folder
from monitor.commands.demo.news_day import NEWS_DAY
from monitor.config import load
from monitor.model.alert import Operations, Route
from monitor.model.ids import ReceiverId
from monitor.model.settings import Listen

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_is_accepted_and_says_what_it_was_told(tmp_path: Path) -> None:
    urls = {publisher.feed: f"http://{publisher.host}:2001/{publisher.feed}" for publisher in NEWS_DAY.publishers}
    write_folder(
        tmp_path,
        publishers=NEWS_DAY.publishers,
        feed_urls=urls,
        sink_url="http://127.0.0.1:2002/alerts",
        secret=KEY,
        listen="127.0.0.1:2003",
    )
    read = load(tmp_path, {})
    assert read.warnings == ()
    assert [(feed.id, feed.url, feed.publisher, feed.lang) for feed in read.feeds] == [
        (publisher.feed, urls[publisher.feed], publisher.name, publisher.lang) for publisher in NEWS_DAY.publishers
    ]
    assert {feed.interval for feed in read.feeds} == {timedelta(seconds=1)}
    receiver, console = read.receivers
    assert (receiver.id, receiver.url) == (RECEIVER, "http://127.0.0.1:2002/alerts")
    assert [secret.reveal() for secret in receiver.secrets] == [KEY]
    assert (tmp_path / SECRET).stat().st_mode & 0o777 == 0o600
    assert read.routes == (Route(receiver=ReceiverId(RECEIVER)),)
    assert read.operations == Operations(receiver=console.id)
    assert (read.settings.listen, read.settings.database) == (
        Listen(host="127.0.0.1", port=2003),
        tmp_path / "newsmon.sqlite",
    )
