"""told: how the feeds fare, as a table with what is to know below it; one feed's whole story; JSON lines for machines."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.feeds.named import named
from monitor.cli.folder import configuration_of, reading
from monitor.cli.terminal import (
    BAD_USAGE,
    STATE_STYLES,
    ago,
    clock_time,
    due,
    listing,
    plural,
    print_json,
    refuse,
    say,
    stdout,
    styled,
    table,
    write,
)
from monitor.cli.times import now as time_now
from monitor.text.redact import feed_url, led_to
from monitor.text.spans import span

if TYPE_CHECKING:
    from monitor.commands.feeds.words import Fares
    from monitor.model.feed import Feed, FeedState

FAILING = typer.Option(False, "--failing", help="Only feeds that fail, are stale or gone.")
STATE = typer.Option(None, "--state", metavar="STATE", help="Only feeds in that state; may be given several times.")
JSON = typer.Option(False, "--json", help="One JSON object a line, with everything that is known.")

_FAILING = ("failing", "stale", "gone")
_HIDDEN = "-"
_COLUMNS = ("feed", "state", "success", "new item", "polled every", "known", "lost", "failed", "next")
_NARROW = tuple(name for name in _COLUMNS if name not in {"known", "lost"})
_WIDTH_OF_ALL = 100  # of a terminal; a narrower one has no room for all of them beside the ids


def list_(
    context: typer.Context, failing: bool = FAILING, state: list[str] | None = STATE, as_json: bool = JSON
) -> None:
    """List the feeds: state, last success, last new item, pace and why, and in words whatever is wrong.

    `known` is the share of the last document that was listed before: the less,
    the sooner items could be lost between two polls. `lost` counts how often
    they may have been. A terminal of less than 100 columns has no room for these
    two.

      newsmon feeds list --failing
      newsmon feeds list --state paused --state gone
      newsmon feeds list --json | jq 'select(.rolloffs > 0) | .id'
    """
    from monitor.adapters.store import feeds as stored
    from monitor.commands.feeds.words import STATES, fares

    for each in state or ():
        if each not in STATES:
            refuse(f"there is no state {each}: expected {listing(STATES, 'or')}", BAD_USAGE)
    wanted = {*(state or ()), *(_FAILING if failing else ())}
    configuration = configuration_of(context)
    now = time_now()
    with reading(configuration) as read:
        states = read(stored.all_states)
    told = [(feed, states.get(feed.id)) for feed in configuration.feeds]
    rows = [
        (feed, state, fared) for feed, state in told if (fared := fares(feed, state, now)).word in wanted or not wanted
    ]
    if as_json:
        for row in rows:
            print_json(_plain(*row))
        return
    _page(rows, now)
    counts = ", ".join(f"{count} {word}" for word in STATES if (count := sum(fared.word == word for *_, fared in rows)))
    say(f"{plural(len(rows), 'feed')}" + (f": {counts}" if rows else ""))


def show(
    context: typer.Context,
    feed_id: str = typer.Argument(metavar="ID"),
    as_json: bool = typer.Option(False, "--json", help="One JSON object."),
) -> None:
    """Show the whole story of one feed: how it fares and why, its pace, its last document.

    newsmon feeds show bbc-world
    """
    from monitor.adapters.store import feeds as stored
    from monitor.commands.feeds.words import fares

    configuration = configuration_of(context)
    (feed,) = named(configuration, [feed_id])
    now = time_now()
    with reading(configuration) as read:
        state = read(lambda tx: stored.get(tx, feed.id))
    fared = fares(feed, state, now)
    if as_json:
        print_json(_plain(feed, state, fared))
        return
    write(styled(feed.id, "bold") + styled(f"  {fared.sentence}", STATE_STYLES.get(fared.word, "")))
    grid = table("", "", flexible=("",))
    grid.show_header = False
    for name, words in _story(feed, state, fared, now):
        grid.add_row(styled(f"  {name}", "dim"), styled(words))
    write(grid)


def _page(rows: "Iterable[tuple[Feed, FeedState | None, Fares]]", now: datetime) -> None:
    from monitor.commands.feeds.words import PACES

    columns = _COLUMNS if stdout().width >= _WIDTH_OF_ALL else _NARROW
    shown = table(*columns, right=("known", "lost", "failed"), flexible=("feed",))
    below = []
    for feed, state, fared in rows:
        word = styled(fared.word, STATE_STYLES.get(fared.word, ""))
        if state is None or state.last_poll_at is None:
            cells = ("", "", "", "", "", "", "" if state is None else _next(state, now))
        else:
            cells = (
                _short(state.last_success_at, now),
                _short(state.last_new_item_at, now),
                f"{span(state.interval)} {PACES[state.pace][0]}",
                _share(state.learned.overlap),
                str(state.learned.rolloffs or ""),
                str(state.failures or ""),
                _next(state, now),
            )
        row = dict(zip(_COLUMNS, (styled(feed.id, "bold"), word, *map(styled, cells)), strict=True))
        shown.add_row(*(row[name] for name in columns))
        reason = [fared.sentence] if fared.reason and fared.word not in {"unknown", "waiting"} else []
        below += [styled(f"{feed.id}: ", "bold") + styled(line) for line in (*reason, *fared.hints)]
    write(shown)
    if below:
        write("", *below)


def _short(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else span(now - moment)


def _next(state: "FeedState", now: datetime) -> str:
    if state.paused_at is not None:
        return _HIDDEN
    return "now" if state.next_poll_at <= now else span(state.next_poll_at - now)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _story(feed: "Feed", state: "FeedState | None", fared: "Fares", now: datetime) -> Iterator[tuple[str, str]]:
    yield "publisher", feed.publisher + (f", {feed.title}" if feed.title else "")
    yield "url", feed_url(feed)
    about = (", ".join(feed.tags), feed.lang, "entries belong to other publishers" if feed.aggregator else "")
    yield from (("tags", each) for each in about if each)
    if state is None or state.last_poll_at is None:
        if state is not None and state.paused_at is None:
            yield "next poll", due(state.next_poll_at, now)
        return
    yield from _polls(state, now)
    yield from _pace(feed, state, now)
    for index, hint in enumerate(fared.hints):
        yield "" if index else "to know", hint
    for index, complaint in enumerate(state.complaints):
        yield "" if index else "complaints", complaint


def _polls(state: "FeedState", now: datetime) -> Iterator[tuple[str, str]]:
    def moment(at: datetime | None) -> str:
        return "never" if at is None else f"{ago(at, now)} ({clock_time(at)})"

    outcome = state.last_outcome.value.replace("_", " ") if state.last_outcome else ""
    yield "last poll", ", ".join(filter(None, (moment(state.last_poll_at), outcome, state.last_detail)))
    yield "last success", moment(state.last_success_at)
    yield "last new item", moment(state.last_new_item_at)
    yield "first read", moment(state.baseline_at)
    if state.failures:
        yield "failures", f"{state.failures} in a row"
    if state.paused_at is None:
        yield "next poll", due(state.next_poll_at, now)
    given = [
        name
        for name, value in (("ETag", state.validators.etag), ("Last-Modified", state.validators.last_modified))
        if value
    ]
    yield "validators", listing(given) or "none: every poll costs a whole document"


def _pace(feed: "Feed", state: "FeedState", now: datetime) -> Iterator[tuple[str, str]]:
    from monitor.commands.feeds.words import PACES

    learned = state.learned
    yield "polled", f"every {span(state.interval)}: {PACES[state.pace][1]}"
    told = [] if feed.interval is None else [f"{span(feed.interval)} written"]
    told += [
        f"{span(length)} {name}" for length, name in ((learned.pace, "learned"), (learned.hint, "asked for")) if length
    ]
    if told:
        yield "pace", ", ".join(told)
    if learned.skip:
        yield "wish", f"its publisher asks not to be polled at {learned.skip} (UTC; shown, not obeyed)"
    if learned.listed:
        known = "" if learned.overlap is None else f", {_share(learned.overlap)} of them known before"
        yield "document", f"{plural(learned.listed, 'entry', 'entries')}{known}"
    lost = (
        "never"
        if learned.rolled_off_at is None
        else f"{learned.rolloffs} times, last {ago(learned.rolled_off_at, now)}"
    )
    yield "lost items", lost
    if learned.longest_gap:
        yield "silences", f"the longest of {learned.gaps} was {span(learned.longest_gap)}"


def _plain(feed: "Feed", state: "FeedState | None", fared: "Fares") -> dict[str, Any]:
    """Everything, under the same names whether the feed was polled or not."""

    def of(name: str) -> Any:
        return None if state is None else getattr(state, name)

    learned = state.learned if state is not None else None
    return {
        "id": feed.id,
        "publisher": feed.publisher,
        "title": feed.title,
        "url": feed_url(feed),
        "tags": feed.tags,
        "lang": feed.lang,
        "state": fared.word,
        "reason": fared.reason,
        "hints": fared.hints,
        "last_outcome": state and state.last_outcome and state.last_outcome.value,
        "last_detail": of("last_detail"),
        "last_poll_at": of("last_poll_at"),
        "last_success_at": of("last_success_at"),
        "last_new_item_at": of("last_new_item_at"),
        "baseline_at": of("baseline_at"),
        "failures": of("failures"),
        "gone_count": of("gone_count"),
        "paused_at": of("paused_at"),
        "next_poll_at": of("next_poll_at"),
        "interval": of("interval"),
        "configured_interval": feed.interval,
        "pace": state and state.pace.value,
        "learned_interval": learned and learned.pace,
        "hint": learned and learned.hint,
        "skip": learned and learned.skip,
        "overlap": learned and learned.overlap,
        "entries": learned and learned.listed,
        "rolloffs": learned and learned.rolloffs,
        "rolled_off_at": learned and learned.rolled_off_at,
        "longest_gap": learned and learned.longest_gap,
        "moved_to": state and led_to(state.moved_to, feed),
        "etag": state and state.validators.etag,
        "last_modified": state and state.validators.last_modified,
        "complaints": of("complaints"),
    }
