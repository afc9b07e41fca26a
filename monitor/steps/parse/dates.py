"""dates: what feeds write for a time in, an aware UTC datetime out. None for what is no date.

Reads ISO 8601, RFC 822 and the ways in which people who follow neither write a date in a dozen languages. A time
without a zone, or with a zone that nobody knows, is read as UTC: some hours wrong is better than undated.
"""

import re
from datetime import UTC, datetime, timedelta
from unicodedata import combining, normalize

DATE_CHARS_MAX = 120
AGE_MAX = timedelta(days=3653)  # ten years
AHEAD_MAX = timedelta(days=1)
_OFFSET_HOURS_MAX = 15
_CENTURY_TURN = 90  # of two digits: 90 is 1990, 89 is 2089

# English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Ukrainian, Turkish, Greek: three letters
# tell the month in all of them together, but for June and July in French and Greek.
_MONTH_STEMS = """
    jan ene gen sty янв січ oca ιαν
    feb fev lut фев лют şub φεβ
    mar mrz maa мар бер μαρ
    apr avr abr kwi апр кві nis απρ
    mai may maj mag mei май мая тра μαι
    jun juin cze giu июн чер haz ιουν
    jul juil lip lug июл лип tem ιουλ
    aug aoû ago sie авг сер ağu αυγ
    sep set wrz сен вер eyl σεπ
    oct okt ott out paź окт жов eki οκτ
    nov lis ноя лис kas νοε
    dec dez dic déc gru дек гру ara δεκ
"""

# Minutes ahead of UTC. RFC 822 knows the American ones; the rest by common use: where two zones share a name, the one
# with the larger press has it.
_ZONES = {
    0: "z ut utc gmt wet",
    60: "cet met mez bst wat west",
    120: "cest mest mesz eet cat sast",
    180: "eest msk trt eat idt",
    240: "gst",
    300: "pkt",
    330: "ist",
    345: "npt",
    420: "ict wib",
    480: "hkt sgt pht awst",
    540: "jst kst",
    570: "acst",
    600: "aest",
    630: "acdt",
    660: "aedt",
    720: "nzst",
    780: "nzdt",
    -150: "ndt",
    -180: "brt art adt",
    -210: "nst",
    -240: "edt ast",
    -300: "est et cdt",
    -360: "cst ct mdt",
    -420: "mst mt pdt",
    -480: "pst pt",
    -540: "akst",
    -600: "hst",
}
_ZONE_MINUTES = {name: minutes for minutes, names in _ZONES.items() for name in names.split()}

_TIME = (
    r"(?<![\d+-])(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m)?"
)
_NAME = r"(?P<name>[^\W\d_]{3,})\.?"
_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|[.º°])?"
_YEAR = r"(?P<year>\d{4})(?![\d:])"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s?[-/.年년]\s?(?P<month>\d{1,2})\s?[-/.月월]\s?(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=t|$)",
        rf"{_DAY}[\s/-]*(?:de\s+)?{_NAME},?[\s/-]*(?:de\s+)?(?P<year>\d{{4}}|\d\d)(?![\d:.h])",
        rf"{_NAME}\s+{_DAY},?\s+{_YEAR}",
        rf"{_NAME}\s+{_DAY}(?=\s+\d\d?:.*?\s{_YEAR})",  # asctime: the time stands between day and year
        rf"{_DAY}\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}",
    )
)
_TIMES = re.compile(_TIME)
_COMPACT_TIME = re.compile(r"t(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?:[.,]\d+)?(?P<half>)")
_OFFSET = re.compile(
    r"\s*\(?(?:gmt|utc|ut)?\s?(?P<sign>[+−-])(?:(?P<hours>\d\d):?(?P<minutes>\d\d)|(?P<only>\d{1,2}))(?!\d)"
)
_WORD = re.compile(r"[a-z]+")


def read(text: str) -> datetime | None:
    """The moment that a feed wrote down, in UTC."""
    text = _fold(text[:DATE_CHARS_MAX])
    for pattern in _DATES:
        found = pattern.search(text)
        day = None if found is None else _day(found)
        if found is None or day is None:
            continue
        rest = found.end()
        time = _COMPACT_TIME.match(text, rest) or _TIMES.search(text, rest) or _TIMES.search(text, 0, found.start())
        if time is None:
            return day
        try:
            return day + _since_midnight(time) - _offset(text, time.end())
        except (ValueError, OverflowError):
            return None
    return None


def plausible(moment: datetime, now: datetime) -> bool:
    """Whether news can be that old, or that far ahead of our clock."""
    return -AGE_MAX <= moment - now <= AHEAD_MAX


def _day(found: re.Match[str]) -> datetime | None:
    """Midnight of the day that one of the patterns found."""
    parts = found.groupdict()
    name = parts.get("name")
    month = int(parts["month"]) if name is None else _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    if month is None:
        return None
    year = int(parts["year"])
    if len(parts["year"]) == len("25"):
        year += 1900 if year >= _CENTURY_TURN else 2000
    try:
        return datetime(year, month, int(parts["day"]), tzinfo=UTC)
    except ValueError:
        return None


def _since_midnight(time: re.Match[str]) -> timedelta:
    """Raises ValueError for what no clock shows; 24:00 and the leap second exist."""
    hour, minute, second = int(time["hour"]), int(time["minute"]), int(time["second"] or 0)
    if time["half"] is not None and 1 <= hour <= 12:  # noqa: PLR2004  a clock's face
        hour = hour % 12 + (12 if time["half"] == "p" else 0)
    if hour > 24 or minute > 59 or second > 60:  # noqa: PLR2004
        raise ValueError(time[0])
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _offset(text: str, start: int) -> timedelta:
    """How far the zone that is written after the time is ahead of UTC."""
    if found := _OFFSET.match(text, start):
        hours, minutes = int(found["hours"] or found["only"]), int(found["minutes"] or 0)
        if hours > _OFFSET_HOURS_MAX:
            return timedelta()
        ahead = timedelta(hours=hours, minutes=minutes)
        return ahead if found["sign"] == "+" else -ahead
    words = _WORD.findall(text, start)
    return timedelta(minutes=next((_ZONE_MINUTES[word] for word in words if word in _ZONE_MINUTES), 0))


def _fold(text: str) -> str:
    """Lower case without accents, digits of any script as they are: int() reads them all."""
    if text.isascii():
        return text.lower()
    letters = normalize("NFKD", text.casefold())
    return normalize("NFC", "".join(letter for letter in letters if not combining(letter)))


_MONTHS = {
    _fold(stem): month for month, line in enumerate(_MONTH_STEMS.split("\n")[1:-1], start=1) for stem in line.split()
}
