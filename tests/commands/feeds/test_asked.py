"""Feeds that are asked: what the doctor says of each, and what is found on a site. One situation a row, with everything that is said.

The web is a small one: pages by URL, read by the real parser; every request is written down.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.commands.feeds.discover import Discovered, Found, How, discover
from monitor.commands.feeds.doctor import check_all
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Outcome, Request, Response
from monitor.steps.parse import parse

NOW = datetime(2025, 2, 24, 12, tzinfo=UTC)
Page = Response | FetchFailure


def page(body: str = "", status: int = 200, *headers: tuple[str, str], **more: object) -> Response:
    response = Response(status=status, reason="", headers=headers, body=body.encode(), url="")
    return replace(response, **more)  # type: ignore[arg-type]


def rss(*titles: str, name: str = "Wire", link: str = "https://wire.example/{}") -> str:
    entries = "".join(
        f"<item><guid>{link.format(n)}</guid><title>{title}</title><link>{link.format(n)}</link>"
        f"<pubDate>Mon, 24 Feb 2025 {10 - n:02}:00:00 GMT</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return (
        f"<rss version='2.0'><channel><title>{name}</title><link>https://wire.example/</link>{entries}</channel></rss>"
    )


@dataclass
class Web:
    """Pages by URL; of several, each answer is the next, the last one for good. What is nowhere is 404."""

    pages: dict[str, Page | list[Page]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Page:
        self.asked.append(request.url)
        self.requests.append(request)
        found = self.pages.get(request.url, page(status=404))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if isinstance(found, FetchFailure) or found.url else replace(found, url=request.url)

    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        return parse(document, now)

    def now(self) -> datetime:
        return NOW

    def luck(self) -> float:
        return 0.0

    def token(self) -> str:
        return "token"


@pytest.fixture
def web() -> Web:
    return Web()


URL = "https://wire.example/rss"
FEED = Feed(id=FeedId("wire"), url=URL, publisher="Wire")
NOT_MODIFIED = page("", 304)
ETAG = ("etag", '"1"')
GZIP = ("content-encoding", "gzip")
GOOD = rss("Talks", "Weather")


def failed(outcome: Outcome, detail: str) -> FetchFailure:
    return FetchFailure(outcome=outcome, detail=detail)


def given(body: str, *second: Page) -> list[Page]:
    """A document with validators, and what a second request brings."""
    return [page(body, 200, ETAG), *(second or (NOT_MODIFIED,))]


def aggregated(domains: int) -> str:
    return "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><title>{n}</title><link>https://site{n % domains}.example/{n}</link>"
        "<pubDate>Mon, 24 Feb 2025 10:00:00 GMT</pubDate></item>"
        for n in range(12)
    )


TELL = "link and text tell them apart"
SIGNS: dict[str, tuple[Page | list[Page], list[str]]] = {
    "well": (given(GOOD), []),
    "no network": (failed(Outcome.NETWORK_ERROR, "the connection was refused"), ["problem unreachable: the connection was refused"]),
    "bad certificate": (failed(Outcome.TLS_ERROR, "the certificate is not valid"), ["problem tls: the certificate is not valid"]),
    "private": (
        failed(Outcome.BLOCKED, "192.168.1.5 is a private address"),
        ["problem private: 192.168.1.5 is a private address; add allow_private: [192.168.1.0/24] to this feed, if it is meant"],
    ),
    "newsmon itself": (
        failed(Outcome.BLOCKED, "127.0.0.1 port 8787 is newsmon itself"),
        ["problem private: 127.0.0.1 port 8787 is newsmon itself"],
    ),
    "not found": (page("", 404), ["problem refused: 404 Not Found"]),
    "gone": (page("", 410), ["problem refused: 410 Gone: it is gone for good; remove it, or find its new place"]),
    "a page": (
        page("<html><title>Wire</title></html>"),
        [f"problem not_a_feed: HTML, not a feed: Wire; `newsmon feeds add {URL}` looks for the feeds of that page"],
    ),
    "no feed": (page("{}"), ["problem not_a_feed: JSON, but not a JSON Feed: it has no list of items"]),
    "moved": (
        [page(GOOD, 200, ETAG, url="https://new.example/rss", permanent_url="https://new.example/rss"), NOT_MODIFIED],
        ["warning moved: moved permanently to https://new.example/rss: change its url"],
    ),
    "redirected": (
        [page(GOOD, 200, ETAG, url="https://new.example/rss"), NOT_MODIFIED],
        ["note redirected: answered by https://new.example/rss, by a redirect that may change"],
    ),
    "no entries": (given(rss()), ["warning empty: it lists no entries"]),
    "old": (
        given(GOOD.replace("Feb 2025", "Jan 2025")),
        ["warning old: its newest entry is 31 d old: is this still the right feed?"],
    ),
    "dates": (
        given(GOOD.replace("Mon, 24 Feb 2025 10:00:00 GMT", "soon").replace("24 Feb 2025", "24 Feb 2099")),
        [
            "warning complaint: a date that cannot be read: soon",
            "warning complaint: a date that cannot be: Mon, 24 Feb 2099 09:00:00 GMT",
            "note undated: all 2 entries without a date that can be believed: their time is when they are seen",
        ],
    ),
    "no guids": (
        given(GOOD.replace("<guid>https://wire.example/1</guid>", "")),
        [f"note no_guids: 1 of 2 entries without a guid: {TELL}"],
    ),
    "one guid for all": (
        given(GOOD.replace("<guid>https://wire.example/1<", "<guid>https://wire.example/0<")),
        [f"note guids_repeated: 1 guids stand for several entries each, such as https://wire.example/0: {TELL}"],
    ),
    "guids that change": (
        given(GOOD, page(GOOD.replace("<guid>https://wire.example/1<", "<guid isPermaLink='false'>other<"))),
        [
            f"note guids_change: 1 of 2 entries had another guid a moment later: {TELL}",
            "note validators_ignored: gives validators, but does not honour them: asked with them, it sent a changed document again",
        ],
    ),
    "validators for nothing": (
        given(GOOD, page(GOOD)),
        ["note validators_ignored: gives validators, but does not honour them: asked with them, it sent the same document again"],
    ),
    "no validators": (page(GOOD), ["note no_validators: gives no validators: every poll costs the whole document, 1 KiB"]),
    "refuses the second": (given(GOOD, page("", 429)), ["warning second_failed: asked a second time, it failed: status 429"]),
    "cuts the second": (
        given(GOOD, failed(Outcome.NETWORK_ERROR, "the server cut the connection")),
        ["warning second_failed: asked a second time, it failed: the server cut the connection"],
    ),
    "large without compression": (
        given(GOOD + " " * 30_000),
        ["note not_compressed: sent without compression: 29 KiB"],
    ),
    "large": ([page(GOOD + " " * 6 * 2**20, 200, ETAG, GZIP), NOT_MODIFIED], ["warning near_limit: 6.0 MiB; beyond 10 MiB it is not read"]),
    "slow": (
        [page(GOOD, 200, ETAG, elapsed=timedelta(seconds=20)), NOT_MODIFIED],
        ["warning slow: it took 20 s; beyond 30 s a poll fails"],
    ),
    "an aggregator": (
        given(rss().replace("</channel>", aggregated(4) + "</channel>")),
        [
            "warning aggregator: its entries belong to 4 other publishers (site0.example, site1.example, site2.example, …): add aggregator: true, so that they are counted as those",
        ],
    ),
    "leads to two others": (given(rss().replace("</channel>", aggregated(2) + "</channel>")), []),
    "asks for a pause": (
        [page(GOOD.replace("<item>", "<ttl>15</ttl><item>", 1), 200, ETAG, ("cache-control", "max-age=600")), NOT_MODIFIED],
        ["note hint: asks for a pause of 15 min between polls (ttl)", "note hint: asks for a pause of 10 min between polls (its headers)"],
    ),
    "encoding": (
        given(GOOD.replace("Talks", "Perón").replace("<rss", "<?xml version='1.0' encoding='latin-1'?><rss", 1)),
        ["warning complaint: declared as another encoding, but is UTF-8: latin-1"],
    ),
    "cut off": (
        given(GOOD[: -len("</channel></rss>")]),
        ["warning complaint: broken XML: no element found in line 2"],
    ),
}  # fmt: skip


async def _check(web: Web, *feeds: Feed) -> list[tuple[str, bool, list[str]]]:
    return [
        (
            checked.visit.feed.id,
            checked.readable,
            [f"{each.weight} {each.sign}: {each.text}" for each in checked.findings],
        )
        async for checked in check_all(feeds, web, web, web)
    ]


@pytest.mark.parametrize(("answers", "said"), SIGNS.values(), ids=SIGNS)
def test_signs(web: Web, answers: Page | list[Page], said: list[str]) -> None:
    web.pages[URL] = list(answers) if isinstance(answers, list) else answers
    unread = any(line.startswith("problem") for line in said)
    assert asyncio.run(_check(web, FEED)) == [("wire", not unread, said)]


def test_an_aggregator_that_is_known_as_one_is_well(web: Web) -> None:
    web.pages[URL] = given(rss().replace("</channel>", aggregated(4) + "</channel>"))
    assert asyncio.run(_check(web, replace(FEED, aggregator=True))) == [("wire", True, [])]


def test_the_second_request_bears_the_validators_of_the_first_answer(web: Web) -> None:
    web.pages[URL] = given(GOOD)
    asyncio.run(_check(web, FEED))
    conditions = [dict(request.headers).get("if-none-match") for request in web.requests]
    assert conditions == [None, '"1"']


def test_answers_come_in_the_order_of_the_feeds(web: Web) -> None:
    feeds = [replace(FEED, id=FeedId(f"f{n}"), url=f"https://wire.example/{n}") for n in range(5)]
    for feed in feeds:
        web.pages[feed.url] = given(GOOD)
    assert [id_ for id_, *_ in asyncio.run(_check(web, *feeds))] == ["f0", "f1", "f2", "f3", "f4"]
    assert web.asked == [feed.url for feed in feeds for _ in range(2)]  # one of a host at a time


SITE = "https://site.example/news/"
A, B, FEED_URL = "https://site.example/a.xml", "https://site.example/b.xml", "https://site.example/feed"


def names(*hrefs: str) -> str:
    found = "".join(f'<link rel="alternate" type="application/rss+xml" href="{href}">' for href in hrefs)
    return f"<html><head>{found}</head></html>"


def wire(url: str, how: How, name: str = "Wire") -> Found:
    return Found(
        url=url,
        how=how,
        kind="rss20",
        title=name,
        home="https://wire.example/",
        lang="",
        entries=2,
        newest=datetime(2025, 2, 24, 10, tzinfo=UTC),
        titles=("Talks", "Weather"),
    )


NOWHERE = "; it names no feed, and none is in the common places"
PLACES = [
    "https://site.example" + place for place in ("/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml")
]
SITES: dict[str, tuple[dict[str, Page | list[Page]], tuple[Found, ...], str, list[str]]] = {
    "a feed": ({SITE: page(GOOD)}, (wire(SITE, How.GIVEN),), "", [SITE]),
    "a feed that has moved": (
        {SITE: page(GOOD, url=A, permanent_url=A)},
        (wire(A, How.GIVEN),),
        "",
        [SITE],
    ),
    "a page that names two": (
        {SITE: page(names("/a.xml", "/b.xml")), A: page(GOOD), B: page(rss("Talks", "Weather", name="Other"))},
        (wire(A, How.NAMED), wire(B, How.NAMED, "Other")),
        "",
        [SITE, A, B],
    ),
    "a page that names one twice": (
        {SITE: page(names("/a.xml", "/b.xml")), A: page(GOOD), B: page(GOOD)},
        (wire(A, How.NAMED),),
        "",
        [SITE, A, B],
    ),
    "a page that names what is no feed": (
        {SITE: page(names("/a.xml", "/b.xml")), A: page("<html></html>"), B: page(GOOD)},
        (wire(B, How.NAMED),),
        "",
        [SITE, A, B],
    ),
    "a page that names its comments, too": (
        {SITE: page(names("/comments/feed", "/a.xml")), A: page(GOOD)},
        (wire(A, How.NAMED),),
        "",
        [SITE, A],
    ),
    "a header that names one": (
        {SITE: page("<html></html>", 200, ("link", '</a.xml>; rel="alternate"; type="application/rss+xml"')), A: page(GOOD)},
        (wire(A, How.NAMED),),
        "",
        [SITE, A],
    ),
    "a page that links to one": (
        {SITE: page("<html><a href='/about'>.</a><a href='/rss/all'>.</a></html>"), "https://site.example/rss/all": page(GOOD)},
        (wire("https://site.example/rss/all", How.LINKED),),
        "",
        [SITE, "https://site.example/rss/all"],
    ),
    "a common place": (
        {SITE: page("<html></html>"), "https://site.example/rss": page(GOOD), PLACES[2]: page(GOOD)},
        (wire("https://site.example/rss", How.GUESSED),),
        "",
        [SITE, *PLACES[:2]],
    ),
    "a page that refuses, but a feed that does not": ({SITE: page("", 403), FEED_URL: page(GOOD)}, (wire(FEED_URL, How.GUESSED),), "", [SITE, FEED_URL]),
    "nothing": ({SITE: page("<html><title>S</title></html>")}, (), f"HTML, not a feed: S{NOWHERE}", [SITE, *PLACES]),
    "not found": ({}, (), f"404 Not Found{NOWHERE}", [SITE, *PLACES]),
    "no network": ({SITE: failed(Outcome.TIMEOUT, "the connection timed out")}, (), "the connection timed out", [SITE]),
    "private": (
        {SITE: failed(Outcome.BLOCKED, "10.1.2.3 is a private address")},
        (),
        "10.1.2.3 is a private address; if it is meant: --allow-private 10.1.2.0/24",
        [SITE],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pages", "found", "problem", "asked"), SITES.values(), ids=SITES)
def test_what_is_found_on_a_site(
    web: Web, pages: dict[str, Page | list[Page]], found: tuple[Found, ...], problem: str, asked: list[str]
) -> None:
    web.pages = pages
    told: list[str] = []
    discovered = asyncio.run(discover(SITE, web, web, web, ("10.0.0.0/8",), told.append))
    assert discovered == Discovered(url=SITE, found=found, problem=problem)
    assert (web.asked, told) == (asked, asked)
    assert {request.allow_private for request in web.requests} == {("10.0.0.0/8",)}


def test_a_page_that_names_a_hundred_feeds_is_asked_for_a_few(web: Web) -> None:
    web.pages[SITE] = page(names(*(f"/{n}" for n in range(100))))
    asyncio.run(discover(SITE, web, web, web))
    assert len(web.asked) == 1 + 12 + 6
