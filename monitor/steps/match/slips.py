"""slips: a token of a query in; where it cannot stand so, what was probably meant, as a refusal with its place and a hint."""

import re

from lark import Token

from monitor.steps.match.complaint import QueryError, nearest
from monitor.text.tokens import is_unspaced, tokenize

FIELDS = ("title", "summary", "body", "author", "url", "category")
FILTERS = ("feed", "publisher", "lang", "tag")
NEAR_WORDS_MAX = 100
PREFIX_CHARS_MIN = 3

_OPERATORS = {"NEAR": "NEAR/8", "BEFORE": "BEFORE/8", "ATLEAST": "ATLEAST/2 (a, b, c)"}
_BINARY = frozenset({"_OR", "_AND", "NEAR", "BEFORE"})
_TERM_TOKENS = frozenset({"WORD", "PHRASE", "EXACT", "ENTITY", "_CLOSE"})
_FOREIGN = {"&": "AND", "&&": "AND", "+": "AND", "|": "OR", "||": "OR", "!": "NOT", "-": "NOT"}
_MEANINGLESS = re.compile(r"[;\[\]{}|~^!?<>\\*]")
_OPERATOR_LIKE = re.compile(r"[A-Z]+/[0-9]+")  # ADJ/8
_PIECE = re.compile(r"\S+")
_DIGITS_MAX = 6
_TERMS = 'a word, a "phrase", an @entity or a group in brackets'


def refusal(message: str, token: Token, text: str, hint: str) -> QueryError:
    return QueryError(message, text=text, offset=token.start_pos or 0, hint=hint)


def misplaced(token: Token | None, before: Token | None, text: str) -> QueryError:
    """What to say when `token` (None: the end) cannot follow `before` (None: the beginning)."""
    here = "the end" if token is None else f"“{token}”"
    offset = len(text.rstrip()) if token is None else token.start_pos or 0
    if before is not None and before.type == "ATLEAST":
        message, hint = f"“{before}” needs a list in brackets, but {here} follows", "write ATLEAST/2 (a, b, c)"
        return QueryError(message, text=text, offset=offset, hint=hint)
    if token is not None and token.type == "NOT":  # everywhere else NOT may begin a term
        return refusal(f"“{before}” cannot take NOT", token, text, "write A AND NOT B for what must be absent")
    if token is not None and token.type == "_COMMA" and (before is None or before.type not in _BINARY):
        hint = 'commas stand between the parts of ATLEAST/2 (a, b, c); quote what has a comma: "1,000"'
        return refusal("“,” has no meaning here", token, text, hint)
    if before is None or before.type == "_OPEN":
        if token is not None and token.type in _BINARY:
            message = f"“{token}” needs something to search for before it"
        else:
            message = "there is nothing between these brackets"
    else:
        message = f"“{before}” needs something to search for after it, but {here} follows"
    return QueryError(message, text=text, offset=offset, hint=f"expected: {_TERMS}")


def check_token(token: Token, before: Token | None, text: str) -> None:
    """Refuses what the lexer lets pass as a word, a field or a number, and what was probably meant otherwise. Raises QueryError."""
    match token.type:
        case "NEAR" | "BEFORE":
            name, _, digits = token.partition("/")
            if len(digits) > _DIGITS_MAX or int(digits) > NEAR_WORDS_MAX:
                message = f"{name} takes at most {NEAR_WORDS_MAX} words between"
                raise refusal(message, token, text, "use AND for words further apart")
        case "ATLEAST":
            if len(token) > len("ATLEAST/") + _DIGITS_MAX:
                raise refusal("this is more than any list has parts", token, text, "write ATLEAST/2 (a, b, c)")
        case "FIELD":
            if token[:-1] not in FIELDS + FILTERS:
                names = [f"{name}:" for name in FIELDS + FILTERS]
                hint = f"{nearest(token, names)}there are {', '.join(names)}; quote text that has a colon"
                raise refusal(f"“{token}” is no field and no filter", token, text, hint)
        case "PHRASE" if _is_filter(before) and token[1:-1].strip():
            pass  # a value is no words: publisher:"!!!"
        case "PHRASE":
            check_words(token[1:-1], text, (token.start_pos or 0) + 1)
        case "EXACT":
            if "*" in token:
                raise refusal("=Word is exact and takes no star", token, text, "leave out the “=” or the “*”")
            check_words(token[1:], text, (token.start_pos or 0) + 1)
        case "WORD" if not _is_filter(before):
            _check_bare(token, before, text)
        case _:
            pass


def _is_filter(before: Token | None) -> bool:
    return before is not None and before.type == "FIELD" and before[:-1] in FILTERS


def _check_bare(token: Token, before: Token | None, text: str) -> None:
    """A bare word that is no word: an operator misspelt, or of another search engine's language."""
    word = str(token)
    name = word.partition("/")[0].upper()
    if word in _FOREIGN:
        raise refusal(f"“{word}” is no operator", token, text, f"write {_FOREIGN[word]}")
    joins = before is not None and before.type in _TERM_TOKENS
    if name in _OPERATORS and (joins or "/" in word or word.isupper()):  # else “before” is a word like any other
        number = word.partition("/")[2]
        meant = f"{name}/{number}" if number.isdecimal() else _OPERATORS[name]
        raise refusal(f"“{word}” is no operator", token, text, f'write {meant}, or "{word}" in quotes for the word')
    if word.upper() in {"AND", "OR", "NOT"}:
        hint = f'write {word.upper()} for the operator, or "{word}" in quotes for the word'
        raise refusal(f"operators are upper-case, “{word}” is not", token, text, hint)
    if _OPERATOR_LIKE.fullmatch(word):
        hint = f"{nearest(name, _OPERATORS)}operators are AND, OR, NOT, NEAR/8, BEFORE/8 and ATLEAST/2"
        raise refusal(f"“{name}” is no operator", token, text, hint)
    if word[0] in "+-" and len(word) > 1:
        meant = f"NOT {word[1:]}" if word[0] == "-" else word[1:]
        raise refusal(f"“{word[0]}” before a word has no meaning", token, text, f"write {meant}")
    if word[0] == "@":
        raise refusal(f"“{word}” is no name of an entity", token, text, "an entity is @ and its name: @nato")
    bare = word.removesuffix("*")
    if stray := _MEANINGLESS.search(bare):
        star = "a star stands at the end of a word: negotiat*"
        hint = star if stray.group() == "*" else "what belongs to a word goes in quotes"
        message = f"“{stray.group()}” has no meaning here"
        raise QueryError(message, text=text, offset=(token.start_pos or 0) + stray.start(), hint=hint)
    check_words(word, text, token.start_pos or 0)


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
            hint = f"a prefix has at least {PREFIX_CHARS_MIN} characters before the star"
            raise QueryError(message, text=text, offset=at, hint=hint)
    if not tokenize(words).words:
        hint = "write at least one letter or digit"
        raise QueryError(f"“{words}” holds no word", text=text, offset=offset, hint=hint)
