"""signs: what a feed answered in; what is to be said of it, each in a sentence with a word for programs, out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from monitor.commands.check import suggested
from monitor.model.feed import Feed
from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import FetchFailure, Outcome, Response
from monitor.steps.fetch import Judged
from monitor.steps.parse.detect import Syntax, detect
from monitor.text.redact import feed_url, led_to
from monitor.text.spans import span
from monitor.text.urls import registrable_domain

BODY_BYTES_MAX = 10 * 2**20  # what one poll may cost (steps and adapters hold it)
ENTRIES_MAX = 5_000
NEAR = 0.5  # of a limit
OLD = timedelta(days=30)  # of the newest entry
BARE_BYTES_MIN = 20 * 2**10  # from which a document should travel compressed
OTHERS_MIN = 3  # domains that the entries lead to, for a feed to look like an aggregator ...
OTHERS_SHARE = 0.5  # ... and the share of the entries that do
_NOT_MODIFIED = 304
_OK = 200


class Weight(StrEnum):
    PROBLEM = "problem"  # the feed cannot be read
    WARNING = "warning"  # it can, but something should be changed, or may cost items
    NOTE = "note"  # good to know


class Sign(StrEnum):
    """What was seen: a closed set."""

    UNREACHABLE = "unreachable"
    PRIVATE = "private"
    TLS = "tls"
    REFUSED = "refused"  # an answer that is no document
    NOT_A_FEED = "not_a_feed"
    EMPTY = "empty"
    OLD = "old"
    MOVED = "moved"
    REDIRECTED = "redirected"
    NO_VALIDATORS = "no_validators"
    VALIDATORS_IGNORED = "validators_ignored"
    SECOND_FAILED = "second_failed"
    NOT_COMPRESSED = "not_compressed"
    UNDATED = "undated"
    NO_GUIDS = "no_guids"
    GUIDS_REPEATED = "guids_repeated"
    GUIDS_CHANGE = "guids_change"
    AGGREGATOR = "aggregator"
    COMPLAINT = "complaint"
    TRUNCATED = "truncated"
    NEAR_LIMIT = "near_limit"
    SLOW = "slow"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    weight: Weight
    sign: Sign
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a feed answered: first to a plain request, then to one with validators."""

    feed: Feed
    first: Response | FetchFailure
    judged: Judged
    read: Parsed | ParseFailure | None = None  # the first document
    second: Response | FetchFailure | None = None
    again: Parsed | None = None  # the second document, where it differs

    @property
    def parsed(self) -> Parsed | None:
        return self.read if isinstance(self.read, Parsed) else None

    @property
    def honoured(self) -> bool | None:
        """Whether a request with validators was answered by 304; None where there was none."""
        given = self.judged.validators.etag or self.judged.validators.last_modified
        if self.parsed is None or not given or not isinstance(self.second, Response):
            return None
        return self.second.status == _NOT_MODIFIED

    @property
    def compression(self) -> str:
        return "" if isinstance(self.first, FetchFailure) else self.first.header("content-encoding") or ""


def findings(visit: Visit, now: datetime) -> list[Finding]:
    """Everything that is to be said, worst first."""
    found = [*_answer(visit), *_redirects(visit), *_document(visit, now), *_courtesy(visit), *_limits(visit)]
    return sorted(found, key=lambda finding: list(Weight).index(finding.weight))


def newest(parsed: Parsed) -> datetime | None:
    return max((item.published for item in parsed.items if item.published is not None), default=None)


def private_advice(detail: str) -> str:
    """What to add to a feed whose address the guard has refused in these words; '' where nothing helps."""
    if "newsmon itself" in detail:
        return ""
    for word in detail.replace(",", " ").split():
        try:
            ip_address(word)
        except ValueError:
            continue
        return f"allow_private: [{suggested(word)}]"
    return ""


def _answer(visit: Visit) -> Iterator[Finding]:
    outcome, detail = visit.judged.outcome, visit.judged.detail
    if outcome is Outcome.BLOCKED:
        advice = private_advice(detail)
        yield _problem(Sign.PRIVATE, detail + (f"; add {advice} to this feed, if it is meant" if advice else ""))
    elif outcome is Outcome.TLS_ERROR:
        yield _problem(Sign.TLS, detail)
    elif isinstance(visit.first, FetchFailure):
        yield _problem(Sign.UNREACHABLE, detail)
    elif outcome is Outcome.GONE:
        yield _problem(Sign.REFUSED, f"{detail}: it is gone for good; remove it, or find its new place")
    elif not outcome.good:
        yield _problem(Sign.REFUSED, detail)
    elif isinstance(visit.read, ParseFailure):
        is_page = detect(visit.first.body.decode(errors="replace").lstrip()) is Syntax.HTML
        advice = f"; `newsmon feeds add {feed_url(visit.feed)}` looks for the feeds of that page" if is_page else ""
        yield _problem(Sign.NOT_A_FEED, visit.read.detail + advice)


def _redirects(visit: Visit) -> Iterator[Finding]:
    first = visit.first
    if isinstance(first, FetchFailure) or first.url == visit.feed.url:
        return
    if first.permanent_url:
        yield _warning(Sign.MOVED, f"moved permanently to {led_to(first.permanent_url, visit.feed)}: change its url")
    else:
        yield _note(Sign.REDIRECTED, f"answered by {led_to(first.url, visit.feed)}, by a redirect that may change")


def _document(visit: Visit, now: datetime) -> Iterator[Finding]:
    parsed = visit.parsed
    if parsed is None:
        return
    for complaint in parsed.complaints:
        yield _warning(Sign.COMPLAINT, complaint)
    if not parsed.items:
        yield _warning(Sign.EMPTY, "it lists no entries")
        return
    latest = newest(parsed)
    if latest is not None and now - latest > OLD:
        yield _warning(Sign.OLD, f"its newest entry is {span(now - latest)} old: is this still the right feed?")
    undated = sum(item.published is None for item in parsed.items)
    if undated:
        yield _note(
            Sign.UNDATED,
            f"{_of(undated, parsed.items)} without a date that can be believed: their time is when they are seen",
        )
    yield from _guids(visit, parsed)
    yield from _others(visit.feed, parsed)
    hints = (
        ("ttl", timedelta(minutes=parsed.ttl_minutes) if parsed.ttl_minutes else None),
        ("sy:update", parsed.update_every),
    )
    for name, pause in (*hints, ("its headers", visit.judged.fresh_for)):
        if pause:
            yield _note(Sign.HINT, f"asks for a pause of {span(pause)} between polls ({name})")


def _guids(visit: Visit, parsed: Parsed) -> Iterator[Finding]:
    missing = sum(not item.guid for item in parsed.items)
    if missing:
        yield _note(Sign.NO_GUIDS, f"{_of(missing, parsed.items)} without a guid: link and text tell them apart")
    counts = Counter(item.guid for item in parsed.items if item.guid)
    repeated = [guid for guid, count in counts.items() if count > 1]
    if repeated:
        example = f", such as {repeated[0][:80]}"
        yield _note(
            Sign.GUIDS_REPEATED,
            f"{len(repeated)} guids stand for several entries each{example}: link and text tell them apart",
        )
    if visit.again is not None:
        before = {item.link: item.guid for item in parsed.items if item.link and item.guid}
        changed = sum(before.get(item.link, item.guid) != item.guid for item in visit.again.items)
        if changed:
            yield _note(
                Sign.GUIDS_CHANGE,
                f"{_of(changed, visit.again.items)} had another guid a moment later: link and text tell them apart",
            )


def _others(feed: Feed, parsed: Parsed) -> Iterator[Finding]:
    """Whether the entries belong to other publishers."""
    if feed.aggregator:
        return
    own = {registrable_domain(feed.url), registrable_domain(parsed.link)}
    led = Counter(
        domain for item in parsed.items if (domain := registrable_domain(item.source_url or item.link)) not in own
    )
    led.pop("", None)
    if len(led) >= OTHERS_MIN and led.total() >= OTHERS_SHARE * len(parsed.items):
        names = ", ".join(domain for domain, _ in led.most_common(OTHERS_MIN))
        yield _warning(
            Sign.AGGREGATOR,
            f"its entries belong to {len(led)} other publishers ({names}, …): add aggregator: true, so that they are counted as those",
        )


def _courtesy(visit: Visit) -> Iterator[Finding]:
    """What each poll costs the publisher and us."""
    if visit.parsed is None or isinstance(visit.first, FetchFailure):
        return
    size = len(visit.first.body)
    validators = visit.judged.validators
    if not (validators.etag or validators.last_modified):
        yield _note(Sign.NO_VALIDATORS, f"gives no validators: every poll costs the whole document, {_size(size)}")
    elif visit.honoured is False and isinstance(visit.second, Response) and visit.second.status == _OK:
        same = "the same document" if visit.again is None else "a changed document"
        yield _note(
            Sign.VALIDATORS_IGNORED,
            f"gives validators, but does not honour them: asked with them, it sent {same} again",
        )
    elif visit.honoured is not True:
        detail = (
            visit.second.detail
            if isinstance(visit.second, FetchFailure)
            else f"status {visit.second.status}"
            if visit.second
            else ""
        )
        yield _warning(Sign.SECOND_FAILED, f"asked a second time, it failed: {detail}")
    if not visit.compression and size >= BARE_BYTES_MIN:
        yield _note(Sign.NOT_COMPRESSED, f"sent without compression: {_size(size)}")


def _limits(visit: Visit) -> Iterator[Finding]:
    parsed, first = visit.parsed, visit.first
    if parsed is None or isinstance(first, FetchFailure):
        return
    if parsed.truncated:
        yield _warning(Sign.TRUNCATED, f"{parsed.truncated:,} entries beyond the limit of {ENTRIES_MAX:,} are left out")
    elif len(parsed.items) > ENTRIES_MAX * NEAR:
        yield _warning(Sign.NEAR_LIMIT, f"{len(parsed.items):,} entries; beyond {ENTRIES_MAX:,} they are left out")
    if len(first.body) > BODY_BYTES_MAX * NEAR:
        yield _warning(
            Sign.NEAR_LIMIT, f"{_size(len(first.body))}; beyond {BODY_BYTES_MAX // 2**20} MiB it is not read"
        )
    if first.elapsed > visit.feed.timeout * NEAR:
        yield _warning(Sign.SLOW, f"it took {span(first.elapsed)}; beyond {span(visit.feed.timeout)} a poll fails")


def _of(count: int, items: tuple[Item, ...]) -> str:
    return f"all {count} entries" if count == len(items) else f"{count} of {len(items)} entries"


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{max(1, count // 2**10)} KiB"


def _problem(sign: Sign, text: str) -> Finding:
    return Finding(weight=Weight.PROBLEM, sign=sign, text=text)


def _warning(sign: Sign, text: str) -> Finding:
    return Finding(weight=Weight.WARNING, sign=sign, text=text)


def _note(sign: Sign, text: str) -> Finding:
    return Finding(weight=Weight.NOTE, sign=sign, text=text)
