"""listings: what is tracked, how the feeds fare, what alerted: tables for a person, JSON lines for machines."""

from datetime import timedelta

import typer

from monitor.cli.folder import configuration_of, reading
from monitor.cli.terminal import STATE_STYLES, ago, badge, clock_time, due, print_json, span, styled, table, write
from monitor.cli.times import now as time_now
from monitor.cli.times import since as long_ago

_JSON = typer.Option(False, "--json", help="One JSON object a line.")


def topics(context: typer.Context, as_json: bool = _JSON) -> None:
    """List the topics, and how often each matched within a day and a week.

    newsmon topics
    newsmon topics --json | jq -r .query
    """
    from monitor.adapters.store import matches

    configuration = configuration_of(context)
    now = time_now()
    day: dict[str, int] = {}
    week: dict[str, int] = {}
    if configuration.settings.database.exists():
        with reading(configuration) as read:
            for counts, days in ((day, 1), (week, 7)):
                found = read(lambda tx, days=days: matches.counts_by_topic(tx, now - timedelta(days=days)))  # type: ignore[misc]
                counts.update({topic: sum(each.values()) for topic, each in found.items()})
    shown = table("topic", "severity", "title", "24 h", "7 d", right=("24 h", "7 d"), flexible=("title",))
    for topic in configuration.topics:
        if as_json:
            print_json(
                {
                    "id": topic.id,
                    "title": topic.title,
                    "severity": topic.severity.value,
                    "version": topic.version,
                    "query": topic.query,
                    "matches_24h": day.get(topic.id, 0),
                    "matches_7d": week.get(topic.id, 0),
                }
            )
        counted = (str(day.get(topic.id, 0)), str(week.get(topic.id, 0)))
        shown.add_row(styled(topic.id, "bold"), badge(topic.severity), styled(topic.title), *counted)
    if not as_json:
        write(shown)


def feeds(context: typer.Context, as_json: bool = _JSON) -> None:
    """List the feeds: state in words, last success, last new item, failures, next poll.

    newsmon feeds
    newsmon feeds --json | jq 'select(.state != "ok")'
    """
    from monitor.adapters.store import feeds as stored
    from monitor.steps.schedule import state_word

    configuration = configuration_of(context)
    now = time_now()
    with reading(configuration) as read:
        states = read(stored.all_states)
    columns = ("feed", "state", "last success", "last new item", "failures", "next poll", "every", "what happened")
    shown = table(*columns, right=("failures",), flexible=("what happened",))
    for feed in configuration.feeds:
        state = states.get(feed.id)
        if state is None:
            word, cells = "unknown", ("", "", "", "", "the daemon has not seen this feed yet")
        else:
            word = state_word(feed, state, now).value if state.last_poll_at else "waiting"
            cells = (
                ago(state.last_success_at, now),
                ago(state.last_new_item_at, now),
                str(state.failures),
                due(state.next_poll_at, now),
                f"{span(state.interval)}",
            )
            cells = (*cells, state.last_detail)  # type: ignore[assignment]
        if as_json:
            print_json(
                {
                    "id": feed.id,
                    "publisher": feed.publisher,
                    "url": feed.url,
                    "state": word,
                    "last_outcome": state and state.last_outcome and state.last_outcome.value,
                    "last_detail": state and state.last_detail,
                    "last_success_at": state and state.last_success_at,
                    "last_new_item_at": state and state.last_new_item_at,
                    "failures": state and state.failures,
                    "next_poll_at": state and state.next_poll_at,
                    "interval": state and state.interval,
                }
            )
        padded = cells if state is not None else (*cells[:4], "", cells[4])
        shown.add_row(styled(feed.id, "bold"), styled(word, STATE_STYLES.get(word, "")), *map(styled, padded))
    if not as_json:
        write(shown)


def alerts(
    context: typer.Context,
    topic: str | None = typer.Option(None, "--topic", help="Only alerts of that topic."),
    since: str | None = typer.Option(None, "--since", metavar="SPAN", help="Only what is younger: 90m, 24h, 7d."),
    limit: int = typer.Option(20, "--limit", min=1, max=10_000, help="How many at most."),
    as_json: bool = _JSON,
) -> None:
    """List what alerted, newest first.

    newsmon alerts --since 24h
    newsmon alerts --topic peace-talks --json
    """
    from monitor.adapters.store import alerts as stored
    from monitor.model.ids import TopicId

    configuration = configuration_of(context)
    after = long_ago(since)
    wanted = None if topic is None else TopicId(topic)
    with reading(configuration) as read:
        found = read(lambda tx: stored.latest(tx, limit, topic=wanted, since=after))
    for alert in found:
        if as_json:
            print_json({"id": alert.id, "type": alert.type.value, "created_at": alert.created_at, "data": alert.data})
            continue
        items = alert.data.get("items")
        heading = styled(f"{clock_time(alert.created_at)}  ", "dim") + badge(alert.severity)
        write(
            heading
            + styled(f"  {', '.join(alert.topics) or alert.type.value}", "bold")
            + styled(f"  {alert.id}", "dim")
        )
        if isinstance(message := alert.data.get("message"), str):
            write(styled(f"  {message}"))
        for item in items if isinstance(items, list) else []:
            write(styled(f"  {item['title']} ({item['publisher']})"), styled(f"  {item['link']}", "dim"))
