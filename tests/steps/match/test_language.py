"""The query language, as tables: what each form finds and what it does not, in which characters, and how a wrong query is refused."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.ids import TopicId
from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import QueryError, check_entity, compile_topics, explain, match, parse_query, query_version
from monitor.steps.match.places import spellings_of

ENTITIES = (
    Entity(name="zelensky", spellings=("Zelensky", "Zelenskyy", "Зеленськ*", "Zełensk*")),
    Entity(name="alliance", spellings=("NATO", "North Atlantic Alliance", "НАТО")),
    Entity(name="everyone", spellings=("@zelensky", "@alliance")),
    Entity(name="america", spellings=("=US", "=USA")),
)
BY_NAME = {entity.name: entity for entity in ENTITIES}


def topic(query: str) -> Topic:
    return Topic(id=TopicId("t"), title="T", severity=Severity.HIGH, query=query, version="1")


def found(query: str, item: Item) -> list[str] | None:
    """The texts that matched, in the order of the item; None if the topic does not match."""
    matches = match(item, compile_topics((topic(query),), ENTITIES))
    for each in matches:
        for span in each.spans:
            assert item.text(span.field)[span.start : span.end] == span.text
    return [span.text for span in matches[0].spans] if matches else None


CASES: dict[str, tuple[str, str, list[str] | None]] = {
    "word": ("deal", "A deal is near", ["deal"]),
    "any case": ("Deal", "A DEAL is near", ["DEAL"]),
    "whole words only": ("deal", "The dealer left", None),
    "plural": ("deal", "Two deals", ["deals"]),
    "plural in y": ("treaty", "Two treaties", ["treaties"]),
    "plural in es": ("sanction box", "Boxes of sanctions", ["Boxes", "sanctions"]),
    "possessive": ("trump", "Trump's plan", ["Trump's"]),
    "curly possessive": ("trump", "Trump’s plan", ["Trump’s"]),
    "accents": ("cafe", "Le café", ["café"]),
    "accents in the query": ("négociation", "La negociation", ["negociation"]),
    "composed or not": ("café", "cafe\u0301", ["cafe\u0301"]),
    "exact": ("=US", "The US said", ["US"]),
    "exact keeps case": ("=US", "They told us", None),
    "phrase": ('"peace plan"', "A peace plan", ["peace plan"]),
    "phrase in order": ('"peace plan"', "A plan for peace", None),
    "phrase is adjacent": ('"peace plan"', "peace and plan", None),
    "phrase with prefix": ('"peace negotiat*"', "peace negotiators", ["peace negotiators"]),
    "prefix": ("negotiat*", "Negotiators met", ["Negotiators"]),
    "prefix begins the word": ("negotiat*", "renegotiate", None),
    "and": ("peace AND talks", "talks on peace", ["talks", "peace"]),
    "and misses one": ("peace AND talks", "talks", None),
    "juxtaposition is and": ("peace talks", "talks on peace", ["talks", "peace"]),
    "or": ("peace OR war", "war", ["war"]),
    "not": ("peace AND NOT corps", "peace corps", None),
    "not holds": ("peace AND NOT corps", "peace now", ["peace"]),
    "not binds tighter than and": ("NOT iran AND peace", "peace", ["peace"]),
    "and binds tighter than or": ("war OR peace AND talks", "war", ["war"]),
    "brackets": ("(war OR peace) AND talks", "war", None),
    "near": ("minerals NEAR/2 deal", "minerals for a deal", ["minerals", "deal"]),
    "near in either order": ("minerals NEAR/2 deal", "deal on minerals", ["deal", "minerals"]),
    "near at its limit": ("a1x NEAR/2 b1x", "a1x one two b1x", ["a1x", "b1x"]),
    "near beyond its limit": ("a1x NEAR/2 b1x", "a1x one two three b1x", None),
    "near adjacent": ("a1x NEAR/0 b1x", "a1x b1x", ["a1x", "b1x"]),
    "near a group": ("kyiv NEAR/3 (talks OR truce)", "truce in Kyiv", ["truce", "Kyiv"]),
    "near a near": ("kyiv NEAR/4 (peace NEAR/1 plan)", "Kyiv reads the peace plan", ["Kyiv", "peace", "plan"]),
    "near inside a near": ("kyiv NEAR/1 (peace NEAR/3 plan)", "peace in Kyiv a plan", ["peace", "Kyiv", "plan"]),
    "near a group, measured to its nearest word": (
        "kyiv NEAR/0 (peace NEAR/9 plan)",
        "plan one two three peace Kyiv",
        ["plan", "peace", "Kyiv"],
    ),
    "near twice": ("kyiv NEAR/1 peace AND kyiv NEAR/1 plan", "plan Kyiv peace", ["plan", "Kyiv", "peace"]),
    "near a phrase": ('"peace plan" NEAR/1 kyiv', "Kyiv: peace plan", ["Kyiv", "peace plan"]),
    "near a prefix": ("negotiat* NEAR/1 kyiv", "Kyiv negotiators", ["Kyiv", "negotiators"]),
    "only what is near is marked": ("peace NEAR/1 plan", "peace one two three peace plan", ["peace", "plan"]),
    "before": ("peace BEFORE/1 talks", "peace and talks", ["peace", "talks"]),
    "before in the other order": ("peace BEFORE/1 talks", "talks and peace", None),
    "before at its limit": ("peace BEFORE/2 talks", "peace one two three talks", None),
    "before a group": ("russia BEFORE/3 (reject* OR refus*)", "Russia again refuses", ["Russia", "refuses"]),
    "before three times": ("a1x BEFORE/1 b1x BEFORE/1 c1x", "a1x b1x o c1x", ["a1x", "b1x", "c1x"]),
    "before three times, wrongly": ("a1x BEFORE/9 b1x BEFORE/9 c1x", "a1x c1x b1x", None),
    "before in a near": ("kyiv NEAR/2 (peace BEFORE/0 talks)", "peace talks in Kyiv", ["peace", "talks", "Kyiv"]),
    "at least two": ("ATLEAST/2 (peace, war, truce)", "war and truce", ["war", "truce"]),
    "at least two, and one": ("ATLEAST/2 (peace, war, truce)", "war and war", None),
    "at least two of groups": (
        'ATLEAST/2 (peace OR talks, "a truce", kyiv NEAR/1 war)',
        "war in Kyiv, peace",
        ["war", "Kyiv", "peace"],
    ),
    "at least one, of absence": ("peace AND ATLEAST/1 (war, NOT truce)", "peace", ["peace"]),
    "one word is not near itself": ("deal NEAR/3 deal", "a deal", None),
    "entity": ("@zelensky", "Zelenskyy speaks", ["Zelenskyy"]),
    "entity by phrase": ("@alliance", "the North Atlantic Alliance met", ["North Atlantic Alliance"]),
    "entity by prefix, Ukrainian case": ("@zelensky", "слова Зеленського", ["Зеленського"]),
    "entity by prefix, Polish case": ("@zelensky", "słowa Zełenskiego", ["Zełenskiego"]),
    "entity of entities": (
        "@everyone",
        "Zelensky, the North Atlantic Alliance",
        ["Zelensky", "North Atlantic Alliance"],
    ),
    "entity with an exact spelling": ("@america", "the US and us", ["US"]),
    "entity near": ("@zelensky NEAR/4 @alliance", "Зеленський і НАТО", ["Зеленський", "НАТО"]),
    "hyphen divides": ("ukraine", "the US-Ukraine deal", ["Ukraine"]),
    "hyphen in the query": ("cease-fire", "a ceasefire", ["ceasefire"]),
    "hyphen in the text": ("ceasefire", "a cease-fire", ["cease-fire"]),
    "elision": ("ukraine", "l’Ukraine", ["Ukraine"]),
    "abbreviation": ("usa", "the U.S.A. said", ["U.S.A"]),
    "F18-ligature": ("office", "oﬃce", ["oﬃce"]),
    "F18-sharp s": ("strasse", "Straße", ["Straße"]),
    "F18-Turkish capital i": ("istanbul", "İstanbul", ["İstanbul"]),
    "F18-Turkish dotless i": ("ısparta", "Isparta", ["Isparta"]),
    "F18-Greek final sigma": ("πολεμος", "Πόλεμος", ["Πόλεμος"]),
    "F18-Cyrillic yo": ("переговоров", "переговоров", ["переговоров"]),
    "F18-Cyrillic yo for ye": ("еще", "ещё", ["ещё"]),
    "F18-Cyrillic short i is no i": ("мои", "мой", None),
    "F18-Arabic vowels": ("سلام", "سَلام", ["سَلام"]),
    "F18-Hebrew points": ("שלום", "שָׁלוֹם", ["שָׁלוֹם"]),
    "F18-Chinese without spaces": ("和平", "关于和平的谈判", ["和平"]),
    "F18-Chinese in another order": ("和平", "平和", None),
    "F18-Japanese": ("停戦", "ウクライナ停戦交渉", ["停戦"]),
    "F18-Thai": ("สันติภาพ", "แผนสันติภาพใหม่", ["สันติภาพ"]),
    "F18-Ukrainian apostrophe": ("пам'ять", "пам’ять", ["пам’ять"]),
    "F18-Ukrainian yi is no i": ("їх", "іх", None),
    "F18-Russian oblique case by prefix": ("переговор*", "о переговорах", ["переговорах"]),
    "F18-German umlaut": ("krafte", "Kräfte", ["Kräfte"]),
    "F18-German capitals": ("straße", "STRASSE", ["STRASSE"]),
    "F18-Polish l": ("wladza", "Władza", ["Władza"]),
    "F18-Turkish small i": ("TITIZ", "titiz", ["titiz"]),
    "F18-Greek accent and capitals": ("ειρήνη", "ΕΙΡΗΝΗ", ["ΕΙΡΗΝΗ"]),
    "F18-ligature in the query": ("oﬃce", "office", ["office"]),
    "F18-Danish ligature": ("aegir", "Ægir", ["Ægir"]),
    "F18-Arabic letters of two keyboards": ("کی", "كي", ["كي"]),
    "F18-Arabic right to left": ("سلام", "وقف، سلام الآن", ["سلام"]),
    "F18-Korean": ("평화", "평화 협상", ["평화"]),
    "F18-Lao without spaces": ("ສັນຕິພາບ", "ແຜນສັນຕິພາບ", ["ສັນຕິພາບ"]),
    "F18-Khmer without spaces": ("សន្តិភាព", "ផែនការសន្តិភាព", ["សន្តិភាព"]),
    "F18-Burmese without spaces": ("ငြိမ်းချမ်း", "အငြိမ်းချမ်းရေး", ["ငြိမ်းချမ်း"]),
    "F18-Hindi": ("शांति", "शांति वार्ता", ["शांति"]),
    "F18-Chinese near": ("和平 NEAR/3 谈判", "和平的谈判", ["和平", "谈判"]),
    "F18-Katakana long vowel": ("ウクライナ", "ウクライナ情勢", ["ウクライナ"]),
    "F18-accents apart from their letters": ("zürich", "Zu\u0308rich", ["Zu\u0308rich"]),
    "F18-accents apart, in the query": ("zu\u0308rich", "Zürich", ["Zürich"]),
    "F18-Turkish dotless capital": ("istanbul", "ISTANBUL", ["ISTANBUL"]),
    "F18-zero-width joiner in a word": ("peace", "pe\u200dace", ["pe\u200dace"]),
    "F18-an emoji of several before a word": ("peace", "👩\u200d👩\u200d👧peace", ["peace"]),
    "F18-half-width Katakana": ("ウクライナ", "ｳｸﾗｲﾅ", ["ｳｸﾗｲﾅ"]),
    "curly quotes in the query": ("“peace plan”", "a peace plan", ["peace plan"]),
    "guillemets in the query": ("«plan de paix»", "le plan de paix", ["plan de paix"]),
    "typographic hyphen": ("cease-fire", "cease‑fire", ["cease‑fire"]),
    "soft hyphen": ("negotiations", "negoti\u00adations", ["negoti\u00adations"]),
    "joined by a hyphen": ("nato", "pro-NATO", ["NATO"]),
    "abbreviation by its letters": ("=US", "the U.S. said", ["U.S"]),
    "irregular plural": ("spokesman", "Spokesmen said", ["Spokesmen"]),
    "plural of a proper name": ("kennedy", "the Kennedys", ["Kennedys"]),
    "the plural does not find the word": ("talks", "a talk", None),
    "a word that is an operator's name": ("before OR near", "near Kyiv", ["near"]),
    "number": ("2025", "in 2025", ["2025"]),
    "full-width": ("nato", "ＮＡＴＯ", ["ＮＡＴＯ"]),
}


@pytest.mark.parametrize(("query", "text", "expected"), CASES.values(), ids=CASES)
def test_finds(query: str, text: str, expected: list[str] | None) -> None:
    assert found(query, Item(title=text)) == expected


FIELDS: dict[str, tuple[str, Item, list[str] | None]] = {
    "title and summary without a field": ("peace AND talks", Item(title="peace", summary="talks"), ["peace", "talks"]),
    "the body must be asked for": ("peace", Item(body="peace"), None),
    "title": ("title:peace", Item(title="war", summary="peace"), None),
    "summary": ("summary:peace", Item(summary="peace"), ["peace"]),
    "body": ("body:peace", Item(body="peace"), ["peace"]),
    "a group in a field": ("title:(war OR peace)", Item(title="peace"), ["peace"]),
    "not in a field": ("talks AND NOT title:iran", Item(title="Talks", summary="iran"), ["Talks"]),
    "the body is the summary where a feed gives no more": ("body:peace", Item(summary="peace"), ["peace"]),
    "the body alone where there is one": ("body:peace", Item(summary="peace", body="war"), None),
    "author": ("author:kellogg", Item(title="Kellogg", author="By Keith Kellogg"), ["Kellogg"]),
    "url by its words": ("url:ukraine", Item(link="https://example.org/world/ukraine-talks"), ["ukraine"]),
    "url by host": ("url:bbc.co.uk", Item(link="https://www.bbc.co.uk/news"), ["bbc.co.uk"]),
    "category": ('category:"world news"', Item(categories=("Sport", "World News")), ["World News"]),
    "phrases never cross categories": ('category:"world news"', Item(categories=("World", "News")), None),
    "authors and links must be asked for": (
        "kellogg OR ukraine",
        Item(author="Kellogg", link="https://x.org/ukraine"),
        None,
    ),
    "near in a field": ("title:(peace NEAR/1 talks)", Item(title="peace talks", summary="peace"), ["peace", "talks"]),
    "an entity in a field": ("title:@alliance", Item(title="NATO", summary="NATO"), ["NATO"]),
    "two fields": ("title:peace AND summary:talks", Item(title="peace", summary="talks"), ["peace", "talks"]),
    "near never crosses fields": ("peace NEAR/9 talks", Item(title="peace", summary="talks"), None),
    "phrases never cross fields": ('"peace talks"', Item(title="peace", summary="talks"), None),
}


@pytest.mark.parametrize(("query", "item", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields(query: str, item: Item, expected: list[str] | None) -> None:
    assert found(query, item) == expected


BBC = Origin(feed="bbc-world", publisher="BBC", tags=("english", "wire"))
FILTERS: dict[str, tuple[str, str, Origin, bool]] = {
    "feed": ("feed:bbc-world", "en", BBC, True),
    "publisher without a letter": ('talks AND publisher:"!!!"', "en", Origin(publisher="!!!"), True),
    "tag with stars": ('talks AND tag:"*new*"', "en", Origin(tags=("*new*",)), True),
    "feed in any case": ("feed:BBC-World", "en", BBC, True),
    "another feed": ("feed:bbc", "en", BBC, False),
    "publisher": ("publisher:bbc AND talks", "en", BBC, True),
    "publisher of several words": ('publisher:"New York Times"', "en", Origin(publisher="New  York Times"), True),
    "a part of a publisher's name": ("publisher:York", "en", Origin(publisher="New York Times"), False),
    "tag": ("tag:wire", "en", BBC, True),
    "another tag": ("tag:opinion", "en", BBC, False),
    "one of several": ("feed:(nyt OR bbc-world) AND talks", "en", BBC, True),
    "not from there": ("talks AND NOT publisher:BBC", "en", BBC, False),
    "language": ("lang:en AND talks", "en", BBC, True),
    "language with its region": ("lang:en AND talks", "en_GB", BBC, True),
    "language of a region": ("lang:en-gb AND talks", "en-GB", BBC, True),
    "language of another region": ("lang:en-gb AND talks", "en-US", BBC, False),
    "another language": ("lang:en AND talks", "eng", BBC, False),
    "unknown language": ("talks AND NOT lang:en", "", BBC, True),
    "nobody knows where from": ("feed:bbc-world", "en", NOWHERE, False),
}


@pytest.mark.parametrize(("query", "lang", "origin", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters(query: str, lang: str, origin: Origin, expected: bool) -> None:
    topics = compile_topics((topic(query),), ENTITIES)
    assert bool(match(Item(title="talks", lang=lang), topics, origin)) is expected


WRONG = (Path(__file__).parent / "wrong_queries.txt").read_text(encoding="utf-8").split("\n\n")


@pytest.mark.parametrize("case", WRONG, ids=[case.partition("\n")[0].removeprefix("> ") for case in WRONG])
def test_a_wrong_query_is_refused_with_its_place_and_what_to_do(case: str) -> None:
    """The golden file holds queries behind “> ”, and what is said of each."""
    lines = case.rstrip("\n").split("\n")
    query = "\n".join(line[2:] for line in lines if line.startswith("> "))
    with pytest.raises(QueryError) as refused:
        parse_query(query, BY_NAME)
    told = [line.rstrip() for line in str(refused.value).split("\n")]
    assert told == [line for line in lines if not line.startswith("> ")]


def test_an_empty_query_is_refused() -> None:
    with pytest.raises(QueryError, match="empty"):
        parse_query(" \n ", BY_NAME)


NESTED = {
    "a chain": (2_000, ("@e{}",)),
    "diamonds": (60, ("@e{}", "x", "@e{}")),
}


@pytest.mark.parametrize(("count", "spellings"), NESTED.values(), ids=NESTED)
def test_entities_within_entities_take_no_more_time_than_there_are(count: int, spellings: tuple[str, ...]) -> None:
    entities = [Entity(name="e0", spellings=("Kyiv",))] + [
        Entity(name=f"e{number}", spellings=tuple(each.format(number - 1) for each in spellings))
        for number in range(1, count)
    ]
    named = {entity.name: entity for entity in entities}
    check_entity(entities[-1], named)
    assert set(spellings_of(entities[-1].name, named)) == {"Kyiv", *spellings} - {"@e{}"}


SPELLINGS: dict[str, tuple[str, str]] = {
    "operator": ("Kyiv OR Kiev", ""),
    "bracket": ("Kyiv (city)", "“(” has no meaning in a spelling of @x"),
    "quotes": ('"Kyiv"', '“"” has no meaning in a spelling of @x'),
    "short prefix": ("Ky*", "the prefix “Ky*” is too short"),
    "exact prefix": ("=US*", "=Word is exact and takes no star"),
    "no word": ("...", "“...” holds no word"),
    "unknown entity": ("@kyif", "the entity @kyif is not known"),
    "itself": ("@x", "@x holds itself: @x → @x"),
    "itself through others": ("@one", "@x holds itself: @x → @one → @two → @x"),
    "another entity": ("@kyiv", ""),
    "phrase with a prefix": ("North Atlantic Alli*", ""),
    "exact phrase": ("=White House", ""),
}


@pytest.mark.parametrize(("spelling", "message"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_an_entity(spelling: str, message: str) -> None:
    entities = [
        Entity(name="x", spellings=(spelling,)),
        Entity(name="one", spellings=("@two",)),
        Entity(name="two", spellings=("@x",)),
        Entity(name="kyiv", spellings=("Kyiv",)),
    ]
    try:
        check_entity(entities[0], {entity.name: entity for entity in entities})
        told = ""
    except QueryError as error:
        told = error.message
    assert told == message


def test_the_place_is_shown_with_a_caret() -> None:
    with pytest.raises(QueryError) as refused:
        parse_query("peace AND\n  talks)", BY_NAME)
    assert str(refused.value).splitlines()[:3] == [
        "line 2, column 8: “)” closes no bracket",
        "    talks)",
        "         ^",
    ]


@pytest.mark.parametrize(
    "hostile", ["(" * 5_000, "a AND " * 5_000, "(a1x AND NOT " * 200 + "peace" + ")" * 200, "@" * 900, '"' * 901]
)
def test_hostile_queries_are_refused_and_nothing_else(hostile: str) -> None:
    with pytest.raises(QueryError):
        parse_query(hostile, BY_NAME)


def queries() -> st.SearchStrategy[str]:
    words = st.sampled_from(
        ["peace", "=US", "negotiat*", '"peace plan"', "@alliance", "мир", "title:war", "title:(a OR b)"]
    )
    plain = st.sampled_from(["peace", "negotiat*", '"peace plan"', "@alliance", "мир"])
    near = st.builds(lambda a, n, b: f"({a} NEAR/{n} {b})", plain, st.integers(0, 100), plain)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.builds(lambda a, word, b: f"({a} {word} {b})", inner, st.sampled_from(["AND", "OR", ""]), inner)
        return pair | st.builds(lambda a, b: f"({a} AND NOT {b})", inner, inner)

    return st.recursive(words | near, grown, max_leaves=8)


@given(
    queries(),
    st.text(max_size=200)
    | st.lists(st.sampled_from(["peace", "plan", "war", "US", "мир", "a", "b", "NATO"])).map(" ".join),
)
@settings(deadline=None, max_examples=300)
def test_spans_are_the_characters_they_say_and_never_overlap(query: str, text: str) -> None:
    for each in match(Item(title=text, summary=text), compile_topics((topic(query),), ENTITIES)):
        for field in ("title", "summary"):
            places = [(span.start, span.end) for span in each.spans if span.field == field]
            assert all(first[1] <= second[0] for first, second in pairwise(places))
            assert all(span.text == text[span.start : span.end] for span in each.spans)


def test_the_clause_that_decided_is_told() -> None:
    (matched,) = match(Item(title="talks on peace"), compile_topics((topic("war OR peace AND talks"),), ()))
    assert matched.clause == "peace AND talks"


def test_explains_clause_by_clause() -> None:
    told = explain(
        Item(title="peace with Iran"),
        TopicId("t"),
        compile_topics((topic("peace AND (talks OR truce) AND NOT iran"),), ()),
    )
    assert [(child.clause, child.holds) for child in told.children] == [
        ("peace", True),
        ("talks OR truce", False),
        ("NOT iran", False),
    ]
    assert (told.holds, told.spans) == (False, ())


def test_a_version_follows_the_query_and_its_entities_only() -> None:
    other = BY_NAME | {"alliance": Entity(name="alliance", spellings=("NATO",))}
    first = query_version("@zelensky AND peace", BY_NAME)
    assert first == query_version("@zelensky   AND   peace", BY_NAME)
    assert first == query_version("@zelensky AND peace", other)
    assert first != query_version("@zelensky AND war", BY_NAME)
    assert query_version("@alliance", BY_NAME) != query_version("@alliance", other)
