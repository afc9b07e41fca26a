"""feeds: feeds.yaml, the URLs that are polled, and the subscription lists that it names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from monitor.config.connection import Basic, Connecting, ReadSecret, TlsEntry, Token
from monitor.config.names import Language, Line, Ports, Private, Slug, UrlOnAnyPort
from monitor.config.opml import Outline, ids_of, place
from monitor.config.problems import KeyPath
from monitor.config.section import Section
from monitor.config.units import Duration
from monitor.model.connection import Connection, Proxy
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId
from monitor.model.secret import Secret

OPML_FILES_MAX = 100

_RECENT = Duration("1m", "365d")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPollRule:
    """What the first poll does, and within which span where that matters."""

    kind: FirstPoll = FirstPoll.HOLD
    recent: timedelta = timedelta(hours=6)


def _first_poll(value: object) -> FirstPollRule:
    match value:
        case "hold" | "all":
            return FirstPollRule(kind=FirstPoll(value))
        case {"recent": span, **others} if not others:
            return FirstPollRule(kind=FirstPoll.RECENT, recent=_RECENT.read(span))
        case _:
            raise ValueError("expected hold, all or {recent: 6h}")


FirstPollWord = Annotated[
    FirstPollRule,
    PlainValidator(_first_poll),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [FirstPoll.HOLD.value, FirstPoll.ALL.value]},
                {
                    "type": "object",
                    "properties": {"recent": {"type": "string", "examples": ["6h"]}},
                    "required": ["recent"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Interval = Annotated[timedelta, Duration("1s", "1d")]
Timeout = Annotated[timedelta, Duration("100ms", "30s")]


class FeedDefaults(Connecting):
    """What holds for every feed that does not say otherwise."""

    interval: Interval | None = None
    """How often a feed is polled: never less often while all is well. Left out: learned from how much is new at each poll, at least
    every 30 minutes.
    """
    min_interval: Interval = timedelta(minutes=1)
    """How often a feed may be polled at most, where it brings so much that it would lose items otherwise."""
    timeout: Timeout = timedelta(seconds=30)
    """How long one poll may take, redirects and body included."""
    first_poll: FirstPollWord = FirstPollRule()
    """What the first poll does with what it finds: `hold` it, told in one summary; alert `all`; or alert what is `{recent: 6h}`."""


class FeedEntry(Connecting):
    """A feed: RSS, Atom, RDF, JSON Feed or a news sitemap."""

    id: Slug
    """Its name for good: a changed URL keeps the id, and with it what is known of the feed."""
    url: UrlOnAnyPort
    publisher: Line
    """Who is behind it. Several feeds may have one publisher."""
    title: Line | None = None
    tags: tuple[Line, ...] = ()
    lang: Language | None = None
    """The language of its texts, where the document does not name it: en, uk, pt-BR."""
    interval: Interval | None = None
    min_interval: Interval | None = None
    timeout: Timeout | None = None
    first_poll: FirstPollWord | None = None
    aggregator: bool = False
    """Whether its entries belong to other publishers."""
    allow_private: Annotated[tuple[Private, ...], Field(max_length=100)] = ()
    """Networks, addresses or host names that this feed may reach although they are not public."""
    allow_ports: Ports = ()
    """Ports that this feed may be asked on although other protocols are spoken there."""
    basic: Basic | None = None
    """Who newsmon is to the feed's own server (RFC 7617)."""
    bearer: Token | None = Field(default=None, repr=False)
    """A token for the feed's own server, as `${NAME}` of an environment variable (RFC 6750)."""
    bearer_file: Line | None = None
    """The file that holds that token, relative to the configuration folder."""

    @model_validator(mode="after")
    def _one_of_us(self) -> Self:
        """One way to say who newsmon is."""
        given = {"`basic`": self.basic, "`bearer`": self.bearer, "`bearer_file`": self.bearer_file}
        ways = [way for way, value in given.items() if value is not None]
        ways += ["the header `Authorization`"] if "authorization" in map(str.lower, self.headers) else []
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} contradict each other; give one of them")
        return self


class FeedsFile(Section):
    """The feeds that newsmon polls."""

    defaults: FeedDefaults = FeedDefaults()
    feeds: tuple[FeedEntry, ...]
    opml: Annotated[tuple[Line, ...], Field(max_length=OPML_FILES_MAX)] = ()
    """Subscription lists (OPML) whose feeds are polled, too; paths relative to this folder. What stands under `feeds` as well is taken
    from there.
    """

    def with_outlines(self, outlines: Sequence[Outline]) -> "FeedsFile":
        """The file with the feeds of its lists among its own, those that it lists itself left out."""
        own = {place(entry.url) for entry in self.feeds}
        listed = list({place(each.url): each for each in reversed(outlines) if place(each.url) not in own}.values())[
            ::-1
        ]
        entries = (
            FeedEntry(
                id=id_,
                url=each.url,
                publisher=each.publisher or each.title or urlsplit(each.url).hostname or id_,
                title=each.title or None,
                tags=each.tags,
                lang=each.lang or None,
            )
            for each, id_ in zip(listed, ids_of(listed, (entry.id for entry in self.feeds)), strict=True)
        )
        return self.model_copy(update={"feeds": (*self.feeds, *entries)})

    def connecting(self) -> Iterator[tuple[KeyPath, Connecting]]:
        """The defaults and every feed, each with its place."""
        yield ("defaults",), self.defaults
        for index, entry in enumerate(self.feeds):
            yield ("feeds", index), entry

    def values(self, folder: Path, read: ReadSecret, written: Callable[[KeyPath], str]) -> tuple[Feed, ...]:
        """The same as model values, defaults filled in. Paths are taken from `folder`; `read` is asked for secret files, `written` for
        the text at a place where that names variables.
        """
        usual = self.defaults.through(read, ("defaults",))
        return tuple(
            self._value(index, entry, usual, folder, read, written(("feeds", index, "url")))
            for index, entry in enumerate(self.feeds)
        )

    def _value(
        self, index: int, entry: FeedEntry, usual: Proxy | None, folder: Path, read: ReadSecret, written: str
    ) -> Feed:
        first_poll = entry.first_poll or self.defaults.first_poll
        path: KeyPath = ("feeds", index)
        return Feed(
            id=FeedId(entry.id),
            url=entry.url,
            written=written,
            publisher=entry.publisher,
            title=entry.title or "",
            tags=entry.tags,
            lang=entry.lang or "",
            interval=entry.interval or self.defaults.interval,
            min_interval=entry.min_interval or self.defaults.min_interval,
            timeout=entry.timeout or self.defaults.timeout,
            aggregator=entry.aggregator,
            first_poll=first_poll.kind,
            first_poll_recent=first_poll.recent,
            allow_private=entry.allow_private,
            headers=_headers(self.defaults, entry, path, read),
            connection=Connection(
                tls=(entry.tls or self.defaults.tls or TlsEntry()).value(folder),
                proxy=usual if entry.proxy is None else entry.through(read, path),
                ports=entry.allow_ports,
            ),
        )


def _headers(usual: FeedDefaults, entry: FeedEntry, path: KeyPath, read: ReadSecret) -> tuple[tuple[str, Secret], ...]:
    """The headers of the defaults, those of the feed and what says who we are: by lower-case name, the later ones win."""
    headers = {name.lower(): Secret(value) for name, value in {**usual.headers, **entry.headers}.items()}
    if entry.basic is not None:
        authorization = entry.basic.value(read, (*path, "basic"))
    elif entry.bearer_file is not None:
        token = read((*path, "bearer_file"), entry.bearer_file)
        authorization = token and Secret(f"Bearer {token.reveal()}")
    else:
        authorization = Secret(f"Bearer {entry.bearer}") if entry.bearer is not None else None
    return tuple({**headers, **({"authorization": authorization} if authorization is not None else {})}.items())
