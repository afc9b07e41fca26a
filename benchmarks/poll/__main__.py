"""poll: CPU time of polling a thousand feeds, newsmon and `reader` in turns, on the same feeds in the same run.

    python -m benchmarks.poll [--feeds 1000] [--cases cold not_modified unchanged changed] [--rounds 3] [--json]

What is measured, and what the figures mean, stands in docs/benchmarks.md.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import news
from benchmarks.folder import write_folder
from benchmarks.helper import Helper, work_folder
from benchmarks.match import progress
from benchmarks.poll.feed_server import NEW_ENTRIES
from benchmarks.poll.sides import HERE, Cost, Side, SideError, reader_python

CASES = ("cold", "not_modified", "unchanged", "changed")
TOPICS = 1_000
NEWSMON_SIDE = "from benchmarks.poll.newsmon_side import start; start()"
START = "start_up"
# What the server must have answered in a case, and how many items a side must hold then for each feed.
STATUS = {"cold": 200, "not_modified": 304, "unchanged": 200, "changed": 200}
ITEMS = {case: news.ENTRIES + NEW_ENTRIES * (case == "changed") for case in CASES}


def round_of(cases: Sequence[str], feeds: int, turn: int, say: str) -> dict[str, dict[str, Cost]]:
    """Every case once, on fresh databases; who goes first changes from case to case."""
    costs: dict[str, dict[str, Cost]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poll-", dir=work_folder())))
        server = stack.enter_context(Helper("benchmarks.poll.feed_server", [str(feeds)]))
        urls = [f"http://{news.host(feed)}:{server.port}/feed/{feed}" for feed in range(feeds)]
        write_folder(folder / "newsmon", urls=urls, topics=TOPICS)
        (folder / "urls").write_text("\n".join(urls))
        prime = f"http://127.0.0.1:{server.port}/feed/0"
        ours = [sys.executable, "-c", NEWSMON_SIDE, str(folder / "newsmon"), prime]
        theirs = [str(reader_python()), str(HERE / "reader_side.py"), str(folder), prime, str(folder / "urls")]
        progress(f"{say}: starting")
        sides = [stack.enter_context(Side("newsmon", ours, folder / "newsmon.err"))]
        costs[START] = {"newsmon": sides[0].started()}
        sides.append(stack.enter_context(Side("reader", theirs, folder / "reader.err")))
        costs[START]["reader"] = sides[1].started()
        for number, case in enumerate(cases):
            costs[case] = {}
            for side in sides if (number + turn) % 2 == 0 else reversed(sides):
                progress(f"{say}: {side.name} {case}")
                server.ask(case)
                costs[case][side.name] = side.run(case)
                check(side.name, case, feeds, server.ask("idle"), costs[case][side.name].report)
    return costs


def check(side: str, case: str, feeds: int, answered: Mapping[str, int], report: Mapping[str, Any]) -> None:
    """Raises SideError unless that side did all of the work of that case."""
    if report["failed"]:
        raise SideError(f"{side}, {case}: polls failed: {', '.join(report['failed'])}")
    if answered != {str(STATUS[case]): feeds}:
        raise SideError(f"{side}, {case}: the server answered {answered}, not {feeds} times {STATUS[case]}")
    if report["items"] != ITEMS[case] * feeds:
        raise SideError(
            f"{side}, {case}: {report['items']} items are stored, not {ITEMS[case]} of each of {feeds} feeds"
        )


def row(rounds: Sequence[Mapping[str, Cost]], scale: float) -> dict[str, float]:
    """Medians over the rounds, CPU-seconds multiplied by `scale`."""
    ours = [each["newsmon"].cpu_s * scale for each in rounds]
    theirs = [each["reader"].cpu_s * scale for each in rounds]
    return {
        "newsmon_cpu_s": round(statistics.median(ours), 3),
        "reader_cpu_s": round(statistics.median(theirs), 3),
        "ratio": round(statistics.median(b / a for a, b in zip(ours, theirs, strict=True)), 2),
        "newsmon_rss_mb": round(statistics.median(each["newsmon"].rss_mb for each in rounds), 1),
        "reader_rss_mb": round(statistics.median(each["reader"].rss_mb for each in rounds), 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.poll", description=__doc__.partition("\n")[0])
    arguments.add_argument("--feeds", type=int, default=1_000)
    arguments.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="what is printed")
    arguments.add_argument("--rounds", type=int, default=1, help="3 for medians")
    arguments.add_argument("--json", action="store_true", help="only the rows, as JSON")
    asked = arguments.parse_args()
    # The first poll of all comes first, whatever is asked for: the other cases are about feeds that are known.
    cases = [case for case in CASES if case in {*asked.cases, "cold"}]
    try:
        done = [
            round_of(cases, asked.feeds, turn, f"round {turn + 1} of {asked.rounds}") for turn in range(asked.rounds)
        ]
    except SideError as error:
        progress("")
        sys.exit(f"no figures: {error}")
    progress("")
    rows = {case: row([each[case] for each in done], 1_000 / asked.feeds) for case in asked.cases}
    rows[START] = row([each[START] for each in done], 1)
    if asked.json:
        print(json.dumps(rows))
        return
    print(f"{asked.feeds:,} feeds, {asked.rounds} rounds; CPU-seconds for 1,000 feeds, peak memory of all processes")
    print(f"{'':>14} {'newsmon':>9} {'reader':>9} {'reader / newsmon':>17} {'newsmon MB':>11} {'reader MB':>10}")
    for case, figures in rows.items():
        print(
            f"{case:>14} {figures['newsmon_cpu_s']:9.2f} {figures['reader_cpu_s']:9.2f} {figures['ratio']:17} "
            f"{figures['newsmon_rss_mb']:11} {figures['reader_rss_mb']:10}"
        )


if __name__ == "__main__":
    main()
