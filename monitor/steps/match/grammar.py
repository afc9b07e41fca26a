"""grammar: the text of a query in, its tree out; a text that is no query is refused with its place and a hint."""

from collections.abc import Mapping
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from monitor.model.topic import Entity
from monitor.steps.match.complaint import QueryError, known_words
from monitor.steps.match.sense import check_operands, check_sense
from monitor.steps.match.slips import FILTERS, check_token, misplaced, refusal
from monitor.steps.match.tree import (
    And,
    AtLeast,
    Before,
    EntityName,
    Exact,
    Fielded,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Word,
    parts_of,
)

QUERY_CHARS_MAX = 20_000
DEPTH_MAX = 50  # nodes above one another

# NOT > AND > OR; NEAR and BEFORE bind tightest, to the left. Whether operands make sense together is decided on the tree.
_GRAMMAR = r"""
start: or_
?or_: and_ (_OR and_)*
?and_: not_ (_AND? not_)*
?not_: NOT not_ | near
?near: near (NEAR | BEFORE) atom | atom
?atom: _OPEN or_ _CLOSE | WORD | PHRASE | EXACT | ENTITY | fielded | atleast
fielded: FIELD atom
atleast: ATLEAST _OPEN or_ (_COMMA or_)* _CLOSE

_OPEN: "("
_CLOSE: ")"
_COMMA: ","
_OR.3: /OR(?![^\s(),"“”„«»])/
_AND.3: /AND(?![^\s(),"“”„«»])/
NOT.3: /NOT(?![^\s(),"“”„«»])/
NEAR.3: /NEAR\/[0-9]+(?![^\s(),"“”„«»])/
BEFORE.3: /BEFORE\/[0-9]+(?![^\s(),"“”„«»])/
ATLEAST.3: /ATLEAST\/[0-9]+(?![^\s(),"“”„«»])/
FIELD.2: /[^\W\d_]\w*:/
ENTITY.2: /@\w[\w-]*/
PHRASE.2: /"[^"]*"|[“”„][^“”"]*[“”"]|«[^»]*»/
EXACT.2: /=[^\s(),"“”„«»]+/
WORD: /[^\s(),"“”„«»]+/
%ignore /\s+/
"""


def parse_query(text: str, entities: Mapping[str, Entity]) -> Node:
    """The tree of a query whose entities are all known.

    Raises:
        QueryError: not of the language; an entity is unknown; or the query could match everything.
    """
    if not text.strip():
        hint = "write what an item must say, for example: peace NEAR/5 talks"
        raise QueryError("the query is empty", text=text, offset=0, hint=hint)
    if len(text) > QUERY_CHARS_MAX:
        message = f"the query is longer than {QUERY_CHARS_MAX} characters"
        hint = "name long lists of words as an entity, or split the topic"
        raise QueryError(message, text=text, offset=QUERY_CHARS_MAX, hint=hint)
    node = _Reader(text, entities).node(_parse(text).children[0])
    check_sense(node, text)
    return node


@cache
def _lark() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False)


def _parse(text: str) -> Tree[Token]:
    """Token by token, so that the first mistake of the text is the one that is told. Without recursion: the depth is checked at the end."""
    parser = _lark().parse_interactive(text)
    opened: list[Token] = []
    before: Token | None = None
    try:
        for token in parser.lexer_thread.lex(parser.parser_state):  # type: ignore[no-untyped-call]
            if token.type == "_OPEN":
                opened.append(token)
            elif token.type == "_CLOSE":
                if not opened:
                    raise refusal("“)” closes no bracket", token, text, "remove it, or open a bracket before")
                opened.pop()
            check_token(token, before, text)
            _feed(parser, token, before, text)
            before = token
    except UnexpectedCharacters as error:
        message, hint = "this quotation mark has no partner", 'quotes stand around a phrase: "like this"'
        raise QueryError(message, text=text, offset=int(str(error.pos_in_stream)), hint=hint) from error
    if opened:
        raise refusal("“(” is never closed", opened[-1], text, "add “)” where the group ends")
    tree = _feed(parser, None, before, text)
    _check_depth(tree, text)
    return tree


def _feed(parser: InteractiveParser, token: Token | None, before: Token | None, text: str) -> Tree[Token]:
    """Gives the parser a token, or the end; after the end its answer is the tree."""
    try:
        if token is not None:
            answer: Tree[Token] = parser.feed_token(token)
        else:
            answer = parser.feed_eof(before)  # type: ignore[no-untyped-call]  # lark's own annotations end here
    except UnexpectedToken as error:
        raise misplaced(token, before, text) from error
    return answer


def _check_depth(tree: Tree[Token], text: str) -> None:
    level: list[Tree[Token]] = [tree]
    for _ in range(DEPTH_MAX):
        level = [child for parent in level for child in parent.children if isinstance(child, Tree)]
        if not level:
            return
    message = f"more than {DEPTH_MAX} levels inside one another"
    hint = "name a part of it as an entity, or split the topic"
    raise QueryError(message, text=text, offset=level[0].meta.start_pos, hint=hint)


class _Reader:
    """Lark's tree in, ours out."""

    def __init__(self, text: str, entities: Mapping[str, Entity]) -> None:
        self._text = text
        self._entities = entities

    def node(self, tree: Tree[Token] | Token) -> Node:
        if isinstance(tree, Token):
            return self._leaf(tree)
        match tree.data:
            case "not_":
                return Not(part=self.node(tree.children[1]), at=tree.meta.start_pos)
            case "atleast":
                return self._at_least(tree)
            case "fielded":
                return self._fielded(tree)
            case "near":
                return self._near(tree)
            case joined:
                kind = Or if joined == "or_" else And
                return kind(parts=tuple(map(self.node, tree.children)), at=tree.meta.start_pos)

    def _leaf(self, token: Token) -> Node:
        at = token.start_pos or 0
        match token.type:
            case "PHRASE":
                return Phrase(text=" ".join(token[1:-1].split()), at=at)
            case "EXACT":
                return Exact(text=token[1:], at=at)
            case "ENTITY":
                return self._entity(token)
            case _ if token.endswith("*"):
                return Prefix(text=token[:-1], at=at)
            case _:
                return Word(text=str(token), at=at)

    def _entity(self, token: Token) -> EntityName:
        name = token[1:]
        if name not in self._entities:
            hint = known_words(token, (f"@{other}" for other in self._entities), "entity")
            raise refusal(f"the entity @{name} is not known", token, self._text, hint)
        return EntityName(name=name, at=token.start_pos or 0)

    def _at_least(self, tree: Tree[Token]) -> AtLeast:
        operator, *parts = tree.children
        count = int(str(operator).removeprefix("ATLEAST/"))
        if not 0 < count <= len(parts):
            message = f"“{operator}” asks for {count} of {len(parts)}"
            hint = "write as many parts as can be asked for, with commas between: ATLEAST/2 (a, b, c)"
            raise QueryError(message, text=self._text, offset=tree.meta.start_pos, hint=hint)
        return AtLeast(count=count, parts=tuple(map(self.node, parts)), at=tree.meta.start_pos)

    def _fielded(self, tree: Tree[Token]) -> Node:
        name, part = tree.children
        field = str(name)[:-1]
        node = self.node(part)
        if field in FILTERS:
            return self._filter(field, node)
        if (inner := _first(node, Fielded, Filter)) is not None:
            hint = "write title:A AND body:B, each with its own words"
            raise QueryError(f"“{name}” already names where to look", text=self._text, offset=inner.at, hint=hint)
        return Fielded(name=field, part=node, at=tree.meta.start_pos)

    def _filter(self, name: str, node: Node) -> Node:
        match node:
            case Word() | Phrase():
                return Filter(name=name, value=node.text, at=node.at)
            case Or():
                return Or(parts=tuple(self._filter(name, part) for part in node.parts), at=node.at)
            case _:
                message = f"“{name}:” takes whole values only"
                hint = f'write {name}:value, {name}:"several words" or {name}:(one OR another)'
                raise QueryError(message, text=self._text, offset=node.at, hint=hint)

    def _near(self, tree: Tree[Token]) -> Near | Before:
        left, operator, right = tree.children
        name, _, words = str(operator).partition("/")
        kind = Near if name == "NEAR" else Before
        node = kind(words=int(words), left=self.node(left), right=self.node(right), at=tree.meta.start_pos)
        check_operands(node, self._text)
        return node


def _first(node: Node, *kinds: type[Node]) -> Node | None:
    """The first node of one of these kinds, in the order of the text."""
    if isinstance(node, kinds):
        return node
    return next((found for part in parts_of(node) if (found := _first(part, *kinds)) is not None), None)
