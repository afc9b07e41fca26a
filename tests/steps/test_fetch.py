"""fetch: what is asked of a feed's server, and what its answer means."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import pytest

from monitor.model.connection import Connection, Proxy, Tls
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import FeedId
from monitor.model.poll import FetchFailure, Outcome, Request, Response, Validators
from monitor.model.secret import Secret
from monitor.steps.fetch import VALIDATOR_CHARS_MAX, Judged, judge, request

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
URL = "https://one.example/rss"
BODY = b"<rss/>"
HASH = blake2b(BODY, digest_size=16).hexdigest()
KNOWN = Validators(etag='"1"', last_modified="Mon, 24 Feb 2025 10:00:00 GMT", body_hash=HASH)
FEED = Feed(id=FeedId("one"), url=URL, publisher="One")
STATE = FeedState(feed_id=FEED.id, next_poll_at=NOW, url=URL, validators=KNOWN, full_at=NOW)
NEVER = FeedState(feed_id=FEED.id, next_poll_at=NOW)


def test_a_request_takes_what_the_feed_says() -> None:
    connection = Connection(tls=Tls(verify=False), proxy=Proxy(url="http://proxy.lan:3128"), ports=(81,))
    feed = Feed(
        id=FeedId("one"),
        url=URL,
        publisher="One",
        timeout=timedelta(seconds=3),
        allow_private=("10.0.0.0/8",),
        headers=(("authorization", Secret("Bearer k3y")),),
        connection=connection,
    )
    asked = request(feed, STATE, NOW)
    assert asked == Request(
        url=URL,
        home=URL,
        headers=asked.headers,
        credentials=(("authorization", "Bearer k3y"),),
        connection=connection,
        timeout=timedelta(seconds=3),
        allow_private=("10.0.0.0/8",),
    )
    assert [name for name, _ in asked.headers] == ["accept", "accept-encoding", "if-none-match", "if-modified-since"]


def response(status: int, *headers: tuple[str, str], body: bytes = b"", conditional: bool = True) -> Response:
    return Response(status=status, reason="", headers=headers, body=body, url=URL, conditional=conditional)


def judged(outcome: Outcome, detail: str, validators: Validators = KNOWN, **more: object) -> Judged:
    return Judged(outcome=outcome, detail=detail, validators=validators, **more)  # type: ignore[arg-type]


NEWER = Validators(etag='"2"', last_modified="Tue, 25 Feb 2025 10:00:00 GMT", body_hash=HASH)
OTHER_HASH = blake2b(b"<rss></rss>", digest_size=16).hexdigest()
UNASKED = "304 Not Modified, although the request named no earlier version"
LONG = "x" * (VALIDATOR_CHARS_MAX + 1)
ANSWERS: dict[str, tuple[Response | FetchFailure, FeedState, Judged]] = {
    "N2-no answer keeps the validators": (
        FetchFailure(outcome=Outcome.NETWORK_ERROR, detail="the server cut the connection"),
        STATE,
        judged(Outcome.NETWORK_ERROR, "the server cut the connection"),
    ),
    "N19-304": (response(304), STATE, judged(Outcome.NOT_MODIFIED, "304 Not Modified")),
    "N19-304 although nothing is known": (
        response(304),
        NEVER,
        judged(Outcome.HTTP_ERROR, UNASKED, Validators()),
    ),
    "N19-304 from a hop that heard no validator": (
        response(304, conditional=False),
        STATE,
        judged(Outcome.HTTP_ERROR, UNASKED),
    ),
    "N19-304 after the URL was changed": (
        response(304),
        FeedState(feed_id=FEED.id, next_poll_at=NOW, url="https://one.example/old", validators=KNOWN),
        judged(Outcome.HTTP_ERROR, UNASKED, Validators()),
    ),
    "N19-the same ETag and a new body": (
        response(200, ("etag", '"1"'), body=b"<rss></rss>"),
        STATE,
        judged(Outcome.NEW, "200 OK", Validators(etag='"1"', body_hash=OTHER_HASH), body=b"<rss></rss>"),
    ),
    "N19-another ETag and the same body": (
        response(200, ("etag", '"2"'), ("last-modified", "Tue, 25 Feb 2025 10:00:00 GMT"), body=BODY),
        STATE,
        judged(Outcome.UNCHANGED, "the same document as before", NEWER),
    ),
    "N19-a weak ETag": (
        response(200, ("etag", 'W/"1"'), body=b"<rss></rss>"),
        STATE,
        judged(Outcome.NEW, "200 OK", Validators(etag='W/"1"', body_hash=OTHER_HASH), body=b"<rss></rss>"),
    ),
    "N19-Last-Modified in the future": (
        response(200, ("last-modified", "Tue, 24 Feb 2099 10:00:00 GMT"), body=b"<rss></rss>"),
        STATE,
        judged(
            Outcome.NEW,
            "200 OK",
            Validators(last_modified="Tue, 24 Feb 2099 10:00:00 GMT", body_hash=OTHER_HASH),
            body=b"<rss></rss>",
        ),
    ),
    "N19-validators that cannot go back": (
        response(200, ("etag", LONG), ("last-modified", "a\x00b"), body=b"<rss></rss>"),
        STATE,
        judged(Outcome.NEW, "200 OK", Validators(body_hash=OTHER_HASH), body=b"<rss></rss>"),
    ),
    "N20-401": (response(401), STATE, judged(Outcome.HTTP_ERROR, "401 Unauthorized")),
    "N20-403": (response(403), STATE, judged(Outcome.HTTP_ERROR, "403 Forbidden")),
    "N20-404": (response(404), STATE, judged(Outcome.HTTP_ERROR, "404 Not Found")),
    "N20-a status that nobody knows": (response(799), STATE, judged(Outcome.HTTP_ERROR, "799")),
    "N20-a redirect to nowhere": (response(302), STATE, judged(Outcome.HTTP_ERROR, "302 Found")),
    "N20-206 of what was asked whole": (response(206), STATE, judged(Outcome.HTTP_ERROR, "206 Partial Content")),
    "N20-407 of a proxy": (response(407), STATE, judged(Outcome.HTTP_ERROR, "407 Proxy Authentication Required")),
    "N20-500": (response(500), STATE, judged(Outcome.HTTP_ERROR, "500 Internal Server Error")),
    "N21-410": (response(410), STATE, judged(Outcome.GONE, "410 Gone")),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "state", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_judged(answer: Response | FetchFailure, state: FeedState, expected: Judged) -> None:
    assert judge(answer, state, FEED, NOW) == expected


DAY = timedelta(days=1)
PAUSES: dict[str, tuple[int, str | None, timedelta | None]] = {
    "N22-429 in seconds": (429, "120", timedelta(seconds=120)),
    "N22-503 in seconds": (503, " 7 ", timedelta(seconds=7)),
    "N22-at a date": (429, "Mon, 24 Feb 2025 12:05:00 GMT", timedelta(minutes=5)),
    "N22-at a date without a zone": (429, "Mon, 24 Feb 2025 12:05:00 -0000", timedelta(minutes=5)),
    "N22-at a date of another zone": (429, "Mon, 24 Feb 2025 14:05:00 +0200", timedelta(minutes=5)),
    "N22-at a date that is past": (429, "Mon, 24 Feb 2025 11:00:00 GMT", None),
    "N22-at once": (429, "0", timedelta()),
    "N22-ten years": (429, "315360000", DAY),
    "N22-a number that no clock holds": (503, "9" * 400, DAY),
    "N22-a date that no calendar holds": (503, "Mon, 24 Feb 99999 12:00:00 GMT", None),
    "N22-the year 9999": (503, "Fri, 31 Dec 9999 23:59:59 GMT", DAY),
    "N22-negative": (429, "-5", None),
    "N22-garbage": (429, "soon", None),
    "N22-other digits": (429, "١٢", None),
    "N22-a fraction": (429, "1.5", None),
    "N22-empty": (429, "", None),
    "N22-none": (429, None, None),
    "N22-404 may not ask for it": (404, "120", None),
    "N22-500 may not ask for it": (500, "120", None),
}


@pytest.mark.parametrize(("status", "header", "pause"), PAUSES.values(), ids=PAUSES)
def test_retry_after(status: int, header: str | None, pause: timedelta | None) -> None:
    headers = () if header is None else (("retry-after", header),)
    verdict = judge(response(status, *headers), STATE, FEED, NOW)
    assert (verdict.outcome, verdict.retry_after) == (Outcome.HTTP_ERROR, pause)
