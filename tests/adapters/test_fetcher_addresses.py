"""fetcher: what is not public is not dialled, however it is written, resolved or redirected to."""

import asyncio
from datetime import timedelta
from ipaddress import IPv6Address

import pytest
from wire import FEED, LOOPBACK, Serve, answer, asked, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Request, Response


def nobody(host: str) -> list[str]:
    raise AssertionError(f"{host} was looked up")


NEVER_DIALLED = {
    "N13-a number": ("http://2130706433/", "the URL names no host that can be dialled"),
    "N13-octal": ("http://0177.0.0.1/", "the URL names no host that can be dialled"),
    "N13-short": ("http://127.1/", "the URL names no host that can be dialled"),
    "N13-zero": ("http://0/", "the URL names no host that can be dialled"),
    "N13-full-width digits": ("http://１２７.0.0.1/", "127.0.0.1 is a loopback address"),
    "N13-circled digits": ("http://①②⑦.0.0.1/", "127.0.0.1 is a loopback address"),
    "N13-loopback": ("http://127.0.0.1:8080/", "127.0.0.1 is a loopback address"),
    "N13-loopback of IPv6": ("http://[::1]/", "::1 is a loopback address"),
    "N13-with a zone": ("http://[fe80::1%25lo]/", "fe80::1%25lo is a link-local address"),
    "N11-mapped": (
        "http://[::ffff:7f00:1]/",
        f"{IPv6Address('::ffff:7f00:1')} stands for 127.0.0.1, a loopback address",
    ),
    "no host": ("http:///feed", "a URL without a host"),
    "another scheme": ("ftp://a.example/", "a URL that is not http or https"),
    "a password": ("http://me:secret@a.example/", "a user name or password in the URL"),
    "port 0": ("http://a.example:0/", "port 0 is not for HTTP"),
    "a line break": ("http://a.example/\r\nX: y", "white space, a control character or a backslash in the URL"),
}


@pytest.mark.parametrize(("url", "detail"), NEVER_DIALLED.values(), ids=NEVER_DIALLED)
def test_what_is_not_public_is_not_dialled(url: str, detail: str) -> None:
    assert words(asked(url, lookup=nobody)) == ("blocked", detail)


@pytest.mark.parametrize("url", ["http://0x7f000001/", "http://localhost/", "http://LOCALHOST/"])
def test_n13_names_of_this_machine_are_not_dialled(url: str) -> None:
    outcome, detail = words(asked(url))
    assert (outcome, detail.endswith("is a loopback address")) == ("blocked", True)


def test_n12_a_name_that_changes_is_not_dialled_where_it_leads(serve: Serve) -> None:
    """The second lookup answers otherwise than the first: the socket is opened to what was checked, or not at all."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def run() -> tuple[Response | FetchFailure, int]:
        async with serve(to("http://rebind.example:{port}/two")) as wire:
            async with Fetcher(user_agent="newsmon/test", lookup=lambda _: answers.pop(0)) as fetcher:
                url = f"http://rebind.example:{wire.port}/"
                return await fetcher.fetch(Request(url=url, allow_private=("127.0.0.1/32",))), wire.accepted

    result, accepted = asyncio.run(run())
    assert words(result) == ("blocked", "127.0.0.2 is a loopback address")
    assert accepted == 1


def test_n12_of_mixed_answers_only_what_may_be_dialled_is(serve: Serve) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(answer(body=FEED)) as wire:
            addresses = ["10.0.0.1", "127.0.0.2", "127.0.0.1", "fd00::1"]
            async with Fetcher(user_agent="newsmon/test", lookup=lambda _: addresses) as fetcher:
                url = f"http://mixed.example:{wire.port}/"
                return await fetcher.fetch(
                    Request(url=url, allow_private=("127.0.0.1/32",), timeout=timedelta(seconds=2))
                )

    assert words(asyncio.run(run())) == ("answer", "200")


def test_a_host_name_allows_what_it_resolves_to_for_its_own_feed_alone(serve: Serve) -> None:
    async def run() -> list[tuple[str, str]]:
        async with (
            serve(answer(body=FEED)) as wire,
            Fetcher(user_agent="newsmon/test", lookup=lambda _: ["127.0.0.1"]) as fetcher,
        ):
            urls = [f"http://rsshub:{wire.port}/", f"http://other:{wire.port}/", f"http://rsshub:{wire.port}/"]
            allowed = [("rsshub",), ("rsshub",), ()]
            asked = zip(urls, allowed, strict=True)
            return [words(await fetcher.fetch(Request(url=url, allow_private=names))) for url, names in asked]

    blocked = ("blocked", "127.0.0.1 is a loopback address")
    assert asyncio.run(run()) == [("answer", "200"), blocked, blocked]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "localhost"])
def test_n15_newsmon_does_not_read_itself(serve: Serve, host: str) -> None:
    async def run() -> tuple[tuple[str, str], int, int]:
        async with (
            serve(answer(body=FEED)) as wire,
            Fetcher(user_agent="newsmon/test", own_addresses=[(host, wire.port)]) as fetcher,
        ):
            request = Request(url=wire.url, allow_private=LOOPBACK)
            return words(await fetcher.fetch(request)), wire.accepted, wire.port

    result, accepted, port = asyncio.run(run())
    assert (result, accepted) == (("blocked", f"127.0.0.1 port {port} is newsmon itself"), 0)
