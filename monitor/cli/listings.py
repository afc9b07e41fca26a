"""listings: what is tracked, what alerted: tables for a person, JSON lines for machines."""

from datetime import timedelta

import typer

from monitor.cli.folder import configuration_of, reading
from monitor.cli.terminal import badge, clock_time, print_json, styled, table, write
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
