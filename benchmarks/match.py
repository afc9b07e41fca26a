"""match: all topics as one index, against one compiled regular expression a topic, on the same texts in the same run.

    python -m benchmarks.match [FILE.jsonl] [--topics 1000 10000] [--json FILE]

The texts are those of a JSONL file with `title` and `summary` (markup is taken out first, for both sides), or the demo's news day over and
over. The queries are generated from the words of the texts: three to eight terms with AND, OR, NOT, NEAR and phrases, the same in every run.
The rival does less: an IGNORECASE alternation of a topic's terms, searched once; no NOT, no NEAR, no places, no explanation.

Both sides are timed in turns, in CPU time of this process. newsmon remembers the runs of letters that it has read (see `lexicon`), and a daemon
has read far more than any file holds; so in each round nine tenths of the texts are read before, and the tenth that is timed is one that
this index has never seen, another one each round. Printed are medians.
"""

import argparse
import json
import random
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from monitor.commands.demo.news_day import NEWS_DAY
from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.steps.match import Topics, compile_topics, match
from monitor.text.html import plain

SEED = 20250224
ROUNDS = 5
SHARE = 10  # every tenth text is timed
RIVAL_SECONDS = 4.0  # of one round; the rival reads as many items as it can until then
SUMMARY_CHARS = 600
WORD = re.compile(r"[^\W\d_]{4,}")
ITEMS_MIN = 3  # that a word occurs in to be a term
LONG_WORDS = 10_000
"""Words of the one long item."""


def items_of(path: Path | None) -> list[Item]:
    if path is None:
        entries = [entry for stage in NEWS_DAY.stages for listed in stage.listed.values() for entry in listed]
        return [Item(title=entry.title, summary=entry.summary) for entry in entries] * 50
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return [Item(title=row.get("title") or "", summary=plain(row.get("summary") or "", SUMMARY_CHARS)) for row in rows]


class Queries:
    """Queries out of the words of texts: every word that some items share is as likely as any other."""

    def __init__(self, items: Sequence[Item], luck: random.Random) -> None:
        texts = [f"{item.title} {item.summary}".lower() for item in items]
        counts = Counter(word for text in texts for word in set(WORD.findall(text)))
        self._words = sorted(word for word, count in counts.items() if count >= ITEMS_MIN)
        known = set(self._words)
        pairs = (re.findall(r"[^\W\d_]{4,} [^\W\d_]{4,}", text) for text in texts)
        self._phrases = sorted({pair for found in pairs for pair in found if known.issuperset(pair.split())})
        self._luck = luck

    def topic(self, number: int) -> tuple[Topic, "re.Pattern[str]"]:
        """A topic, and the rival's pattern of the same terms."""
        terms = self.terms()
        pattern = re.compile("|".join(map(re.escape, terms)), re.IGNORECASE)
        words = [f'"{term}"' if " " in term else term for term in terms]
        query = self._luck.choice((_both, _near, _without, _phrase_or_near))(words)
        severity = Severity.MEDIUM
        return Topic(id=TopicId(f"t{number}"), title="T", severity=severity, query=query, version="1"), pattern

    def terms(self) -> list[str]:
        return [self._term() for _ in range(self._luck.randint(3, 8))]

    def _term(self) -> str:
        return self._luck.choice(self._phrases if self._luck.random() < 0.1 else self._words)


def _group(words: Sequence[str]) -> str:
    return f"({' OR '.join(words)})" if len(words) > 1 else words[0]


def _both(words: Sequence[str]) -> str:
    half = len(words) // 2
    return f"{_group(words[:half])} AND {_group(words[half:])}"


def _near(words: Sequence[str]) -> str:
    return f"{words[0]} NEAR/8 {_group(words[1:])}"


def _without(words: Sequence[str]) -> str:
    return f"{words[0]} AND {_group(words[1:-1])} AND NOT {words[-1]}"


def _phrase_or_near(words: Sequence[str]) -> str:
    return f"{words[0]} AND {words[1]} OR {_group(words[2:])} NEAR/5 {words[0]}"


def seconds(work: Sequence[Item], topics: Topics) -> tuple[float, int]:
    found = 0
    started = time.process_time()
    for item in work:
        found += len(match(item, topics))
    return time.process_time() - started, found


def rival_rate(work: Sequence[Item], patterns: Sequence["re.Pattern[str]"]) -> float:
    """Items per CPU-second."""
    texts = [f"{item.title} {item.summary}" for item in work]
    done, took, started = 0, 0.0, time.process_time()
    while done < len(texts) and took < RIVAL_SECONDS:
        for pattern in patterns:
            pattern.search(texts[done])
        done, took = done + 1, time.process_time() - started
    return done / took


def measure(items: Sequence[Item], count: int) -> dict[str, float]:
    queries = Queries(items, random.Random(SEED))
    pairs = [queries.topic(number) for number in range(count)]
    before = resident_mb()
    started = time.process_time()
    topics = compile_topics([topic for topic, _ in pairs], ())
    build = time.process_time() - started
    memory = resident_mb() - before
    rates: list[float] = []
    ratios: list[float] = []
    matches = 0
    for turn in range(ROUNDS):
        new = items[turn::SHARE]
        known = [item for number, item in enumerate(items) if number % SHARE != turn]
        topics = compile_topics([topic for topic, _ in pairs], ())
        seconds(known, topics)
        took, found = seconds(new, topics)
        matches += found
        rates.append(len(new) / took)
        ratios.append(rates[-1] / rival_rate(new, [pattern for _, pattern in pairs]))
        progress(f"{count} topics: round {turn + 1} of {ROUNDS}")
    words = " ".join(f"{item.title} {item.summary}" for item in items).split()[:LONG_WORDS]
    long_item = Item(title="", summary=" ".join(words))
    long_times = [seconds([long_item], topics)[0] for _ in range(ROUNDS)]
    return {
        "topics": count,
        "items_per_cpu_s": round(statistics.median(rates)),
        "ratio_vs_re": round(statistics.median(ratios), 1),
        "build_s": round(build, 2),
        "rss_mb": round(memory, 1),
        "matches_per_item": round(matches * SHARE / (len(items) * ROUNDS), 2),
        "long_item_ms": round(statistics.median(long_times) * 1_000, 1),
    }


def resident_mb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.match", description=__doc__.partition("\n")[0])
    arguments.add_argument("file", nargs="?", type=Path, help="JSONL with title and summary")
    arguments.add_argument("--topics", nargs="+", type=int, default=[10, 100, 1_000, 10_000])
    arguments.add_argument("--json", action="store_true", help="only the rows, as JSON")
    asked = arguments.parse_args()
    items = items_of(asked.file)
    rows = [measure(items, count) for count in asked.topics]
    progress("")
    if asked.json:
        print(json.dumps(rows))
        return
    print(f"{len(items):,} items, {ROUNDS} rounds, medians")
    print(
        f"{'topics':>8} {'items/CPU-s':>12} {'x re':>8} {'build s':>8} {'MB':>6} {'matches/item':>13} {'10,000 words':>13}"
    )
    for row in rows:
        print(
            f"{row['topics']:8,} {row['items_per_cpu_s']:12,} {row['ratio_vs_re']:8,} {row['build_s']:8} {row['rss_mb']:6} "
            f"{row['matches_per_item']:13} {row['long_item_ms']:10} ms"
        )


if __name__ == "__main__":
    main()
