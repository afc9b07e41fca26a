"""news_day: one day of news as plain values: who publishes, what is listed when, what must be told and what must not.

The day is 24 February 2025, the third anniversary of Russia's full-scale invasion of Ukraine. Publishers and wording are
invented, the events are not. Links stand under `.example`, which no name server will ever answer for (RFC 6761).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The format in which a publisher lists its entries."""

    RSS = "rss20"
    ATOM = "atom10"
    RDF = "rss10"
    JSON = "json11"


class Trouble(StrEnum):
    """What a feed answers instead of its document."""

    UNAVAILABLE = "unavailable"  # 503
    BROKEN = "broken"  # 200, and the body is a page of apologies


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who is behind a feed. `host` is the loopback address that its feed has for itself: one host is never polled twice at once."""

    feed: str
    name: str
    kind: Kind
    lang: str
    site: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One wording of one entry. `topics` are those of the shipped pack that these words match."""

    slug: str
    title: str
    summary: str
    minutes_ago: int | None = None  # when the demo starts; None: the publisher gives no date
    link: str = ""  # empty: the publisher's own, by slug
    author: str = ""
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of the day. `listed` puts entries on top of their feeds; an entry with a known slug is reworded where it stands."""

    name: str
    about: str
    listed: Mapping[str, tuple[Entry, ...]]
    troubles: Mapping[str, tuple[Trouble, ...]] = field(
        default_factory=dict
    )  # answered once each, then the feed recovers
    told: tuple[Entry, ...] = ()  # in the words in which each must arrive


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsDay:
    """The whole day. The first stage is what the feeds list when the daemon starts: its baseline."""

    publishers: tuple[Publisher, ...]
    stages: tuple[Stage, ...]
    refused_once: str  # the title of the alert that the receiver refuses the first time

    def listed(self, feed: str, upto: int) -> tuple[Entry, ...]:
        """The entries of a feed, newest first, as they stand in stage `upto`."""
        entries: dict[str, Entry] = {}
        for stage in self.stages[: upto + 1]:
            added = {entry.slug: entry for entry in stage.listed.get(feed, ())}
            reworded = {slug: added.pop(slug) for slug in entries.keys() & added.keys()}
            entries = added | {slug: reworded.get(slug, entry) for slug, entry in entries.items()}
        return tuple(entries.values())


NATO, MINERALS, TALKS = "nato-membership", "minerals-deal", "peace-talks"
GUARANTEES, LEADERSHIP = "security-guarantees", "leadership-and-elections"
AIR, SUPPORT = "air-attacks", "european-support"

WIRE = Publisher(
    feed="continental-wire",
    name="Continental Wire",
    kind=Kind.RSS,
    lang="en",
    site="https://continental-wire.example",
    host="127.0.0.11",
)
LEDGER = Publisher(
    feed="morning-ledger",
    name="The Morning Ledger",
    kind=Kind.ATOM,
    lang="en",
    site="https://morning-ledger.example",
    host="127.0.0.12",
)
ELBE = Publisher(
    feed="elbwarte",
    name="Elbwarte",
    kind=Kind.RDF,
    lang="de",
    site="https://elbwarte.example",
    host="127.0.0.13",
)
VARTA = Publisher(
    feed="rankova-varta",
    name="Ранкова варта",
    kind=Kind.RSS,
    lang="uk",
    site="https://rankova-varta.example",
    host="127.0.0.14",
)
HARBOUR = Publisher(
    feed="harbour-and-state",
    name="Harbour & State",
    kind=Kind.JSON,
    lang="en",
    site="https://harbour-and-state.example",
    host="127.0.0.15",
)
MERIDIAN = Publisher(
    feed="meridian-post",
    name="Meridian Post",
    kind=Kind.RSS,
    lang="en",
    site="https://meridian-post.example",
    host="127.0.0.16",
)

# What stands in the feeds already.

RIYADH = Entry(
    slug="riyadh-talks",
    title="US and Russian officials hold talks in Riyadh on ending war in Ukraine, without Kyiv",
    summary="The American and Russian foreign ministers met in Saudi Arabia last Tuesday. Ukraine was not at the table and says "
    "that it will accept no settlement made behind its back.",
    minutes_ago=8_100,
    author="Staff",
    topics=frozenset({TALKS}),
)
GERMAN_VOTE = Entry(
    slug="bundestagswahl",
    title="Union gewinnt die Bundestagswahl, die Koalitionssuche beginnt",
    summary="Die Wahlbeteiligung war die höchste seit der Wiedervereinigung.",
    minutes_ago=700,
)
HALF_TRILLION = Entry(
    slug="half-a-trillion",
    title="Washington presses Ukraine to sign over half its mineral revenues",
    summary="Kyiv has refused a first draft of the minerals deal: it asked for 500 billion dollars and offered nothing in return.",
    minutes_ago=1_600,
    author="M. Ferrante",
    topics=frozenset({MINERALS}),
)
VIGIL = Entry(
    slug="vigil",
    title="Candles in Kyiv on the eve of the third anniversary",
    summary="Thousands gathered on Sunday evening to remember the dead.",
    minutes_ago=600,
)
HARBOUR_FEES = Entry(
    slug="harbour-fees",
    title="Container lines warn of new harbour fees",
    summary="Three carriers say that they will pass the charge on from April.",
    minutes_ago=900,
)
COCOA = Entry(
    slug="cocoa",
    title="Cocoa slips from its record as rain returns to West Africa",
    summary="Traders expect a better mid-crop.",
    minutes_ago=1_000,
)
SCHOOLS = Entry(
    slug="schools",
    title="У Дніпрі відкрили ще одну підземну школу",
    summary="Навчатися під землею зможуть пʼятсот дітей.",
    minutes_ago=1_300,
)

# What the day brings.

OFFER = Entry(
    slug="zelensky-offers-to-resign",
    title="Zelensky offers to resign in exchange for NATO membership for Ukraine",
    summary="“If you need me to leave this chair, I am ready to do that, and I can exchange it for NATO membership for Ukraine,” "
    "the Ukrainian president told reporters in Kyiv. He said that the peace talks with Russia must not go on without Ukraine.",
    minutes_ago=42,
    author="Staff",
    topics=frozenset({NATO, TALKS, LEADERSHIP}),
)
OFFER_UK = Entry(
    slug="zelenskyi-nato",
    title="Зеленський готовий залишити посаду в обмін на вступ України до НАТО",
    summary="Президент заявив про це на пресконференції в Києві напередодні третьої річниці вторгнення.",
    minutes_ago=38,
    topics=frozenset({NATO, LEADERSHIP}),
)
SUDAN = Entry(
    slug="sudan-nairobi",
    title="Sudan's paramilitaries and allies sign charter in Nairobi as peace talks stall",
    summary="Mediators say that ceasefire negotiations between the army and the Rapid Support Forces are no closer.",
    minutes_ago=35,
)
LIVE = Entry(
    slug="live-24-february",
    title="Monday in brief: what to watch today",
    summary="Our correspondents follow the day from Kyiv, Brussels and Washington.",
    author="The desk",
)
DRONES = Entry(
    slug="record-drones",
    title="Russia launches record drone attack on Ukraine on the eve of the anniversary",
    summary="The air force in Kyiv counted 267 drones in one night, more than ever since the invasion began.",
    minutes_ago=30,
    topics=frozenset({AIR}),
)
OFFER_REPRINTED = Entry(
    slug="reprint-zelensky-offers-to-resign",
    title="Zelensky offers to resign in exchange for NATO membership for Ukraine",
    summary="“If you need me to leave this chair, I am ready to do that, and I can exchange it for NATO membership for Ukraine,” "
    "the Ukrainian president told reporters in Kyiv.",
    minutes_ago=25,
    link=f"{WIRE.site}/{OFFER.slug}?utm_source=morning-ledger&utm_medium=rss",
    author="Continental Wire",
    topics=frozenset({NATO, LEADERSHIP}),
)
IRAN = Entry(
    slug="iran-geneva",
    title="Iran und Europäer setzen Atomgespräche in Genf fort",
    summary="Die Verhandlungen über das Atomprogramm gehen in die nächste Runde.",
    minutes_ago=22,
)
LIVE_REWORDED = Entry(
    slug="live-24-february",
    title="Monday in brief: Ukraine says minerals deal with US is nearly done",
    summary="A deputy prime minister in Kyiv calls the negotiations very constructive, with nearly all key details settled.",
    author="The desk",
    topics=frozenset({MINERALS}),
)
RARE_EARTHS = Entry(
    slug="seltene-erden",
    title="USA drängen Ukraine zu Abkommen über seltene Erden und Rohstoffe",
    summary="Kiew verlangt Sicherheitsgarantien, bevor es unterschreibt.",
    minutes_ago=15,
    topics=frozenset({MINERALS, GUARANTEES}),
)
SUMMIT = Entry(
    slug="summit-6-march",
    title="EU leaders called to special summit on Ukraine on 6 March",
    summary="The meeting in Brussels is to decide on more European support for Ukraine and on European defence.",
    minutes_ago=12,
    author="Brussels bureau",
    topics=frozenset({SUPPORT}),
)
GAZA = Entry(
    slug="gaza-second-phase",
    title="Gaza ceasefire talks on second phase have yet to begin",
    summary="Mediators from Egypt and Qatar meet both delegations in Cairo.",
    minutes_ago=10,
)
MACRON = Entry(
    slug="macron-washington",
    title="Macron in Washington: any peace deal for Ukraine must come with security guarantees",
    summary="The French president told Donald Trump that peace cannot mean the surrender of Ukraine; European peacekeepers could "
    "be deployed once a ceasefire with Russia holds.",
    minutes_ago=6,
    author="Washington bureau",
    topics=frozenset({TALKS, GUARANTEES}),
)
UN_VOTE = Entry(
    slug="un-votes",
    title="UN General Assembly backs Ukraine's resolution, 93 to 18, with the US voting against",
    summary="Sixty-five countries abstained. Hours later the Security Council adopted a shorter American text.",
    minutes_ago=3,
)

NEWS_DAY = NewsDay(
    publishers=(WIRE, LEDGER, ELBE, VARTA, HARBOUR, MERIDIAN),
    stages=(
        Stage(
            name="Daybreak",
            about="newsmon starts. What the feeds list already is its baseline: matched, kept, told in one summary.",
            listed={
                WIRE.feed: (VIGIL, RIYADH),
                LEDGER.feed: (HALF_TRILLION,),
                ELBE.feed: (GERMAN_VOTE,),
                VARTA.feed: (SCHOOLS,),
                HARBOUR.feed: (HARBOUR_FEES,),
                MERIDIAN.feed: (COCOA,),
            },
        ),
        Stage(
            name="The offer",
            about="One item concerns several topics and is told once; Sudan's talks are not this war's; Meridian Post goes down.",
            listed={
                WIRE.feed: (OFFER,),
                VARTA.feed: (OFFER_UK,),
                LEDGER.feed: (SUDAN,),
                HARBOUR.feed: (LIVE,),
                MERIDIAN.feed: (DRONES,),
            },
            troubles={MERIDIAN.feed: (Trouble.UNAVAILABLE, Trouble.BROKEN)},
            told=(OFFER, OFFER_UK, DRONES),
        ),
        Stage(
            name="The reprint and the edit",
            about="The Morning Ledger reprints the Wire's story under the same link; Harbour & State rewrites a headline.",
            listed={LEDGER.feed: (OFFER_REPRINTED,), ELBE.feed: (IRAN,), HARBOUR.feed: (LIVE_REWORDED,)},
            told=(LIVE_REWORDED,),
        ),
        Stage(
            name="The bargain and the summit",
            about="Elbwarte reports in German; the receiver refuses one alert the first time.",
            listed={ELBE.feed: (RARE_EARTHS,), WIRE.feed: (GAZA, SUMMIT)},
            told=(RARE_EARTHS, SUMMIT),
        ),
        Stage(
            name="Evening",
            about="Macron is in Washington, the United Nations vote.",
            listed={LEDGER.feed: (MACRON,), WIRE.feed: (UN_VOTE,)},
            told=(MACRON,),
        ),
    ),
    refused_once=RARE_EARTHS.title,
)
