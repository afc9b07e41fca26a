"""reader_side: `reader` as it comes, in the environment that the benchmark has made for it; imports nothing of newsmon.

python reader_side.py FOLDER PORT URLS-FILE      then a case's name a line on standard input, see `sides`
"""

import json
import sys
from pathlib import Path

from reader import make_reader


def main() -> None:
    folder, prime, urls = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_text().split()
    other = make_reader(":memory:")  # so that what is imported when it is first needed has been
    other.add_feed(prime)
    other.update_feeds(scheduled=False)
    other.close()
    reader = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url)
    print("{}", flush=True)
    for _ in sys.stdin:
        print("{}", flush=True)
        sys.stdin.readline()
        reader.update_feeds(scheduled=False)  # all of them now, not by the hour; everything else is its default
        print("{}", flush=True)
        sys.stdin.readline()
        failed = [feed.last_exception.value_str for feed in reader.get_feeds() if feed.last_exception]
        print(json.dumps({"items": reader.get_entry_counts().total, "failed": failed[:3]}), flush=True)


if __name__ == "__main__":
    main()
