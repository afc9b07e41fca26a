"""excerpt: an item's text and the spans that matched in, the same text with those words highlighted out.

Where colours cannot be seen the words stand between asterisks.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from monitor.cli.terminal import clean, styled

if TYPE_CHECKING:
    from rich.text import Text

    from monitor.model.item import Item
    from monitor.model.topic import Match, Span

AROUND_CHARS = 70  # shown on either side of a matched word
EXCERPTS_MAX = 3  # of one item
EXCERPT_CHARS_MAX = 400

STYLE = "bold black on yellow"

Places = Sequence[tuple[int, int]]


def title_of(item: "Item", matches: Sequence["Match"], *, coloured: bool, style: str = "bold") -> "Text":
    """The item's title, highlighted; where it has none, how its text begins."""
    if item.title:
        return highlighted(item.title, _places(matches, "title"), coloured=coloured, style=style)
    return styled(_shortened(item.summary or item.body) or item.link or "(an entry without title, text or link)", style)


def excerpts_of(item: "Item", matches: Sequence["Match"], *, coloured: bool) -> list["Text"]:
    """What stands around the matched words in every other field, at most a few excerpts."""
    found: list[Text] = []
    for field in dict.fromkeys(span.field for each in matches for span in each.spans if span.field != "title"):
        text = getattr(item, field, "")
        if isinstance(text, str):
            places = _places(matches, field)
            found += [_window(text, group, AROUND_CHARS, coloured=coloured) for group in _groups(places, AROUND_CHARS)]
    return found[:EXCERPTS_MAX]


def around(item: "Item", spans: Sequence["Span"], chars: int, *, coloured: bool) -> list["Text"]:
    """Those words with what stands around them, field by field; as they are where they stand in no text."""
    found: list[Text] = []
    for field in dict.fromkeys(span.field for span in spans):
        text = getattr(item, field, "")
        here = [span for span in spans if span.field == field]
        if isinstance(text, str) and text:
            found += [_window(text, group, chars, coloured=coloured) for group in _groups(_merged(here), chars)]
        else:
            found += [styled(span.text) for span in here]
    return found


def highlighted(text: str, places: Places, *, coloured: bool, style: str = "") -> "Text":
    """The text with the characters at those places (sorted, apart from each other) highlighted."""
    made = styled("", style)
    done = 0
    for start, end in places:
        made.append(clean(text[done:start]))
        word = clean(text[start:end])
        made.append(word if coloured else f"*{word}*", STYLE if coloured else None)
        done = end
    return made.append(clean(text[done:]))


def _places(matches: Iterable["Match"], field: str) -> list[tuple[int, int]]:
    """Where anything matched in a field."""
    return _merged(span for each in matches for span in each.spans if span.field == field)


def _merged(spans: Iterable["Span"]) -> list[tuple[int, int]]:
    """The places of spans of one field; what overlaps is one place."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _groups(places: Places, around: int) -> list[list[tuple[int, int]]]:
    """Places that are near enough to be shown together."""
    groups: list[list[tuple[int, int]]] = []
    for place in places:
        near = groups and place[0] - groups[-1][-1][1] <= around
        if near and place[1] - groups[-1][0][0] <= EXCERPT_CHARS_MAX:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _window(text: str, group: Places, around: int, *, coloured: bool) -> "Text":
    """The text around those places, cut between words."""
    start, end = max(0, group[0][0] - around), min(len(text), group[-1][1] + around)
    if start > 0:
        space = text.find(" ", start, group[0][0])
        start = start if space < 0 else space + 1
    if end < len(text):
        space = text.rfind(" ", group[-1][1], end)
        end = end if space < 0 else space
    inside = [(begin - start, stop - start) for begin, stop in group]
    shown = highlighted(text[start:end], inside, coloured=coloured)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return styled(before) + shown + styled(after)


def _shortened(text: str) -> str:
    limit = 2 * AROUND_CHARS
    return text if len(text) <= limit else text[:limit].rpartition(" ")[0] + "…"
