"""match: the shipped topics against one compiled alternation of each topic's spellings, over the texts of a JSONL file.

python -m benchmarks.match [FILE.jsonl with title and summary]; without a file, over the demo's news day, repeated.
"""

import json
import re
import statistics
import sys
import time
from pathlib import Path

from monitor.commands.demo.news_day import NEWS_DAY
from monitor.config import load, shipped
from monitor.model.item import Item
from monitor.steps.match import compile_topics, match

ROUNDS = 5
WORDS = re.compile(r"\w{4,}")


def items_of(arguments: list[str]) -> list[Item]:
    if arguments:
        rows = [json.loads(line) for line in Path(arguments[0]).read_text().splitlines()]
        return [Item(title=row["title"], summary=(row["summary"] or "")[:600]) for row in rows]
    entries = [entry for stage in NEWS_DAY.stages for listed in stage.listed.values() for entry in listed]
    return [Item(title=entry.title, summary=entry.summary) for entry in entries] * 50


def main() -> None:
    items = items_of(sys.argv[1:])
    configuration = load(shipped(), {})
    topics = compile_topics(configuration.topics, configuration.entities)
    rivals = [
        re.compile("|".join(sorted(set(WORDS.findall(topic.query)))), re.IGNORECASE) for topic in configuration.topics
    ]
    rates: dict[str, list[float]] = {"newsmon": [], "re": []}
    for _ in range(ROUNDS):
        started = time.process_time()
        for item in items:
            match(item, topics)
        rates["newsmon"].append(len(items) / (time.process_time() - started))
        started = time.process_time()
        for item in items:
            text = f"{item.title} {item.summary}"
            for rival in rivals:
                rival.search(text)
        rates["re"].append(len(items) / (time.process_time() - started))
    ratio = statistics.median(a / b for a, b in zip(rates["newsmon"], rates["re"], strict=True))
    print(f"{len(items)} items, {len(topics.topics)} topics, median of {ROUNDS} interleaved rounds")
    for name, found in rates.items():
        print(f"  {name:8} {statistics.median(found):10,.0f} items per CPU-second")
    print(f"  ratio    {ratio:10.2f}")


if __name__ == "__main__":
    main()
