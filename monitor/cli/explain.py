"""explain: what became of an item at every step, told like a colleague would."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from monitor.cli.clauses import hanging, lacking, look, plain, tree
from monitor.cli.folder import configuration_of, reading
from monitor.cli.terminal import FOUND_PROBLEMS, ago, badge, below, clock_time, print_json, styled, write
from monitor.cli.times import now as time_now

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitor.commands.explain import Explained, Unseen
    from monitor.model.severity import Severity
    from monitor.model.topic import Match

_TOLD = {
    "first_match": "alerted",
    "matched_after_edit": "alerted after an edit",
    "matched_in_other_feed": "alerted: another feed's wording matched",
    "late": "alerted late, in a batch",
    "backtest": "alerted by a backtest, in a batch",
    "baseline": "held: it was there at the first poll, and told in the summary",
    "no_route": "told nobody: no route takes this topic at its severity",
}


def explain(
    context: typer.Context,
    word: str = typer.Argument(metavar="URL-OR-ID", help="URL or id of an item, id of an alert or of a delivery."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object an item, one a line, with every clause."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Clause by clause for topics that do not match, too."),
) -> None:
    """Tell what became of an item at every step: seen? matched? alerted? delivered?

    And what today's topics say of it: of those that match each clause with
    its words, of the others what was missing. For a URL that no feed listed:
    the feeds of that site, and how they are.

      newsmon explain https://www.example.org/world/article-1
      newsmon explain msg_0123456789 --verbose
    """
    from monitor.commands.explain import Unseen, explain_word

    configuration = configuration_of(context)
    with reading(configuration) as read:
        found = explain_word(word, configuration, read)
    if isinstance(found, Unseen):
        _unseen(word, found, as_json=as_json)
        raise typer.Exit(FOUND_PROBLEMS)
    for each in found:
        if as_json:
            print_json(_plain(each))
        else:
            write(*_lines(each), *_today(each, verbose=verbose))


def _unseen(word: str, unseen: "Unseen", *, as_json: bool) -> None:
    from monitor.text.redact import feed_url

    now = time_now()
    if as_json:
        known = [
            {
                "id": feed.id,
                "url": feed_url(feed),
                "last_poll_at": state and state.last_poll_at,
                "detail": state and state.last_detail,
            }
            for feed, state in unseen.feeds
        ]
        print_json({"seen": False, "asked": word, "domain": unseen.domain, "feeds": known})
        return
    write(styled(f"No feed has listed {word}.", "bold"))
    if not unseen.feeds:
        write(styled(f"No feed of {unseen.domain or 'that site'} is configured; add one to feeds.yaml."))
    for feed, state in unseen.feeds:
        polled = (
            "was never polled" if state is None else f"was polled {ago(state.last_poll_at, now)}: {state.last_detail}"
        )
        write(below(styled(f"{feed.id} {polled}"), 2))


def _lines(explained: "Explained") -> "Iterator[RenderableType]":
    """What became of it, step by step."""
    stored = explained.stored
    yield styled(stored.item.title, "bold")
    yield below(styled(f"{stored.publisher}  {stored.item.link}", "dim"), 2)
    seen = f"seen {clock_time(stored.first_seen)} in {stored.feed_id} ({stored.why})"
    yield below(styled(f"{seen}, published {clock_time(stored.item.published)}"), 2)
    if stored.updated_at is not None:
        yield below(styled(f"edited {clock_time(stored.updated_at)}"), 2)
    for feed, at in explained.seen_in:
        yield below(styled(f"listed by {feed} until {clock_time(at)}"), 2)
    configured = {today.topic.id: today.topic.severity for today in explained.today}
    for each in explained.matches:
        words = ", ".join(dict.fromkeys(span.text for span in each.match.spans))
        told = _TOLD[each.decision]
        yield below(styled(f"{each.match.topic_id} (version {each.match.topic_version}): {told}", "green"), 2)
        yield below(styled(f"by {each.match.clause}", "dim"))
        yield below(styled(f"words: {words}"))
        if each.match.escalation:
            yield below(styled(_escalated(each.match, configured.get(each.match.topic_id)), "bold"))
    if not explained.matches:
        yield below(styled("matched no topic when it was seen", "yellow"), 2)
    for record in explained.deliveries:
        delivery = record.delivery
        yield below(styled(f"delivery {delivery.id} to {delivery.receiver_id}: {delivery.state}"), 2)
        for attempt in record.history:
            what = f"{clock_time(attempt.at)} {attempt.answer.outcome} {attempt.answer.detail}"
            yield below(styled(f"{attempt.number}. {what}"))


def _today(explained: "Explained", *, verbose: bool) -> "Iterator[RenderableType]":
    """What today's topics say: those that match first, and clause by clause."""
    shown = look()
    item = explained.stored.item
    yield styled("  What today's topics say:")
    for today in explained.today:
        if today.match is not None:
            head = styled("").append(today.topic.id, "bold cyan").append("  ").append_text(badge(today.match.severity))
            if today.match.escalation:
                escalated = _escalated(today.match, today.topic.severity)
                head.append_text(styled(escalated.removeprefix(today.match.severity)))
            yield hanging(head, shown.mark(holds=True), 4)
            yield from tree(today.told, item, shown, 6)
    for today in explained.today:
        if today.match is None:
            line = styled("").append(today.topic.id, "cyan").append_text(styled(f"  no: {lacking(today.told)}", "dim"))
            yield hanging(line, shown.mark(holds=False), 4)
            if verbose:
                yield from tree(today.told, item, shown, 6)


def _escalated(match: "Match", configured: "Severity | None") -> str:
    """What escalated a match. Its topic may be gone by now, or louder than it was."""
    from monitor.steps.alert import in_words

    if configured is None or configured.rank >= match.severity.rank:
        return f"{match.severity}, escalated because {match.escalation}"
    return in_words(match.severity, configured, match.escalation)


def _plain(explained: "Explained") -> dict[str, object]:
    stored = explained.stored
    return {
        "seen": True,
        "id": stored.id,
        "title": stored.item.title,
        "link": stored.item.link,
        "publisher": stored.publisher,
        "feed": stored.feed_id,
        "why": stored.why.value,
        "first_seen": stored.first_seen,
        "updated_at": stored.updated_at,
        "seen_in": [{"feed": feed, "listed_at": at} for feed, at in explained.seen_in],
        "matches": [
            {
                "topic": each.match.topic_id,
                "version": each.match.topic_version,
                "decision": each.decision.value,
                "severity": each.match.severity.value,
                "escalation": each.match.escalation,
                "clause": each.match.clause,
                "words": [span.text for span in each.match.spans],
                "alert_id": each.alert_id,
            }
            for each in explained.matches
        ],
        "deliveries": [
            {
                "id": record.delivery.id,
                "receiver": record.delivery.receiver_id,
                "state": record.delivery.state.value,
                "attempts": [
                    {"at": each.at, "outcome": each.answer.outcome.value, "detail": each.answer.detail}
                    for each in record.history
                ],
            }
            for record in explained.deliveries
        ],
        "today": [
            {
                "topic": today.topic.id,
                "matches": today.match is not None,
                "severity": today.match and today.match.severity.value,
                "escalation": today.match.escalation if today.match else "",
                "clauses": plain(today.told),
            }
            for today in explained.today
        ],
    }
