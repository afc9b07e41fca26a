"""How a feed is asked, as feeds.yaml says it: what it means, what is refused and where, what is warned about, what is never shown."""

import base64
import subprocess
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import which

import pytest

from monitor.config import ConfigError, load
from monitor.model.connection import Connection, Proxy, Tls
from monitor.model.feed import Feed
from monitor.model.secret import Secret

Write = Callable[[Mapping[str, str | bytes | None]], Path]

CANARY = "c4n4ry-c4n4ry"
ENVIRON = {"TOKEN": CANARY, "PASSWORD": CANARY}
SECRET_FILES = {"secrets/token": f"{CANARY}\n", "secrets/password": f"{CANARY}\r\n"}


def basic(user: str, password: str = CANARY) -> Secret:
    return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def feeds(text: str, defaults: str = "{}") -> dict[str, str | bytes | None]:
    """One feed with these keys, from line 6 on."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return {
        "feeds.yaml": f"defaults: {defaults}\nfeeds:\n  - id: one\n    publisher: One\n    url: https://one.example/rss\n{lines}",
        **SECRET_FILES,
    }


def one(folder: Path) -> Feed:
    (feed,) = load(folder, ENVIRON).feeds
    return feed


HEADERS = {
    "nothing": ("", "{}", ()),
    "headers, by lower-case name": (
        "headers: {X-Api-Key: '${TOKEN}', Accept-Language: uk}",
        "{}",
        (("x-api-key", Secret(CANARY)), ("accept-language", Secret("uk"))),
    ),
    "headers of the defaults": ("", "{headers: {A: b}}", (("a", Secret("b")),)),
    "a feed's own header wins": (
        "headers: {x-a: theirs}",
        "{headers: {X-A: ours, X-B: ours}}",
        (("x-a", Secret("theirs")), ("x-b", Secret("ours"))),
    ),
    "basic from the environment": (
        "basic: {user: me, password: '${PASSWORD}'}",
        "{}",
        (("authorization", basic("me")),),
    ),
    "basic from a file, beyond ASCII": (
        "basic: {user: Zoë, password_file: secrets/password}",
        "{}",
        (("authorization", basic("Zoë")),),
    ),
    "bearer from the environment": ("bearer: ${TOKEN}", "{}", (("authorization", Secret(f"Bearer {CANARY}")),)),
    "bearer from a file": ("bearer_file: secrets/token", "{}", (("authorization", Secret(f"Bearer {CANARY}")),)),
    "bearer wins over the defaults": (
        "bearer: ${TOKEN}",
        "{headers: {Authorization: '${PASSWORD}'}}",
        (("authorization", Secret(f"Bearer {CANARY}")),),
    ),
    "our own name": ("headers: {User-Agent: desk/1}", "{}", (("user-agent", Secret("desk/1")),)),
}


@pytest.mark.parametrize(("text", "defaults", "headers"), HEADERS.values(), ids=HEADERS)
def test_headers(text: str, defaults: str, headers: tuple[tuple[str, Secret], ...], write: Write) -> None:
    assert one(write(feeds(text, defaults))).headers == headers


AUTH = "proxy_auth: {user: me, password: '${PASSWORD}'}"
CONNECTIONS = {
    "nothing": ("", "{}", Connection()),
    "a proxy": ("proxy: http://proxy.lan:3128", "{}", Connection(proxy=Proxy(url="http://proxy.lan:3128"))),
    "a proxy with a slash": ("proxy: http://[::1]:3128/", "{}", Connection(proxy=Proxy(url="http://[::1]:3128"))),
    "a proxy that knows us": (
        f"proxy: http://proxy.lan:3128\n{AUTH}",
        "{}",
        Connection(proxy=Proxy(url="http://proxy.lan:3128", authorization=basic("me"))),
    ),
    "the proxy of the defaults": (
        "",
        "{proxy: 'http://proxy.lan:3128', proxy_auth: {user: me, password_file: secrets/password}}",
        Connection(proxy=Proxy(url="http://proxy.lan:3128", authorization=basic("me"))),
    ),
    "another proxy hears no password of the first": (
        "proxy: http://other.lan:3128",
        f"{{proxy: 'http://proxy.lan:3128', {AUTH}}}",
        Connection(proxy=Proxy(url="http://other.lan:3128")),
    ),
    "no proxy after all": ("proxy: direct", "{proxy: 'http://proxy.lan:3128'}", Connection()),
    "TLS": ("tls: {verify: false, min_version: '1.3'}", "{}", Connection(tls=Tls(verify=False, min_version="1.3"))),
    "a version that YAML reads as a number": ("tls: {min_version: 1.3}", "{}", Connection(tls=Tls(min_version="1.3"))),
    "TLS of the defaults": ("", "{tls: {min_version: 1.3}}", Connection(tls=Tls(min_version="1.3"))),
    "a feed's own TLS replaces it": (
        "tls: {verify: false}",
        "{tls: {min_version: 1.3}}",
        Connection(tls=Tls(verify=False)),
    ),
    "a port": ("allow_ports: [81, 6379]", "{}", Connection(ports=(81, 6379))),
}


@pytest.mark.parametrize(("text", "defaults", "connection"), CONNECTIONS.values(), ids=CONNECTIONS)
def test_connections(text: str, defaults: str, connection: Connection, write: Write) -> None:
    assert one(write(feeds(text, defaults))).connection == connection


@pytest.mark.served
def test_certificates_are_read_from_the_folder(write: Write) -> None:
    folder = write(feeds("tls: {ca_file: tls/ca.pem, cert_file: tls/ca.pem, key_file: tls/ca.key}"))
    _self_signed(folder / "tls")
    paths = {name: str(folder / "tls" / file) for name, file in PEM.items()}
    assert one(folder).connection == Connection(tls=Tls(**paths))


PEM = {"ca_file": "ca.pem", "cert_file": "ca.pem", "key_file": "ca.key"}


def _self_signed(folder: Path) -> None:
    if which("openssl") is None:
        pytest.skip("openssl is missing: TLS is not tested here")
    folder.mkdir()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    plain = ["-nodes", "-keyout", folder / "ca.key", "-out", folder / "ca.pem"]
    locked = ["-passout", "pass:secret", "-keyout", folder / "locked.key", "-out", folder / "locked.pem"]
    for rest in (plain, locked):
        subprocess.run(["openssl", "req", "-x509", *key, *rest, "-subj", "/CN=ca"], check=True, capture_output=True)


PLACE = "feeds.yaml:6:feeds[0]."
MISTAKES = {
    "a header that is none": ("headers: {'a b': c}", "headers.a b: expected the name of an HTTP header"),
    "a header of ours": ("headers: {If-None-Match: c}", "headers.If-None-Match: newsmon sets this header itself"),
    "a header for the proxy": (
        "headers: {Proxy-Authorization: c}",
        "headers.Proxy-Authorization: newsmon sets this header itself",
    ),
    "a header of two lines": (
        'headers: {A: "b\\r\\nC: d"}',
        "headers.A: expected printable ASCII characters on one line",
    ),
    "a header that is a number": ("headers: {A: 1}", "headers.A: expected text, found a number; put it in quotes"),
    "a user with a colon": (
        "basic: {user: 'a:b', password: c}",
        "basic.user: expected a user name of printable characters without a colon",
    ),
    "no password": (
        "basic: {user: a}",
        "basic: give the password either as `password_file: PATH` or as `password: ${NAME}`",
    ),
    "two passwords": (
        "basic: {user: a, password: b, password_file: secrets/password}",
        "basic: give the password either as `password_file: PATH` or as `password: ${NAME}`",
    ),
    "a password of two lines": (
        'basic: {user: a, password: "b\\nc"}',
        "basic.password: expected a password of printable characters on one line",
    ),
    "a password file that is not there": (
        "basic: {user: a, password_file: secrets/no}",
        "basic.password_file: FOLDER/secrets/no: there is no such file",
    ),
    "a token of two words": ("bearer: a b", "bearer: expected a token without spaces"),
    "a token file that is not there": (
        "bearer_file: secrets/tokn",
        "bearer_file: FOLDER/secrets/tokn: there is no such file; is it `token`?",
    ),
    "a proxy by SOCKS": (
        "proxy: socks5://proxy.lan:1080",
        "proxy: SOCKS is not spoken here; an HTTP proxy in front of it (Privoxy, for one) can be named instead",
    ),
    "a proxy without a port": ("proxy: http://proxy.lan", "proxy: expected http://host:port, or direct"),
    "a proxy by https": ("proxy: https://proxy.lan:3128", "proxy: expected http://host:port, or direct"),
    "a proxy with a path": ("proxy: http://proxy.lan:3128/x", "proxy: expected http://host:port, or direct"),
    "a proxy with a user": (
        "proxy: http://a:b@proxy.lan:3128",
        "proxy: a user name or password in a URL; nothing before the host, please",
    ),
    "a proxy's mapping": ("proxy: {url: x}", "proxy: expected text, found a mapping"),
    "TLS of old": ("tls: {min_version: 1.1}", "tls.min_version: expected one of 1.2, 1.3; older ones are not secure"),
    "a CA that is not there": ("tls: {ca_file: ca.pem}", "tls.ca_file: FOLDER/ca.pem: No such file or directory"),
    "a CA that is none": (
        "tls: {ca_file: secrets/token}",
        "tls.ca_file: FOLDER/secrets/token: no certificates in PEM form",
    ),
    "a certificate that is not there": (
        "tls: {cert_file: me.pem}",
        "tls.cert_file: FOLDER/me.pem: No such file or directory",
    ),
    "a key that is not there": (
        "tls: {cert_file: secrets/token, key_file: me.key}",
        "tls.key_file: FOLDER/me.key: No such file or directory",
    ),
    "a certificate that is none": (
        "tls: {cert_file: secrets/token}",
        "tls.cert_file: FOLDER/secrets/token: no certificate and key in PEM form that belong together",
    ),
    "a key of nothing": ("tls: {key_file: me.key}", "tls: a `key_file` without the `cert_file` that it belongs to"),
    "a CA that is not asked": (
        "tls: {verify: false, ca_file: ca.pem}",
        "tls: `verify: false` believes any certificate: leave it out, or the `ca_file`",
    ),
    "a key that TLS does not have": (
        "tls: {verfy: false}",
        "tls.verfy: unknown key; did you mean `verify`?",
    ),
    "a port that is none": ("allow_ports: [0]", "allow_ports[0]: expected 1 or more"),
    "ports that are no list": ("allow_ports: 81", "allow_ports: expected a list, found a number; write [a, b]"),
}


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(folder, ENVIRON)
    (problem,) = str(refused.value).splitlines()
    return problem.replace(f"{folder}/feeds", "feeds").replace(f"{folder}/", "FOLDER/")


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_refused(text: str, expected: str, write: Write) -> None:
    assert refusal(write(feeds(text))) == PLACE + expected


@pytest.mark.served
def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(write: Write) -> None:
    folder = write(feeds("tls: {cert_file: tls/locked.pem, key_file: tls/locked.key}"))
    _self_signed(folder / "tls")
    why = "tls.key_file: FOLDER/tls/locked.key: the key has a password; give one without"
    assert refusal(folder) == PLACE + why


CONTRADICTIONS = {
    "two tokens": ("bearer: a\nbearer_file: secrets/token", "`bearer` and `bearer_file`"),
    "a user and a token": ("bearer: a\nbasic: {user: a, password: b}", "`basic` and `bearer`"),
    "a token and a header": (
        "bearer: a\nheaders: {authorization: b}",
        "`bearer` and the header `Authorization`",
    ),
}


@pytest.mark.parametrize(("text", "ways"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_there_is_one_way_to_say_who_we_are(text: str, ways: str, write: Write) -> None:
    assert refusal(write(feeds(text))) == f"feeds.yaml:3:feeds[0]: {ways} contradict each other; give one of them"


@pytest.mark.parametrize("proxy", ["", "proxy: direct\n"])
def test_who_we_are_to_a_proxy_stands_beside_it(proxy: str, write: Write) -> None:
    words = "feeds.yaml:3:feeds[0]: `proxy_auth` stands beside the `proxy` that it is for"
    assert refusal(write(feeds(f"{proxy}{AUTH}", "{proxy: 'http://proxy.lan:3128'}"))) == words


PORTS = {
    "an unusual one": (81, "[]", False),
    "that is allowed": (81, "[81]", True),
    "another one is": (82, "[81]", False),
    "mail": (25, "[]", False),
    "Redis": (6379, "[]", False),
    "Redis, if you say so": (6379, "[6379]", True),
    "a usual one": (8080, "[]", True),
}


@pytest.mark.parametrize(("port", "allowed", "sound"), PORTS.values(), ids=[f"N14-{name}" for name in PORTS])
def test_ports(port: int, allowed: str, sound: bool, write: Write) -> None:
    line = f"  - {{id: one, publisher: One, url: 'https://one.example:{port}/', allow_ports: {allowed}}}\n"
    folder = write({"feeds.yaml": f"feeds:\n{line}"})
    if sound:
        assert one(folder).url == f"https://one.example:{port}/"
    else:
        why = "this port is not for HTTP as a rule; `allow_ports` with it says that it is here"
        assert refusal(folder) == f"feeds.yaml:2:feeds[0].url: {why}"


OPEN = "the secret itself stands in this file; "
DOUBTS = {
    "secrets from elsewhere": ("headers: {X-Key: '${TOKEN}'}\nbasic: {user: a, password: '${TOKEN}'}", ()),
    "a header that is no secret": ("headers: {Accept-Language: uk}", ()),
    "a secret header": ("headers: {X-Api-Key: a}", ("6:feeds[0].headers.X-Api-Key: " + OPEN + "`${NAME}` keeps it out",)),
    "a password": (
        "basic: {user: a, password: b}",
        ("6:feeds[0].basic.password: " + OPEN + "`password_file` or `${NAME}` keeps it out",),
    ),
    "a token": ("bearer: a", ("6:feeds[0].bearer: " + OPEN + "`bearer_file` or `${NAME}` keeps it out",)),
    "the proxy's password": (
        "proxy: http://a:1\nproxy_auth: {user: a, password: b}",
        ("7:feeds[0].proxy_auth.password: " + OPEN + "`password_file` or `${NAME}` keeps it out",),
    ),
    "N3-nothing is verified": (
        "tls: {verify: false}",
        (
            "6:feeds[0].tls.verify: no certificate is checked: whoever is in between can read and write this feed; a `ca_file` makes it safe",
        ),
    ),
}  # fmt: skip


def warnings(folder: Path) -> tuple[str, ...]:
    return tuple(warning.replace(f"{folder}/feeds.yaml:", "") for warning in load(folder, ENVIRON).warnings)


@pytest.mark.parametrize(("text", "doubts"), DOUBTS.values(), ids=DOUBTS)
def test_doubts(text: str, doubts: tuple[str, ...], write: Write) -> None:
    assert warnings(write(feeds(text))) == doubts


INSIDE = {"everywhere": ("", True), "inside": (", allow_private: [10.0.0.0/8]", False)}


@pytest.mark.parametrize(("more", "told"), INSIDE.values(), ids=INSIDE)
def test_a_password_in_the_clear_is_warned_about(more: str, told: bool, write: Write) -> None:
    line = f"id: one, publisher: One, url: 'http://one.example/', bearer: '${{TOKEN}}'{more}"
    doubt = ("2:feeds[0].bearer: sent over http, where everybody on the way can read it; is there an https URL?",)
    assert warnings(write({"feeds.yaml": f"feeds:\n  - {{{line}}}\n"})) == (doubt if told else ())


def test_a_secret_file_for_everybody_is_warned_about(write: Write) -> None:
    folder = write(feeds("bearer_file: secrets/token"))
    (folder / "secrets/token").chmod(0o644)
    assert [each.endswith("can be read by everybody on this machine; chmod 600") for each in warnings(folder)] == [True]


SHOWN = {
    "as a token": "bearer: ${TOKEN}",
    "as a password": "basic: {user: a, password: '${TOKEN}'}",
    "as a header": "headers: {A: '${TOKEN}'}",
    "as a proxy's password": "proxy: http://a:1\nproxy_auth: {user: a, password: '${TOKEN}'}",
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_a_secret_is_shown_nowhere(text: str, write: Write) -> None:
    shown = repr(load(write(feeds(text)), ENVIRON))
    assert [each in shown for each in (CANARY, basic("a").reveal())] == [False, False]
    with pytest.raises(ConfigError) as refused:
        load(write(feeds(f"{text}\ninterval: x")), ENVIRON)
    assert CANARY not in "".join(traceback.format_exception(refused.value)) + repr(refused.value)
