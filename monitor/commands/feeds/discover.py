"""discover: the URL of a feed or of a page in, the feeds that are there out. Asks one thing at a time, and no more than it must."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.commands.feeds.signs import newest, private_advice
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Outcome, Response, Validators
from monitor.ports import Clock, Fetch, Parse
from monitor.steps.fetch import request_for
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.decode import decode
from monitor.text import links
from monitor.text.http import status_words

NAMED_MAX = 12  # feeds that a page names, looked at
LINKED_MAX = 6  # links that only look like feeds
TITLES_SHOWN = 3
_OK = 200


class How(StrEnum):
    """How a feed was found."""

    GIVEN = "given"  # the URL is a feed
    NAMED = "named"  # the page names it
    LINKED = "linked"  # the page links to it
    GUESSED = "guessed"  # it is in a common place


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed with what it carries. `url` is the one to write down: permanent redirects are followed."""

    url: str
    how: How
    kind: str
    title: str
    home: str  # the page that it belongs to, '' if it does not say
    lang: str
    entries: int
    newest: datetime | None
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What is at one URL; `problem` says why there is nothing."""

    url: str
    found: tuple[Found, ...] = ()
    problem: str = ""


@dataclass(slots=True, kw_only=True)
class _Search:
    fetch: Fetch
    parse: Parse
    clock: Clock
    allow_private: tuple[str, ...]
    asking: Callable[[str], None]

    async def ask(self, url: str) -> Response | FetchFailure:
        self.asking(url)
        feed = Feed(id=FeedId("new"), url=url, publisher="", allow_private=self.allow_private)
        return await self.fetch.fetch(request_for(feed, Validators()))

    async def read(self, answer: Response, url: str, how: How) -> Found | str:
        """The feed in an answer, or what it is instead."""
        document = Document(body=answer.body, content_type=answer.header("content-type") or "", url=answer.url)
        parsed = await self.parse.parse(document, self.clock.now())
        if isinstance(parsed, ParseFailure):
            return parsed.detail
        return _found(parsed, answer.permanent_url or url, how)

    async def those_of(self, urls: Sequence[str], how: How, *, first: bool = False) -> tuple[Found, ...]:
        """Those of the URLs that are feeds, each document once; `first`: no more than one."""
        found: dict[tuple[str, tuple[str, ...]], Found] = {}
        for url in urls:
            answer = await self.ask(url)
            each = await self.read(answer, url, how) if isinstance(answer, Response) and answer.status == _OK else ""
            if isinstance(each, Found):
                found.setdefault((each.title, each.titles), each)
                if first:
                    break
        return tuple(found.values())


async def discover(
    url: str,
    fetch: Fetch,
    parse: Parse,
    clock: Clock,
    allow_private: tuple[str, ...] = (),
    asking: Callable[[str], None] = lambda _: None,
) -> Discovered:
    """`asking` hears each URL before it is asked."""
    search = _Search(fetch=fetch, parse=parse, clock=clock, allow_private=allow_private, asking=asking)
    answer = await search.ask(url)
    if isinstance(answer, FetchFailure):
        return Discovered(url=url, problem=_refused(answer))
    if answer.status == _OK:
        read = await search.read(answer, url, How.GIVEN)
        if isinstance(read, Found):
            return Discovered(url=url, found=(read,))
        problem = read
    else:
        problem = status_words(answer.status)
    page = decode(answer.body, answer.header("content-type") or "", Complaints())
    headers = [value for name, value in answer.headers if name == "link"]
    told = list(dict.fromkeys([*links.named(page, answer.url), *links.in_headers(headers, answer.url)]))
    found = await search.those_of(_news_first(told)[:NAMED_MAX], How.NAMED)
    if not found:
        others = [each for each in links.linked(page, answer.url) if each not in told]
        found = await search.those_of(others[:LINKED_MAX], How.LINKED)
    if not found:
        found = await search.those_of(links.common_places(answer.url), How.GUESSED, first=True)
    none = f"{problem}; it names no feed, and none is in the common places"
    return Discovered(url=url, found=found, problem="" if found else none)


def _found(parsed: Parsed, url: str, how: How) -> Found:
    """Feeds list the newest at the top, but not all do."""
    latest = sorted(parsed.items, key=lambda item: item.published.timestamp() if item.published else 0, reverse=True)
    return Found(
        url=url,
        how=how,
        kind=parsed.kind,
        title=parsed.title,
        home=parsed.link,
        lang=parsed.lang,
        entries=len(parsed.items),
        newest=newest(parsed),
        titles=tuple(item.title or item.summary for item in latest[:TITLES_SHOWN]),
    )


def _news_first(urls: Sequence[str]) -> list[str]:
    """Without the feeds of comments, unless there is nothing else."""
    news = [url for url in urls if "comment" not in url.lower()]
    return news or list(urls)


def _refused(failure: FetchFailure) -> str:
    if failure.outcome is Outcome.BLOCKED and (advice := private_advice(failure.detail)):
        network = advice.partition("[")[2].rstrip("]")
        return f"{failure.detail}; if it is meant: --allow-private {network}"
    return failure.detail
