"""fetcher: what is not public is not dialled, however it is written, resolved or redirected to."""

import asyncio
from datetime import timedelta
from ipaddress import IPv6Address
from typing import Any

import pytest
from wire import FEED, LOOPBACK, Serve, answer, asked, fetched, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.adapters.http.names import system_lookup
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


# How a host may be written that is not public; what a name resolves to, None where the system reads the number itself.
FORMS: dict[str, tuple[str, list[str] | None]] = {
    # IPv4
    "loopback": ("127.0.0.1", None),
    "loopback, the resolver's": ("127.0.0.53", None),
    "loopback, the last": ("127.255.255.254", None),
    "this machine": ("0.0.0.0", None),
    "this network": ("0.1.2.3", None),
    "private, A": ("10.0.0.1", None),
    "private, B": ("172.16.0.1", None),
    "private, C": ("192.168.0.1", None),
    "the provider's": ("100.64.0.1", None),
    "link-local": ("169.254.0.1", None),
    "for protocols": ("192.0.0.8", None),
    "for documentation, 1": ("192.0.2.1", None),
    "for documentation, 2": ("198.51.100.1", None),
    "for documentation, 3": ("203.0.113.1", None),
    "6to4 relay": ("192.88.99.1", None),
    "for benchmarks": ("198.18.0.1", None),
    "multicast": ("224.0.0.1", None),
    "reserved": ("240.0.0.1", None),
    "broadcast": ("255.255.255.255", None),
    # metadata of clouds
    "metadata: AWS, Google, DigitalOcean": ("169.254.169.254", None),
    "metadata: AWS, containers": ("169.254.170.2", None),
    "metadata: AWS, IPv6": ("[fd00:ec2::254]", None),
    "metadata: Alibaba": ("100.100.100.200", None),
    "metadata: Oracle": ("192.0.0.192", None),
    "metadata: Azure": ("168.63.129.16", None),
    "metadata: Google, by name": ("metadata.google.internal", ["169.254.169.254"]),
    # IPv6
    "IPv6 loopback": ("[::1]", None),
    "IPv6 loopback, in full": ("[0:0:0:0:0:0:0:1]", None),
    "IPv6 unspecified": ("[::]", None),
    "IPv4-compatible": ("[::127.0.0.1]", None),
    "IPv4-mapped": ("[::ffff:127.0.0.1]", None),
    "IPv4-mapped, hexadecimal": ("[::ffff:7f00:1]", None),
    "IPv4-mapped, in full": ("[0:0:0:0:0:FFFF:7F00:0001]", None),
    "IPv4-mapped metadata": ("[::ffff:a9fe:a9fe]", None),
    "IPv4-translated": ("[::ffff:0:127.0.0.1]", None),
    "NAT64": ("[64:ff9b::7f00:1]", None),
    "NAT64, dotted": ("[64:ff9b::127.0.0.1]", None),
    "NAT64, private": ("[64:ff9b::10.0.0.1]", None),
    "NAT64, a local prefix": ("[64:ff9b:1::7f00:1]", None),
    "6to4": ("[2002:7f00:1::]", None),
    "Teredo": ("[2001:0:4136:e378:8000:63bf:3fff:fdd2]", None),
    "IPv6 link-local": ("[fe80::1]", None),
    "IPv6 link-local with a zone": ("[fe80::1%25lo]", None),
    "IPv6 loopback with a zone": ("[::1%25lo]", None),
    "IPv6 site-local": ("[fec0::1]", None),
    "IPv6 private, fc": ("[fc00::1]", None),
    "IPv6 private, fd": ("[fd00::1]", None),
    "IPv6 multicast": ("[ff02::1]", None),
    "IPv6 for documentation": ("[2001:db8::1]", None),
    "IPv6 for documentation, new": ("[3fff::1]", None),
    "IPv6 segment routing": ("[5f00::1]", None),
    "IPv6 discard": ("[100::1]", None),
    "IPv6 not given out": ("[4000::1]", None),
    # numbers
    "decimal": ("2130706433", None),
    "decimal metadata": ("2852039166", None),
    "octal": ("017700000001", None),
    "octal parts": ("0177.0.0.1", None),
    "octal parts with zeros": ("00000177.0.0.1", None),
    "octal metadata": ("0251.0376.0251.0376", None),
    "hexadecimal": ("0x7f000001", None),
    "hexadecimal, upper case": ("0X7F000001", None),
    "hexadecimal parts": ("0x7f.0x0.0x0.0x1", None),
    "hexadecimal metadata": ("0xa9fea9fe", None),
    "a mixture": ("127.0x0.0.01", None),
    "short, two parts": ("127.1", None),
    "short, three parts": ("127.0.1", None),
    "short, private": ("10.1", None),
    "zero": ("0", None),
    "zero, hexadecimal": ("0x0", None),
    # letters and digits that are others
    "full-width digits": ("１２７.０.０.１", None),
    "circled digits": ("①②⑦.⓪.⓪.①", None),
    "ideographic full stops": ("127。0。0。1", None),
    "full-width letters": ("ｌｏｃａｌｈｏｓｔ", ["127.0.0.1"]),
    "circled letters": ("ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", ["127.0.0.1"]),
    # names
    "localhost": ("localhost", ["127.0.0.1", "::1"]),
    "localhost, upper case": ("LOCALHOST", ["127.0.0.1"]),
    "localhost with a dot": ("localhost.", ["127.0.0.1"]),
    "below localhost": ("a.localhost", ["127.0.0.1"]),
    "an address with a dot": ("127.0.0.1.", ["127.0.0.1"]),
    "a name that holds an address": ("127.0.0.1.nip.example", ["127.0.0.1"]),
    "a name of the network": ("nas.example", ["192.168.1.5"]),
    "a name of many private addresses": ("many.example", ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "169.254.169.254"]),
    "a name of a mapped address": ("mapped.example", ["::ffff:127.0.0.1"]),
    "a name of a NAT64 address": ("nat64.example", ["64:ff9b::7f00:1"]),
    "a name of a zone": ("zone.example", ["fe80::1%lo"]),
}  # fmt: skip


@pytest.mark.parametrize("redirected", [False, True], ids=["directly", "by a redirect"])
@pytest.mark.parametrize(("host", "addresses"), FORMS.values(), ids=[f"N13-{name}" for name in FORMS])
def test_nothing_is_dialled_for_it(
    serve: Serve, dialled: list[Any], host: str, addresses: list[str] | None, redirected: bool
) -> None:
    """Seen by the interpreter, not by the guard: no connect() but to the server that redirects."""

    def lookup(name: str) -> list[str]:
        return system_lookup(name) if addresses is None else addresses

    async def run() -> tuple[str, int, list[Any]]:
        async with serve(answer(body=FEED)) as trap:
            url = f"http://{host}:{trap.port}/"
            async with serve(to(url), host="127.0.0.2") as start:
                async with Fetcher(user_agent="newsmon/test", lookup=lookup) as fetcher:
                    first = start.url if redirected else url
                    result = await fetcher.fetch(Request(url=first, allow_private=("127.0.0.2/32",)))
                return words(result)[0], trap.accepted, [("127.0.0.2", start.port)] if redirected else []

    outcome, accepted, expected = asyncio.run(run())
    assert (outcome, accepted, dialled) == ("blocked", 0, expected)


def test_the_witness_sees_what_is_dialled(serve: Serve, dialled: list[Any]) -> None:
    _, wire = fetched(serve, answer(body=FEED))
    assert dialled == [("127.0.0.1", wire.port)]


def test_n12_what_was_looked_up_is_what_is_dialled(serve: Serve, dialled: list[Any]) -> None:
    """One lookup a poll: none comes between the check and the connection that could answer otherwise."""
    answers = [["127.0.0.2"], ["127.0.0.1"]]

    async def run() -> tuple[list[tuple[str, str]], int]:
        async with serve(answer(body=FEED), host="127.0.0.2") as wire:
            async with Fetcher(user_agent="newsmon/test", lookup=lambda _: answers.pop(0)) as fetcher:
                request = Request(url=f"http://rebind.example:{wire.port}/", allow_private=("127.0.0.2/32",))
                return [words(await fetcher.fetch(request)) for _ in range(2)], wire.port

    results, port = asyncio.run(run())
    assert results == [("answer", "200"), ("blocked", "127.0.0.1 is a loopback address")]
    assert (dialled, answers) == ([("127.0.0.2", port)], [])
