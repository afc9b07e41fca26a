"""index: finding the words that queries ask for, by newsmon's table of runs and by an Aho-Corasick automaton (ahocorasick_rs), in one run.

    python -m benchmarks.index FILE.jsonl [--topics 1000 10000] [--json]

Both find the same: which of the words of the generated queries of `benchmarks.match` stand in a text as whole words. The automaton reads the
text in lower case and finds the words wherever they stand, so what stands within longer words is sorted out by looking at both neighbours. It
does less: no plurals, no accents, no possessives, no places. Only texts in ASCII are timed, with which it has no trouble.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ahocorasick_rs

from benchmarks.match import SEED, SHARE, Queries, items_of
from monitor.model.item import Item
from monitor.steps.match.lexicon import Lexicon, Place

ROUNDS = 9


def per_item(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Microseconds of CPU time."""
    started = time.process_time()
    for text in texts:
        work(text)
    return (time.process_time() - started) / len(texts) * 1e6


def finder(words: Sequence[str]) -> Callable[[str], set[int]]:
    automaton = ahocorasick_rs.AhoCorasick(words)

    def find(text: str) -> set[int]:
        text = f" {text.lower()} "
        return {
            number
            for number, start, end in automaton.find_matches_as_indexes(text, overlapping=True)
            if not (text[start - 1].isalnum() or text[end].isalnum())
        }

    return find


def measure(items: Sequence[Item], count: int) -> dict[str, float]:
    queries = Queries(items, random.Random(SEED))
    words = sorted({word for _ in range(count) for word in queries.terms() if " " not in word})
    texts = [text for item in items if (text := f"{item.title} {item.summary}").isascii()]
    lexicon = Lexicon()
    for word in words:
        lexicon.atom(Place(words=frozenset({word})))
    find = finder(words)
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(ROUNDS):
        for text in (text for number, text in enumerate(texts) if number % SHARE != turn):
            lexicon.read(("title", text, 0))
        new = texts[turn::SHARE]
        ours.append(per_item(lambda text: lexicon.read(("title", text, 0)).atoms, new))
        theirs.append(per_item(find, new))
    return {
        "topics": count,
        "words": len(words),
        "table_us": round(statistics.median(ours), 1),
        "automaton_us": round(statistics.median(theirs), 1),
        "ratio": round(statistics.median(b / a for a, b in zip(ours, theirs, strict=True)), 2),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.index", description=__doc__.partition("\n")[0])
    arguments.add_argument("file", nargs="?", type=Path, help="JSONL with title and summary")
    arguments.add_argument("--topics", nargs="+", type=int, default=[10, 100, 1_000, 10_000])
    arguments.add_argument("--json", action="store_true", help="only the rows, as JSON")
    asked = arguments.parse_args()
    rows = [measure(items_of(asked.file), count) for count in asked.topics]
    if asked.json:
        print(json.dumps(rows))
        return
    print(f"{'topics':>8} {'words':>8} {'table':>10} {'automaton':>10} {'automaton / table':>18}")
    for row in rows:
        print(
            f"{row['topics']:8,} {row['words']:8,} {row['table_us']:7} µs {row['automaton_us']:7} µs {row['ratio']:18}"
        )


if __name__ == "__main__":
    main()
