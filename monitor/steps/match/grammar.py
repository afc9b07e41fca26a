"""grammar: the text of a query in, its tree out; a text that is no query is refused with its place and a hint."""

import re
from collections.abc import Mapping
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from monitor.model.topic import Entity
from monitor.steps.match.complaint import QueryError, nearest
from monitor.steps.match.tree import (
    And,
    EntityName,
    Exact,
    Fielded,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Word,
    entity_names,
    parts_of,
)
from monitor.text.tokens import is_unspaced, tokenize

QUERY_CHARS_MAX = 20_000
DEPTH_MAX = 50  # nodes above one another
NEAR_WORDS_MAX = 100
PREFIX_CHARS_MIN = 3
FIELDS = ("title", "summary", "body")

# NOT > AND > OR; NEAR binds tightest, to the left. Whether operands make sense together is decided on the tree.
_GRAMMAR = r"""
start: or_
?or_: and_ (_OR and_)*
?and_: not_ (_AND? not_)*
?not_: NOT not_ | near
?near: near NEAR atom | atom
?atom: _OPEN or_ _CLOSE | WORD | PHRASE | EXACT | ENTITY | fielded
fielded: FIELD atom

_OPEN: "("
_CLOSE: ")"
_OR.3: /OR(?![^\s()"“”„«»])/
_AND.3: /AND(?![^\s()"“”„«»])/
NOT.3: /NOT(?![^\s()"“”„«»])/
NEAR.3: /NEAR\/[0-9]+(?![^\s()"“”„«»])/
FIELD.2: /[^\W\d_]\w*:/
ENTITY.2: /@\w[\w-]*/
PHRASE.2: /"[^"]*"|[“”„][^“”"]*[“”"]|«[^»]*»/
EXACT.2: /=[^\s()"“”„«»]+/
WORD: /[^\s()"“”„«»]+/
%ignore /\s+/
"""
_OPERATORS = frozenset({"_OR", "_AND", "NEAR"})
_FOREIGN = {"&": "AND", "&&": "AND", "+": "AND", "|": "OR", "||": "OR", "!": "NOT", "-": "NOT"}
_MEANINGLESS = re.compile(r"[,;\[\]{}|~^!?<>\\*]")
_OPERATOR_LIKE = re.compile(r"[A-Z]+/[0-9]+")  # BEFORE/8
_NAMES = ["AND", "OR", "NOT", "NEAR"]
_NOT_SPELLED = re.compile(r"[,;()\[\]{}|~^<>\\@\"“”„«»]|(?<!^)=")
_PIECE = re.compile(r"\S+")
_DIGITS_MAX = 6
_TERMS = 'a word, a "phrase", an @entity or a group in brackets'


def parse_query(text: str, entities: Mapping[str, Entity]) -> Node:
    """The tree of a query whose entities are all known.

    Raises:
        QueryError: not of the language; an entity is unknown; or the query could match everything.
    """
    if not text.strip():
        raise QueryError(
            "the query is empty",
            text=text,
            offset=0,
            hint="write what an item must say, for example: peace NEAR/5 talks",
        )
    if len(text) > QUERY_CHARS_MAX:
        message = f"the query is longer than {QUERY_CHARS_MAX} characters"
        raise QueryError(
            message, text=text, offset=QUERY_CHARS_MAX, hint="name long lists of words as an entity, or split the topic"
        )
    node = _Reader(text, entities).node(_parse(text).children[0])
    for name in sorted(entity_names(node)):
        check_entity(entities[name])
    if (blind := _blind(node)) is not None:
        message = "this holds for every item that has none of the query's words"
        raise QueryError(
            message, text=text, offset=blind.at, hint="each alternative needs something that must occur: A AND NOT B"
        )
    return node


def check_entity(entity: Entity) -> None:
    """Refuses a spelling that is no word, prefix, exact word or several of these.

    Raises:
        QueryError: its text is the spelling.
    """
    if not entity.spellings:
        raise QueryError(
            f"@{entity.name} has no spelling", text="", offset=0, hint="list at least one word, phrase or prefix"
        )
    for spelling in entity.spellings:
        if stray := _NOT_SPELLED.search(spelling):
            hint = "list each spelling by itself; an entity holds words, phrases and prefixes, no operators"
            message = f"“{stray.group()}” has no meaning in a spelling of @{entity.name}"
            raise QueryError(message, text=spelling, offset=stray.start(), hint=hint)
        exact = spelling.startswith("=")
        if exact and spelling.endswith("*"):
            raise QueryError(
                "=Word is exact and takes no star", text=spelling, offset=0, hint="leave out the “=” or the “*”"
            )
        check_words(spelling[exact:], spelling, int(exact))


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
                    raise _refusal("“)” closes no bracket", token, text, "remove it, or open a bracket before")
                opened.pop()
            _feed(parser, token, before, text)
            _check_token(token, text)
            before = token
    except UnexpectedCharacters as error:
        message, hint = "this quotation mark has no partner", 'quotes stand around a phrase: "like this"'
        raise QueryError(message, text=text, offset=int(str(error.pos_in_stream)), hint=hint) from error
    if opened:
        raise _refusal("“(” is never closed", opened[-1], text, "add “)” where the group ends")
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
        raise _misplaced(token, before, text) from error
    return answer


def _misplaced(token: Token | None, before: Token | None, text: str) -> QueryError:
    """What to say when `token` (None: the end) cannot follow `before` (None: the beginning)."""
    here = "the end" if token is None else f"“{token}”"
    offset = len(text.rstrip()) if token is None else _offset(token)
    if token is not None and token.type == "NOT":  # everywhere else NOT may begin a term
        return _refusal(f"“{before}” cannot take NOT", token, text, "write A AND NOT B for what must be absent")
    if before is None or before.type == "_OPEN":
        if token is not None and token.type in _OPERATORS:
            message = f"“{token}” needs something to search for before it"
        else:
            message = "there is nothing between these brackets"
    else:
        message = f"“{before}” needs something to search for after it, but {here} follows"
    return QueryError(message, text=text, offset=offset, hint=f"expected: {_TERMS}")


def _check_token(token: Token, text: str) -> None:
    """Refuses what the lexer lets pass as a word, a field or a number, and what was probably meant otherwise."""
    match token.type:
        case "NEAR":
            if len(digits := token.removeprefix("NEAR/")) > _DIGITS_MAX or int(digits) > NEAR_WORDS_MAX:
                raise _refusal(
                    f"NEAR takes at most {NEAR_WORDS_MAX} words between", token, text, "use AND for words further apart"
                )
        case "FIELD":
            if token[:-1] not in FIELDS:
                hint = f"{nearest(token, [f'{field}:' for field in FIELDS])}fields are title:, summary:, body:; quote text that has a colon"
                raise _refusal(f"“{token}” is no field", token, text, hint)
        case "PHRASE":
            check_words(token[1:-1], text, _offset(token) + 1)
        case "EXACT":
            if "*" in token:
                raise _refusal("=Word is exact and takes no star", token, text, "leave out the “=” or the “*”")
            check_words(token[1:], text, _offset(token) + 1)
        case "WORD":
            _check_bare(token, text)
        case _:
            pass


def _check_bare(token: Token, text: str) -> None:
    """A bare word that is no word: an operator misspelt, or of another search engine's language."""
    word = str(token)
    name = word.partition("/")[0].upper()
    if word in _FOREIGN:
        raise _refusal(f"“{word}” is no operator", token, text, f"write {_FOREIGN[word]}")
    if name == "NEAR":
        raise _refusal(
            f"“{word}” is no operator", token, text, f'write NEAR/8: at most 8 words between; or "{word}" for the word'
        )
    if word.upper() in {"AND", "OR", "NOT"}:
        hint = f'write {word.upper()} for the operator, or "{word}" in quotes for the word'
        raise _refusal(f"operators are upper-case, “{word}” is not", token, text, hint)
    if _OPERATOR_LIKE.fullmatch(word):
        raise _refusal(
            f"“{name}” is no operator", token, text, f"{nearest(name, _NAMES)}operators are AND, OR, NOT and NEAR/8"
        )
    if word[0] in "+-" and len(word) > 1:
        meant = f"NOT {word[1:]}" if word[0] == "-" else word[1:]
        raise _refusal(f"“{word[0]}” before a word has no meaning", token, text, f"write {meant}")
    if word[0] == "@":
        raise _refusal(f"“{word}” is no name of an entity", token, text, "an entity is @ and its name: @nato")
    bare = word.removesuffix("*")
    if stray := _MEANINGLESS.search(bare):
        hint = (
            "a star stands at the end of a word: negotiat*"
            if stray.group() == "*"
            else "what belongs to a word goes in quotes"
        )
        message = f"“{stray.group()}” has no meaning here"
        raise QueryError(message, text=text, offset=_offset(token) + stray.start(), hint=hint)
    check_words(word, text, _offset(token))


def check_words(words: str, text: str, offset: int) -> None:
    """Refuses words and prefixes, separated by spaces, of which one cannot be found: `words` stands at text[offset:].

    Raises:
        QueryError: a piece holds no letter and no digit, a star stands elsewhere than at an end, a prefix is too short.
    """
    for piece_found in _PIECE.finditer(words):
        piece, at = piece_found.group(), offset + piece_found.start()
        bare = piece.removesuffix("*")
        found = tokenize(bare).words
        if "*" in bare:
            message, hint = "a star may stand only at the end of a word", "write negotiat*"
            raise QueryError(message, text=text, offset=at + bare.index("*"), hint=hint)
        if piece.endswith("*") and not found:
            raise QueryError("“*” alone would match everything", text=text, offset=at, hint="write negotiat*")
        if piece.endswith("*") and len(found[-1].key) < PREFIX_CHARS_MIN and not is_unspaced(found[-1].exact):
            message = f"the prefix “{piece}” is too short"
            raise QueryError(
                message,
                text=text,
                offset=at,
                hint=f"a prefix has at least {PREFIX_CHARS_MIN} characters before the star",
            )
    if not tokenize(words).words:
        raise QueryError(
            f"“{words}” holds no word", text=text, offset=offset, hint="write at least one letter or digit"
        )


def _check_depth(tree: Tree[Token], text: str) -> None:
    level: list[Tree[Token]] = [tree]
    for _ in range(DEPTH_MAX):
        level = [child for parent in level for child in parent.children if isinstance(child, Tree)]
        if not level:
            return
    message = f"more than {DEPTH_MAX} levels inside one another"
    raise QueryError(
        message, text=text, offset=level[0].meta.start_pos, hint="name a part of it as an entity, or split the topic"
    )


class _Reader:
    """Lark's tree in, ours out."""

    def __init__(self, text: str, entities: Mapping[str, Entity]) -> None:
        self._text = text
        self._entities = entities

    def node(self, tree: Tree[Token] | Token) -> Node:
        if isinstance(tree, Token):
            return self._leaf(tree)
        at = tree.meta.start_pos
        match tree.data:
            case "or_":
                return Or(parts=tuple(map(self.node, tree.children)), at=at)
            case "and_":
                return And(parts=tuple(map(self.node, tree.children)), at=at)
            case "not_":
                return Not(part=self.node(tree.children[1]), at=at)
            case "fielded":
                return self._fielded(tree)
            case _:
                return self._near(tree)

    def _leaf(self, token: Token) -> Node:
        at = _offset(token)
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
            known = [f"@{other}" for other in sorted(self._entities)]
            hint = f"{nearest(token, known)}entities are: {', '.join(known)}" if known else "no entity is configured"
            raise _refusal(f"the entity @{name} is not known", token, self._text, hint)
        return EntityName(name=name, at=_offset(token))

    def _fielded(self, tree: Tree[Token]) -> Fielded:
        name, part = tree.children
        node = self.node(part)
        inner = _first(node, Fielded)
        if inner is not None:
            raise self._refused(inner, f"“{name}” already names the field", "a field stands around words only")
        return Fielded(name=str(name)[:-1], part=node, at=tree.meta.start_pos)

    def _near(self, tree: Tree[Token]) -> Near:
        left, operator, right = tree.children
        operands = (self.node(left), self.node(right))
        for operand in operands:
            if inner := _first(operand, Fielded):
                raise self._refused(
                    inner, "NEAR looks within one field anyway", "write title:(A NEAR/8 B) to look in the title only"
                )
            if inner := _first(operand, Not):
                raise self._refused(inner, "NEAR cannot take NOT", "write (A NEAR/8 B) AND NOT C")
        if all(_joins(operand) for operand in operands):
            hint = "write (A NEAR/8 (B AND C)) AND (D NEAR/8 (B AND C))"
            raise self._refused(operands[1], "only one side of NEAR may hold AND", hint)
        words = int(str(operator).removeprefix("NEAR/"))
        return Near(words=words, left=operands[0], right=operands[1], at=tree.meta.start_pos)

    def _refused(self, node: Node, message: str, hint: str) -> QueryError:
        return QueryError(message, text=self._text, offset=node.at, hint=hint)


def _first(node: Node, kind: type[Fielded] | type[Not]) -> Node | None:
    """The first node of a kind, in the order of the text."""
    if isinstance(node, kind):
        return node
    return next((found for part in parts_of(node) if (found := _first(part, kind)) is not None), None)


def _joins(node: Node) -> bool:
    """Whether an operand of NEAR asks for several things at once. What a NEAR found is one thing."""
    return isinstance(node, And) or (isinstance(node, Or) and any(map(_joins, node.parts)))


def _blind(node: Node) -> Node | None:
    """The part because of which a query holds for a text that has none of its words."""
    match node:
        case Not():
            return node if _blind(node.part) is None else None
        case And():
            blind = [_blind(part) for part in node.parts]
            return None if None in blind else blind[0]
        case Or():
            return next((found for part in node.parts if (found := _blind(part)) is not None), None)
        case Fielded():
            return _blind(node.part)
        case _:
            return None


def _offset(token: Token) -> int:
    return token.start_pos or 0


def _refusal(message: str, token: Token, text: str, hint: str) -> QueryError:
    return QueryError(message, text=text, offset=_offset(token), hint=hint)
