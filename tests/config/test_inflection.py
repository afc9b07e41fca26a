"""Spellings of entities that are found in one form only, in languages that have many."""

import pytest

from monitor.config.inflection import one_form_only

CASES: dict[str, tuple[list[str], list[tuple[int, str]]]] = {
    "a name in the nominative": (["Moscow", "Москва"], [(1, "`Москв*`")]),
    "with a star": (["Москв*"], []),
    "beside a star": (["Москва", "Москв*"], []),
    "beside another form": (["Москва", "Москві", "Москву"], []),
    "beside a star of another name": (["Москва", "Кремл*"], [(0, "`Москв*`")]),
    "a stem that changes": (["Київ"], [(0, "`Київ*` and `Києв*`")]),
    "a stem that changes, with both": (["Київ", "Києв*"], []),
    "another of that kind": (["Львів"], [(0, "`Львів*` and `Львов*`")]),
    "a name in -ін does not change": (["Путін"], [(0, "`Путін*`")]),
    "an adjective": (["Зеленський"], [(0, "`Зеленськ*`")]),
    "a soft sign": (["Кремль"], [(0, "`Кремл*`")]),
    "a short stem": (["Ялта"], [(0, "`Ялт*`")]),
    "Polish": (["Wałęsa", "Kraków"], [(0, "`Wałęs*`"), (1, "`Kraków*` and `Krakow*`")]),
    "Polish beside its star": (["Kijów", "Kijow*"], []),
    "Polish that shows no Polish letter": (["Moskwa"], []),
    "Spanish, French, German": (["adhesión", "Crimée", "Grönland"], []),
    "an abbreviation": (["НАТО", "США", "ЄСПЛ"], []),
    "an indeclinable": (["Чилі", "Баку", "Тбилиси", "Токио", "Сомалі"], []),
    "a word too short to tell": (["Газа", "мир"], [(0, "`Газ*`")]),
    "as written": (["=Київ"], []),
    "a phrase": (["Північний потік"], [(0, "`Північн* потік*`")]),
    "a phrase with a star": (["Північн* потік"], []),
    "a phrase beside its star": (["Північний потік", "Північн* поток*"], []),
    "a phrase beside one of its words": (["Північний потік", "Північн*"], [(0, "`Північн* потік*`")]),
    "a phrase with an abbreviation": (["саміт НАТО"], [(0, "`саміт* НАТО`")]),
    "a phrase of short words": (["в НАТО", "до НАТО"], []),
    "a Polish phrase": (["Unia Europejska", "pokój światowy"], [(1, "`pokój światow*`")]),
}


@pytest.mark.parametrize("case", CASES)
def test_one_form_only(case: str) -> None:
    spellings, doubts = CASES[case]
    assert list(one_form_only(spellings)) == doubts
