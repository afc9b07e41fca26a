"""YAML as text in, values and places out: which scalar is what, and where a character of a text stands in the file."""

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import document, shipped
from monitor.config.document import UnreadableError, plain, read_document

FILE = Path("file.yaml")

SCALARS = {
    "no": "no",
    "on": "on",
    "yes": "yes",
    "off": "off",
    "y": "y",
    "12:30": "12:30",
    "190:20:30": "190:20:30",
    "2025-02-24": "2025-02-24",
    "1_000": "1_000",
    "0b11": "0b11",
    "=US": "=US",
    "'1'": "1",
    '"true"': "true",
    "true": True,
    "FALSE": False,
    "tRUE": "tRUE",
    "null": None,
    "~": None,
    "7": 7,
    "-7": -7,
    "007": 7,
    "0o17": 15,
    "0xff": 255,
    "1e3": 1000.0,
    ".5": 0.5,
    "1.": 1.0,
    "1.2.3": "1.2.3",
    "9" * 5000: "9" * 5000,
}


@pytest.mark.parametrize("text", SCALARS, ids=lambda text: text[:10])
def test_scalars_of_the_core_schema(text: str) -> None:
    assert plain(read_document(FILE, f"key: {text}\n".encode()).root) == {"key": SCALARS[text]}


def test_an_alias_is_its_anchor() -> None:
    read = read_document(FILE, b"a: &x [1, {b: c}]\nd: [*x, *x]\n")
    assert plain(read.root) == {"a": (1, {"b": "c"}), "d": ((1, {"b": "c"}), (1, {"b": "c"}))}


# The place of `@` in each file: line from 1, column from 0; None where the text is written in another way than it reads.
POSITIONS = {
    "plain": ("query: war @nato\n", (1, 11)),
    "plain on two lines": ("query: war\n   or   @nato\n", (2, 8)),
    "single quotes": ("query: 'war @nato'\n", (1, 12)),
    "double quotes": ('query: "war @nato"\n', (1, 12)),
    "quotes doubled": ("query: 'it''s @nato'\n", None),
    "quotes on two lines": ("query: 'war\n  @nato'\n", None),
    "escapes": ('query: "\\u0041 @nato"\n', None),
    "literal": ("query: |\n  war\n\n  or @nato\n", (4, 5)),
    "folded": ("query: >-\n  war\n  or\n\n  @nato AND\n  more\n", (5, 2)),
    "folded with a comment in its header": ("query: > # what it must say\n  @nato\n", (2, 2)),
    "folded and indented deeper": ("query: >2\n     war\n   @nato\n", (3, 3)),
    "after the line breaks of Windows": ("query: |\r\n  war\r\n  @nato\r\n", (3, 2)),
    "beyond the basic plane": ("query: |\n  𝄞𝄞 @nato\n", (2, 5)),
}


@pytest.mark.parametrize("case", POSITIONS)
def test_position(case: str) -> None:
    text, expected = POSITIONS[case]
    read = read_document(FILE, text.encode())
    value = plain(read.root)
    assert isinstance(value, dict)
    assert read.position(("query",), value["query"].index("@")) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("q: (a\n", (1, 5)), ("q: |\n  (a\n\n", (2, 4)), ("q: >\n  (a\n  b  \n", (3, 3))]
)
def test_the_end_of_a_text_is_after_its_last_character(text: str, expected: tuple[int, int]) -> None:
    read = read_document(FILE, text.encode())
    value = plain(read.root)
    assert isinstance(value, dict)
    assert read.position(("q",), len(value["q"])) == expected


def test_without_the_parser_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (shipped() / "feeds.yaml").read_bytes()
    quick = read_document(FILE, data)
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    assert read_document(FILE, data) == quick
    with pytest.raises(UnreadableError, match=r"^file.yaml:2: a tab; YAML is indented with spaces$"):
        read_document(FILE, b"a:\n\tb: c\n")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                ": ",
                "- ",
                "\n",
                "  ",
                "[",
                "]",
                "{",
                "}",
                ",",
                "&a ",
                "*a",
                "!",
                "|",
                ">",
                "'",
                '"',
                "#",
                "?",
                "%",
                "\t",
                "\x85",
                "\\",
                "é",
                "---\n",
                "1",
            ]
        )
    ).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


def read_or_refuse(data: bytes) -> None:
    """Any other exception fails the test."""
    with contextlib.suppress(UnreadableError):
        plain(read_document(FILE, data).root)
