"""parse: the bytes of a document in, its items and complaints out, or why it is no feed.

May run long and eat memory on hostile bytes: the daemon calls it inside a process that it can kill.
"""

from datetime import datetime

from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, Trim
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.decode import decode
from monitor.steps.parse.detect import Syntax, describe, detect
from monitor.steps.parse.feed import read_feed
from monitor.steps.parse.sitemap import read_sitemap


def parse(document: Document, now: datetime, trim: Trim | None = None) -> Parsed | ParseFailure:
    """Bad news data is a value: a broken date, link or item costs itself and a complaint, never its neighbours.

    With `trim`, entries that `document.seen` names are left out, and all are hashed, where that changes no other entry.
    """
    complaints = Complaints()
    text = decode(document.body, document.content_type, complaints)
    match detect(text):
        case Syntax.EMPTY:
            return ParseFailure(detail="empty body")
        case Syntax.HTML:
            return ParseFailure(detail=describe(text))
        case Syntax.JSON:
            from monitor.steps.parse.json_feed import read_json_feed  # noqa: PLC0415  pydantic: 10 MB that few feeds need

            return read_json_feed(text, base=document.url, now=now, complaints=complaints)
        case Syntax.SITEMAP:
            return read_sitemap(text, base=document.url, now=now, complaints=complaints)
        case Syntax.MARKUP:
            return read_feed(text, base=document.url, now=now, complaints=complaints, seen=document.seen, trim=trim)
