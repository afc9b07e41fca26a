"""fetcher: redirects are followed as far as they may lead, and only who was meant hears what was meant for him."""

import asyncio
from datetime import timedelta
from ipaddress import IPv6Address

import pytest
from wire import FEED, LOOPBACK, Reply, Serve, answer, fetched, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Request, Response

REDIRECTS: dict[str, tuple[list[bytes], str, str | None]] = {
    "N10-301": ([to("/new", "301 Moved")], "/new", "/new"),
    "N10-308 then 301": ([to("/a", "308 Moved"), to("b", "301 Moved")], "/b", "/b"),
    "302": ([to("/new")], "/new", None),
    "301 then 307": ([to("/a", "301 Moved"), to("/b", "307 Later")], "/b", None),
    "303": ([to("/new", "303 See Other")], "/new", None),
    "a space in it": ([to("/a b")], "/a%20b", None),
    "a fragment": ([to("/a#top")], "/a", None),
    "five": ([to(f"/{n}") for n in range(5)], "/4", None),
}


@pytest.mark.parametrize(("hops", "final", "permanent"), REDIRECTS.values(), ids=REDIRECTS)
def test_redirects_are_followed(serve: Serve, hops: list[bytes], final: str, permanent: str | None) -> None:
    result, wire = fetched(serve, *hops, answer(body=FEED))
    assert isinstance(result, Response)
    assert (result.status, result.url, result.permanent_url) == (
        200,
        wire.url + final,
        permanent and wire.url + permanent,
    )


def test_the_sixth_redirect_is_one_too_many(serve: Serve) -> None:
    result, wire = fetched(serve, *(to(f"/{n}") for n in range(6)), answer(body=FEED))
    assert words(result) == ("redirect_error", "more than 5 redirects")
    assert len(wire.asked) == 6


def test_a_redirect_without_a_target_is_an_answer(serve: Serve) -> None:
    result, _ = fetched(serve, answer("302 Found"))
    assert words(result) == ("answer", "302")


FAILURES: dict[str, tuple[Reply, str, str]] = {
    "N9-to a file": (
        to("file:///etc/passwd"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9-to gopher": (
        to("gopher://127.0.0.1/x"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9-to javascript": (
        to("javascript:alert(1)"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9-to itself": (to("/feed"), "redirect_error", "the redirects go in a circle"),
    "N11-to this machine": (to("http://0.0.0.0/"), "blocked", "0.0.0.0 is an address of this machine"),
    "N11-to the cloud": (to("http://169.254.169.254/latest"), "blocked", "169.254.169.254 is a link-local address"),
    "N11-to a mapped address": (
        to("http://[::ffff:a00:1]/"),
        "blocked",
        f"{IPv6Address('::ffff:a00:1')} stands for 10.0.0.1, a private address",
    ),
    "N13-to a number": (to("http://2130706433/"), "blocked", "the URL names no host that can be dialled"),
    "N14-with a user": (
        to("http://me:secret@127.0.0.1/"),
        "redirect_error",
        "a redirect was not followed: a user name or password in the URL",
    ),
    "N14-to the mail port": (
        to("http://127.0.0.1:25/"),
        "redirect_error",
        "a redirect was not followed: port 25 is not for HTTP",
    ),
    "N14-with a backslash": (
        to("http://a.example\\@127.0.0.1/"),
        "redirect_error",
        "a redirect was not followed: white space, a control character or a backslash in the URL",
    ),
    "to no URL": (to("http://[oops/"), "redirect_error", "a redirect to what is no URL"),
}


@pytest.mark.parametrize(("reply", "outcome", "detail"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_has_a_word(serve: Serve, reply: Reply, outcome: str, detail: str) -> None:
    timeout = timedelta(seconds=0.5 if outcome == "timeout" else 5)
    result, _ = fetched(serve, reply, timeout=timeout)
    assert words(result) == (outcome, detail)


HEADERS = (
    ("Accept", "application/atom+xml"),
    ("Accept-Encoding", "gzip, deflate"),
    ("If-None-Match", '"1"'),
    ("X-Api-Key", "key"),
    ("Authorization", "Basic x"),
)


def test_headers_are_sent_as_they_are(serve: Serve) -> None:
    _, wire = fetched(serve, answer(body=FEED), headers=HEADERS)
    sent = wire.headers(0)
    assert {name.lower(): value for name, value in HEADERS}.items() <= sent.items()
    assert sent["user-agent"] == "newsmon/test"
    assert {"cookie", "referer"}.isdisjoint(sent)


def test_n17_another_origin_hears_no_key_and_no_condition(serve: Serve) -> None:
    async def run() -> tuple[Response | FetchFailure, dict[str, str], dict[str, str]]:
        async with serve(answer(body=FEED)) as there, serve(to(f"{there.url}/x")) as here:
            async with Fetcher(user_agent="newsmon/test") as fetcher:
                result = await fetcher.fetch(Request(url=here.url, headers=HEADERS, allow_private=LOOPBACK))
            return result, here.headers(0), there.headers(0)

    result, here, there = asyncio.run(run())
    assert isinstance(result, Response)
    assert {"x-api-key", "authorization", "if-none-match"} <= set(here)
    assert {"x-api-key", "authorization", "if-none-match"}.isdisjoint(there)
    assert (there["accept"], there["accept-encoding"]) == ("application/atom+xml", "gzip, deflate")
    assert result.conditional is False


def test_n16_no_cookie_comes_back(serve: Serve) -> None:
    redirect = answer("302 Found", "Location: /two", "Set-Cookie: a=1; Path=/")
    _, wire = fetched(serve, redirect, answer("200 OK", "Set-Cookie: b=2", body=FEED))
    assert "cookie" not in wire.headers(1)
