"""try: a folder of hostile files. Each has an outcome; no exception, no connection, and memory within bounds."""

import gzip
import json
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

GROWTH_MIB_MAX = 256

# Every process of it runs this, the workers as well, and writes down whom it looks up or connects to (PEP 578).
RUN = """
import json, os, resource, sys

WITNESS = os.open("witness", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def see(event, arguments):
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        os.write(WITNESS, f"{event} {arguments}\\n".encode())

sys.addaudithook(see)
os.write(WITNESS, b"seen\\n")

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

if __name__ == "__main__":
    import monitor.adapters.fetcher, monitor.adapters.parse_pool, monitor.cli.try_, monitor.config
    from typer.testing import CliRunner
    from monitor.cli.main import app
    before = peak()
    result = CliRunner().invoke(app, ["try", *sys.argv[1:]])
    print(json.dumps({
        "status": result.exit_code,
        "problems": result.stderr.splitlines(),
        "shown": result.stdout.splitlines(),
        "raised": None if isinstance(result.exception, SystemExit) else repr(result.exception),
        "witnessed": open("witness").read().split("\\n"),
        "growth": peak() - before,
    }))
"""


def rss(entries: str, doctype: str = "") -> bytes:
    return (
        f"<?xml version='1.0'?>{doctype}<rss version='2.0'><channel><title>t</title>{entries}</channel></rss>".encode()
    )


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feed.xml", bytes(2**20))
    return out.getvalue()


LAUGHS = '<!DOCTYPE rss [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
NOT_A_FEED, ITEM = "", "<item><title>Talks</title></item>"
CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "white space": b" \r\n\t" * 1000,
    "byte order mark": b"\xef\xbb\xbf",
    "zeros": bytes(100_000),
    "random": bytes((n * 2_654_435_761 >> 13) & 0xFF for n in range(100_000)),
    "every byte": bytes(range(256)) * 400,
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(1000),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(1000),
    "gzip of a feed": gzip.compress(rss(ITEM)),
    "gzip of zeros": gzip.compress(bytes(50 * 2**20)),
    "zip": zipped(),
    "HTML": b"<!DOCTYPE html><html><head><title>News</title></head></html>",
    "login page": b"<html><head><title>Sign in</title></head><input type='password'></html>",
    "challenge": b"<html><head><title>Just a moment...</title></head></html>",
    "words": b"Not Found",
    "a line without end": b"x" * 5_000_000,
    "escapes of a terminal": b"\x1b]0;owned\x07\x1b[2J\x1b[31mfeed",
    "XML of another kind": b"<?xml version='1.0'?><urlset><url/></urlset>",
    "JSON": b'{"a": 1}',
    "JSON, deep": b"[" * 500_000,
    "JSON, cut off": b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
    "JSON, a number of 5 MB": b'{"version": "https://jsonfeed.org/version/1.1", "items": [], "n": ' + b"9" * 5_000_000 + b"}",
    "YAML": b"feeds:\n  - id: one\n",
    "laughs": rss("<item><title>&a9;</title></item>", LAUGHS),
    "a file by entity": rss("<item><title>&a;</title></item>", '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "an address by entity": rss("<item><title>&a;</title></item>", '<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>'),
    "a document type elsewhere": rss(ITEM, '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">'),
    "a style sheet elsewhere": b"<?xml version='1.0'?><?xml-stylesheet href='http://127.0.0.1:9/'?>" + rss(ITEM)[21:],
    "an inclusion": rss("<item><title>t</title><xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='http://127.0.0.1:9/'/></item>"),
    "a base elsewhere": rss(ITEM).replace(b"<channel>", b"<channel xml:base='http://127.0.0.1:9/'>"),
    "deep": rss("<item>" + "<a>" * 50_000),
    "many attributes": rss("<item " + " ".join(f'a{n}=""' for n in range(3_000)) + "/>"),
    "many entries": rss(ITEM * 100_000),
    "a long entry": rss(f"<item><title>{'t' * 4_000_000}</title><description>{'d' * 4_000_000}</description></item>"),
    "a long link": rss(f"<item><title>t</title><link>http://a.example/{'x' * 1_000_000}</link></item>"),
    "wrong encoding": b"<?xml version='1.0' encoding='utf-16'?>" + rss(ITEM)[21:],
    "unknown encoding": b"<?xml version='1.0' encoding='x-none'?>" + rss(ITEM)[21:],
    "UTF-7": b"<?xml version='1.0' encoding='utf-7'?>" + rss(ITEM)[21:],
    "half a character": rss(ITEM)[:-30] + b"\xe2\x82",
    "NUL in a title": rss("<item><title>a\x00b</title></item>"),
    "escapes in a title": rss("<item><title>\x1b[2J&#27;[31mTalks</title></item>"),
    "templates": rss("<item><title>{{ 7*7 }} ${HOME} %s {0}</title></item>"),
    "cut off": rss(ITEM)[:60],
    "too large": b"x" * (10 * 2**20 + 1),
}  # fmt: skip


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 2**30)


def bound(path: Path) -> None:
    """A socket of the file system; the path of one is short."""
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(here)


def unreadable(path: Path) -> None:
    path.write_bytes(rss(ITEM))
    path.chmod(0)


ODDITIES: dict[str, Callable[[Path], object]] = {
    "20 GB of nothing": sparse,
    "pipe": os.mkfifo,
    "socket": bound,
    "link to nothing": link("nowhere"),
    "link to itself": link("link to itself"),
    "link to a device": link("/dev/zero"),
    "link to a pipe": link("pipe"),
    "link to a file": link("empty"),
    "unreadable": unreadable,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    for name, content in CONTENTS.items():
        (made / name).write_bytes(content)
    for name, make in ODDITIES.items():
        make(made / name)
    (made / "loop").symlink_to(".")
    (made / "an empty folder").mkdir()
    inner = made / "folder"
    inner.mkdir()
    (inner / "escapes \x1b[31m\nin its name").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(inner) + b"/no text \xff")).write_bytes(rss(ITEM))
    return made


NAMES = [*CONTENTS, *ODDITIES, "in its name", "no text \\xdcff"]


@pytest.fixture(scope="module")
def told(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    script = tmp_path_factory.mktemp("script") / "run.py"
    script.write_text(RUN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        cwd=script.parent,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_an_outcome(told: dict[str, list[str]], name: str) -> None:
    lines = [*told["problems"], *told["shown"]]
    mine = [line for line in lines if f"/{name}: " in line or f"/{name}  " in line or line.startswith(f"{name}: ")]
    assert len(mine) == 1, lines


def test_what_is_no_feed_is_told_and_nothing_else_happens(told: dict[str, object]) -> None:
    assert (told["raised"], told["status"]) == (None, 1)
    assert told["growth"] < GROWTH_MIB_MAX  # type: ignore[operator]


def test_nobody_is_asked_for_anything(told: dict[str, list[str]]) -> None:
    assert (set(told["witnessed"]), len(told["witnessed"]) > 2) == ({"seen", ""}, True)


def test_nothing_of_it_reaches_the_terminal_as_it_is(told: dict[str, list[str]]) -> None:
    assert [line for line in [*told["problems"], *told["shown"]] if not line.isprintable()] == []
