"""documents: a publisher, its entries and the hour at which the day starts in, the bytes of its feed out."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from monitor.commands.demo.news_day import Entry, Kind, Publisher

CONTENT_TYPES = {
    Kind.RSS: "application/rss+xml; charset=utf-8",
    Kind.ATOM: "application/atom+xml; charset=utf-8",
    Kind.RDF: "application/rdf+xml; charset=utf-8",
    Kind.JSON: "application/feed+json",
}

BROKEN = b"<!doctype html><html><head><title>Sorry</title></head><body><h1>We will be back soon</h1></body></html>"


def link_of(publisher: Publisher, entry: Entry) -> str:
    return entry.link or f"{publisher.site}/{entry.slug}"


def document(publisher: Publisher, entries: Sequence[Entry], start: datetime) -> bytes:
    """The feed in its publisher's format, utf-8. Equal arguments give equal bytes."""
    return _WRITERS[publisher.kind](publisher, entries, start).encode()


def _published(entry: Entry, start: datetime) -> datetime | None:
    return None if entry.minutes_ago is None else start - timedelta(minutes=entry.minutes_ago)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _rss(publisher: Publisher, entries: Sequence[Entry], start: datetime) -> str:
    def item(entry: Entry) -> str:
        published = _published(entry, start)
        return (
            "<item>"
            + _tag("title", entry.title)
            + _tag("link", link_of(publisher, entry))
            + f'<guid isPermaLink="false">{escape(publisher.feed)}:{escape(entry.slug)}</guid>'
            + _tag("description", entry.summary)
            + _tag("dc:creator", entry.author)
            + _tag("pubDate", format_datetime(published) if published else "")
            + "</item>\n"
        )

    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        + _tag("title", publisher.name)
        + _tag("link", publisher.site)
        + _tag("description", publisher.name)
        + _tag("language", publisher.lang)
        + "\n"
        + "".join(map(item, entries))
        + "</channel></rss>\n"
    )


def _atom(publisher: Publisher, entries: Sequence[Entry], start: datetime) -> str:
    def entry_of(entry: Entry) -> str:
        published = _published(entry, start)
        when = published.isoformat() if published else ""
        author = f"<author>{_tag('name', entry.author)}</author>" if entry.author else ""
        return (
            "<entry>"
            + _tag("title", entry.title)
            + f'<link rel="alternate" href="{escape(link_of(publisher, entry), {chr(34): "&quot;"})}"/>'
            + _tag("id", f"tag:{publisher.feed}.example,2025:{entry.slug}")
            + _tag("summary", entry.summary)
            + author
            + _tag("published", when)
            + _tag("updated", when)
            + "</entry>\n"
        )

    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{publisher.lang}">\n'
        + _tag("title", publisher.name)
        + f'<link href="{publisher.site}"/>'
        + _tag("id", f"tag:{publisher.feed}.example,2025:feed")
        + _tag("updated", start.isoformat())
        + "\n"
        + "".join(map(entry_of, entries))
        + "</feed>\n"
    )


def _rdf(publisher: Publisher, entries: Sequence[Entry], start: datetime) -> str:
    def item(entry: Entry) -> str:
        published = _published(entry, start)
        link = link_of(publisher, entry)
        return (
            f'<item rdf:about="{escape(link)}">'
            + _tag("title", entry.title)
            + _tag("link", link)
            + _tag("description", entry.summary)
            + _tag("dc:creator", entry.author)
            + _tag("dc:date", published.isoformat() if published else "")
            + "</item>\n"
        )

    listed = "".join(f'<rdf:li rdf:resource="{escape(link_of(publisher, entry))}"/>' for entry in entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{publisher.site}">'
        + _tag("title", publisher.name)
        + _tag("link", publisher.site)
        + _tag("description", publisher.name)
        + _tag("dc:language", publisher.lang)
        + f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n"
        + "".join(map(item, entries))
        + "</rdf:RDF>\n"
    )


def _json(publisher: Publisher, entries: Sequence[Entry], start: datetime) -> str:
    def item(entry: Entry) -> dict[str, object]:
        published = _published(entry, start)
        found: dict[str, object] = {
            "id": f"{publisher.feed}:{entry.slug}",
            "url": link_of(publisher, entry),
            "title": entry.title,
            "content_text": entry.summary,
        }
        if published:
            found["date_published"] = published.isoformat()
        if entry.author:
            found["authors"] = [{"name": entry.author}]
        return found

    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": publisher.name,
            "home_page_url": publisher.site,
            "language": publisher.lang,
            "items": [item(entry) for entry in entries],
        },
        ensure_ascii=False,
    )


_WRITERS: dict[Kind, Callable[[Publisher, Sequence[Entry], datetime], str]] = {
    Kind.RSS: _rss,
    Kind.ATOM: _atom,
    Kind.RDF: _rdf,
    Kind.JSON: _json,
}
