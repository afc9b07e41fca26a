"""The shipped topics on sentences written for this purpose: what they are about, in the languages of the pack, and what they are not about."""

from pathlib import Path

import pytest

from monitor.config import load
from monitor.model.item import Item
from monitor.steps.match import compile_topics, match

CONFIGURATION = load(Path(__file__).parents[3] / "config", {})
PACK = compile_topics(CONFIGURATION.topics, CONFIGURATION.entities)

ABOUT = {
    "peace-talks": (
        "Ukraine and Russia begin peace talks in Istanbul",
        "Zelensky rejects ceasefire terms",
        "Kyiv was not invited to the negotiations in Riyadh",
        "Putin says he is ready for talks with Zelensky",
        "Macron offers peacekeepers for Ukraine once a truce holds",
        "Ukraine: Friedensverhandlungen ohne Kiew?",
        "Selenskyj lehnt Waffenruhe ab",
        "Ukraine : vers un cessez-le-feu ?",
        "Ucrania y Rusia inician negociaciones",
        "Zełenski: nie będzie rozmów pokojowych bez Ukrainy",
        "Зеленський: переговори без України неможливі",
        "Переговоры по Украине прошли в Эр-Рияде",
    ),
    "minerals-deal": (
        "US presses Ukraine to sign minerals deal",
        "Zelensky refuses to sign over rare earths",
        "Ukraine and the United States close to agreement on critical minerals",
        "USA und Ukraine einigen sich auf Rohstoffabkommen über seltene Erden",
        "Ukraina i USA bliskie umowy w sprawie surowców",
        "Україна та США узгодили угоду про корисні копалини",
        "Украина и США согласовали сделку по редкоземельным металлам",
    ),
    "nato-membership": (
        "Zelensky offers to resign for NATO membership",
        "Ukraine will not join NATO, Hegseth says",
        "Trump rules out Ukraine's accession to NATO",
        "Selenskyj: Rücktritt gegen NATO-Beitritt der Ukraine",
        "Зеленський готовий піти заради вступу України до НАТО",
        "Ukraina: członkostwo w NATO wykluczone",
    ),
}
NOT_ABOUT = {
    "peace-talks": (
        "Iran and the United States resume nuclear talks in Geneva",
        "Gaza ceasefire talks stall in Doha",
        "Sudan's army rejects truce",
        "Colombia suspends peace talks with rebels",
        "Russian drones strike Kharkiv",
        "EU adopts new sanctions against Russia",
        "Ukraine receives new air defence systems",
        "Pope calls for peace at Christmas",
    ),
    "minerals-deal": (
        "Congo and the United States sign minerals deal",
        "China restricts rare earth exports",
        "Ukraine and Russia begin peace talks",
        "Greenland's minerals tempt Trump",
    ),
    "nato-membership": (
        "NATO begins exercises in Norway",
        "NATO members raise defence budgets",
        "Sweden joins NATO",
        "Ukraine receives new tanks",
    ),
}


@pytest.mark.parametrize(("topic", "title"), [(topic, title) for topic, titles in ABOUT.items() for title in titles])
def test_is_about(topic: str, title: str) -> None:
    assert topic in {found.topic_id for found in match(Item(title=title), PACK)}


@pytest.mark.parametrize(
    ("topic", "title"), [(topic, title) for topic, titles in NOT_ABOUT.items() for title in titles]
)
def test_is_not_about(topic: str, title: str) -> None:
    assert topic not in {found.topic_id for found in match(Item(title=title), PACK)}
