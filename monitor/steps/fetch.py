"""fetch: a Feed and its state in, the Request to send out; then what came of it in, what it means out.

Validators are stored only with a document that was parsed. So a 304 always speaks of a document that was read, also after a
poll whose body could not be: that body's validators were never kept.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.model.feed import Feed, FeedState
from monitor.model.poll import FetchFailure, Outcome, Request, Response, Validators
from monitor.text.http import fresh_for, retry_after, status_words

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
# Neither br nor zstd: the standard library of Python 3.11 has none of them, and the packages that have hand out what one chunk
# holds without a bound. Feeds answer with gzip, which saves nearly as much.
ACCEPT_ENCODING = "gzip, deflate"
HASH_BYTES = 16
VALIDATOR_CHARS_MAX = 1024
FULL_EVERY = timedelta(hours=6)  # at least, whatever validators say: some servers answer 304 for ever

_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_THROTTLED = frozenset({429, 503})  # may bear Retry-After


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer means. A `body` is to be parsed; `validators` are to be kept once it was, or with an unchanged body."""

    outcome: Outcome
    detail: str
    validators: Validators
    body: bytes | None = None
    retry_after: timedelta | None = None
    fresh_for: timedelta | None = None


def request(feed: Feed, state: FeedState, now: datetime) -> Request:
    """The GET of a feed, asking only for what is new since the document that was read last (RFC 9110, section 13)."""
    recent = state.full_at is not None and now - state.full_at < FULL_EVERY
    url = state.moved if state.url == feed.url and state.moved else feed.url
    return request_for(feed, _validators(feed, state) if recent else Validators(), url)


def request_for(feed: Feed, validators: Validators, url: str = "") -> Request:
    """The GET of a feed with these validators; `url` is where it is asked, if that is not its configured URL."""
    headers = [("accept", ACCEPT), ("accept-encoding", ACCEPT_ENCODING)]
    if validators.etag is not None:
        headers.append(("if-none-match", validators.etag))
    if validators.last_modified is not None:
        headers.append(("if-modified-since", validators.last_modified))
    return Request(
        url=url or feed.url,
        home=feed.url,
        headers=tuple(headers),
        credentials=_credentials(feed),
        connection=feed.connection,
        timeout=feed.timeout,
        allow_private=feed.allow_private,
    )


def judge(response: Response | FetchFailure, state: FeedState, feed: Feed, now: datetime) -> Judged:
    """A 200 is judged by its body alone, never by its ETag. `detail` is for a person."""
    known = _validators(feed, state)
    if isinstance(response, FetchFailure):
        return Judged(outcome=response.outcome, detail=response.detail, validators=known)
    words = status_words(response.status)
    fresh = fresh_for(response.header("cache-control"), response.header("expires"), response.header("date"))
    if response.status == _OK:
        return _document(response, known, fresh)
    if response.status == _NOT_MODIFIED:
        asked = response.conditional and (known.etag is not None or known.last_modified is not None)
        if not asked:
            detail = f"{words}, although the request named no earlier version"
            return Judged(outcome=Outcome.HTTP_ERROR, detail=detail, validators=known)
        return Judged(outcome=Outcome.NOT_MODIFIED, detail=words, validators=known, fresh_for=fresh)
    return Judged(
        outcome=Outcome.GONE if response.status == _GONE else Outcome.HTTP_ERROR,
        detail=words,
        validators=known,
        retry_after=retry_after(response.header("retry-after"), now) if response.status in _THROTTLED else None,
    )


def _document(response: Response, known: Validators, fresh: timedelta | None) -> Judged:
    body_hash = blake2b(response.body, digest_size=HASH_BYTES).hexdigest()
    validators = Validators(
        etag=_sendable(response.header("etag")),
        last_modified=_sendable(response.header("last-modified")),
        body_hash=body_hash,
    )
    if body_hash == known.body_hash:
        same = replace(validators, entry_hashes=known.entry_hashes)
        return Judged(outcome=Outcome.UNCHANGED, detail="the same document as before", validators=same, fresh_for=fresh)
    words = status_words(response.status)
    return Judged(outcome=Outcome.NEW, detail=words, validators=validators, body=response.body, fresh_for=fresh)


def _validators(feed: Feed, state: FeedState) -> Validators:
    """Those that belong to the URL as it is configured now."""
    return state.validators if state.url == feed.url else Validators()


def _credentials(feed: Feed) -> tuple[tuple[str, str], ...]:
    """The headers that the feed's owner wrote, to be sent as they are."""
    return tuple((name, secret.reveal()) for name, secret in feed.headers)


def _sendable(validator: str | None) -> str | None:
    """A validator that can go back byte for byte: not the bytes of no text, nor a novel."""
    fit = validator is not None and validator.isprintable() and 0 < len(validator) <= VALIDATOR_CHARS_MAX
    return validator if fit else None
