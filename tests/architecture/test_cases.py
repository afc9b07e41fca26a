"""Every known fault of a feed's network (N1 to N23) and of its content (F1 to F18) has a named row somewhere in the tests."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in sorted(TESTS.rglob("test_*.py")))
NAMED = set(re.findall(r'"([NF]\d+)-', TEXT)) | {name.upper() for name in re.findall(r"def test_([nf]\d+)_", TEXT)}
CASES = [f"N{number}" for number in range(1, 24)] + [f"F{number}" for number in range(1, 19)]


@pytest.mark.parametrize("case", CASES)
def test_a_known_fault_has_a_row(case: str) -> None:
    assert case in NAMED
