"""spellings: an entity in; a spelling of it that cannot be found in any text, or that leads back to itself, refused."""

import re
from collections import deque
from collections.abc import Mapping

from monitor.model.topic import Entity
from monitor.steps.match.complaint import QueryError, known_words
from monitor.steps.match.slips import check_words

_NOT_SPELLED = re.compile(r"[,;()\[\]{}|~^<>\\@\"“”„«»]|(?<!^)=")


def check_entity(entity: Entity, entities: Mapping[str, Entity]) -> None:
    """Refuses an entity without spellings, and its first wrong spelling. Raises QueryError, the text of which is the spelling."""
    if not entity.spellings:
        hint = "list at least one word, phrase or prefix"
        raise QueryError(f"@{entity.name} has no spelling", text="", offset=0, hint=hint)
    for spelling in entity.spellings:
        check_spelling(spelling, entity.name, entities)


def check_spelling(spelling: str, name: str, entities: Mapping[str, Entity]) -> None:
    """A spelling is a word, a prefix, an exact word, several of these in a row, or another entity. Raises QueryError."""
    if spelling.startswith("@"):
        _check_nested(spelling, name, entities)
        return
    if stray := _NOT_SPELLED.search(spelling):
        message = f"“{stray.group()}” has no meaning in a spelling of @{name}"
        hint = "list each spelling by itself; an entity holds words, phrases, prefixes and other entities, no operators"
        raise QueryError(message, text=spelling, offset=stray.start(), hint=hint)
    exact = spelling.startswith("=")
    if exact and spelling.endswith("*"):
        hint = "leave out the “=” or the “*”"
        raise QueryError("=Word is exact and takes no star", text=spelling, offset=0, hint=hint)
    check_words(spelling[exact:], spelling, int(exact))


def _check_nested(spelling: str, name: str, entities: Mapping[str, Entity]) -> None:
    nested = spelling[1:]
    if nested not in entities:
        hint = known_words(spelling, (f"@{other}" for other in entities if other != name), "entity")
        raise QueryError(f"the entity {spelling} is not known", text=spelling, offset=0, hint=hint)
    if (way := _way_back(nested, name, entities)) is not None:
        message = f"@{name} holds itself: {' → '.join(f'@{each}' for each in (name, *way))}"
        hint = "take one of them out: an entity may hold others, not itself"
        raise QueryError(message, text=spelling, offset=0, hint=hint)


def _way_back(here: str, goal: str, entities: Mapping[str, Entity]) -> tuple[str, ...] | None:
    """The entities through which `here` leads to `goal`, the shortest way. Each entity is entered once, however many hold it."""
    came: dict[str, str] = {here: ""}
    waiting = deque([here])
    while waiting:
        at = waiting.popleft()
        if at == goal:
            way = [at]
            while before := came[way[-1]]:
                way.append(before)
            return tuple(reversed(way))
        for spelling in entities[at].spellings if at in entities else ():
            nested = spelling.removeprefix("@")
            if nested != spelling and nested not in came:
                came[nested] = at
                waiting.append(nested)
    return None
