"""The shipped topics on sentences written for this purpose: what they are about, in the languages of the pack, and what they are not about."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.config import load
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.steps.match import compile_topics, match

CONFIGURATION = load(Path(__file__).parents[3] / "config", {})
PACK = compile_topics(CONFIGURATION.topics, CONFIGURATION.entities)

NATO, MINERALS, TALKS = "nato-membership", "minerals-deal", "peace-talks"
GUARANTEES, LEADERSHIP, TERRITORY = "security-guarantees", "leadership-and-elections", "territory"
AIR, SUPPORT = "air-attacks", "european-support"

ABOUT: Mapping[str, tuple[str, ...]] = {
    TALKS: (
        # English
        "Ukraine and Russia begin peace talks in Istanbul",
        "Zelensky rejects ceasefire terms",
        "Kyiv was not invited to the negotiations in Riyadh",
        "Putin says he is ready for talks with Zelensky",
        "Macron offers peacekeepers for Ukraine once a truce holds",
        "Trump says he and Putin will meet within weeks",
        "Trump and Putin speak by phone for ninety minutes",
        "Lavrov and Rubio sit down in Riyadh, with nobody from Kyiv in the room",
        "Witkoff returns to Moscow to see Putin",
        "Kremlin: next round of talks with Washington still without a date",
        "Kellogg sees no seat at the table for the Europeans",
        "Europe sidelined as US and Russia bargain over Ukraine",
        "Nothing about Ukraine without Ukraine, chancellor insists",
        "Starmer would put British boots on the ground in Ukraine",
        "Moscow: any NATO troops in Ukraine would be legitimate targets",
        "Coalition of the willing meets in London on Ukraine",
        "Trump berates Zelensky before the cameras in the Oval Office",
        "Vance and Trump clash with Zelensky at the White House",
        "Trump trusts Putin to keep his word",
        "Zelensky ready for thirty days without shooting if Russia agrees to truce",
        "Umerov and Yermak meet Rubio in Jeddah",
        "Kushner and Witkoff bring 20-point plan for Ukraine to Moscow",
        "Ukrainian and Russian delegations return to Abu Dhabi",
        "Vance: without concessions by Ukraine and Russia there will be no deal",
        "Kremlin rejects European peacekeepers",
        "Starmer willing to put troops on ground in Ukraine",
        "Zelensky regrets the quarrel and says that he is ready, at any hour, to negotiate peace",
        "Witkoff sees Putin for the fifth time",
        "Erdogan offers to host Zelensky and Putin for talks in Istanbul",
        # German
        "Ukraine: Friedensverhandlungen ohne Kiew?",
        "Selenskyj lehnt Waffenruhe ab",
        "Trump und Putin telefonieren anderthalb Stunden",
        "Lawrow trifft Rubio in Riad",
        "Scholz: Keine Bundeswehr-Soldaten in die Ukraine vor einem Waffenstillstand",
        "Eklat im Oval Office: Trump und Selenskyj geraten aneinander",
        # French
        "Ukraine : vers un cessez-le-feu ?",
        "Poutine prêt à rencontrer Trump en Arabie saoudite",
        "Macron propose une trêve entre la Russie et l'Ukraine",
        "Négociations sur l'Ukraine : les Européens réclament leur place",
        # Spanish
        "Ucrania y Rusia inician negociaciones",
        "Putin y Trump hablan por teléfono sobre el fin de la guerra",
        "EE UU y Rusia negocian en Riad el futuro de Ucrania",
        "Zelenski acepta una tregua de treinta días con Rusia",
        # Polish
        "Zełenski: nie będzie rozmów pokojowych bez Ukrainy",
        "Rozmowy amerykańsko-rosyjskie w Rijadzie",
        "Zawieszenie broni na Ukrainie coraz bliżej",
        # Ukrainian
        "Зеленський: переговори без України неможливі",
        "У Джидді завершилася зустріч української та американської делегацій: домовленості щодо перемир'я",
        "Нічого про Україну без України, наголосили у Варшаві",
        # Russian
        "Переговоры по Украине прошли в Эр-Рияде",
        "Путин и Трамп поговорили по телефону",
        "Лаврова и Рубио ждут в Джидде",
        "Трамп уверен, что Путин хочет мира",
        "Песков назвал условия прекращения огня",
    ),
    MINERALS: (
        "US presses Ukraine to sign minerals deal",
        "Zelensky refuses to sign over rare earths",
        "Ukraine and the United States close to agreement on critical minerals",
        "Trump says minerals deal will be signed this week",
        "Kyiv sends back its changes to the resources agreement with Washington",
        "Why Washington wants Ukraine's lithium and titanium",
        "Zelensky: we owe the United States no 500 billion dollars",
        "Bessent returns from Kyiv without a signature under the mineral rights accord",
        "USA und Ukraine einigen sich auf Rohstoffabkommen über seltene Erden",
        "Selenskyj unterschreibt Vertrag über Bodenschätze nicht",
        "Terres rares : Zelensky refuse de signer l'accord américain",
        "Zelenski negocia con Trump el acuerdo de minerales",
        "Ukraina i USA bliskie umowy w sprawie surowców",
        "Umowa o minerałach: Kijów stawia warunki",
        "Україна та США узгодили угоду про корисні копалини",
        "Зеленський: надра України не продаються",
        "Украина и США согласовали сделку по редкоземельным металлам",
        "Зеленский отказался отдавать США полезные ископаемые",
    ),
    NATO: (
        "Zelensky offers to resign for NATO membership",
        "Ukraine will not join NATO, Hegseth says",
        "Trump rules out Ukraine's accession to NATO",
        "Zelensky would trade his presidency for a place in NATO",
        "Ukraine can forget about NATO, says Trump",
        "Rutte: NATO never promised Ukraine membership as part of a settlement",
        "No invitation to NATO for Kyiv this year",
        "Kyiv asked to give up its NATO bid",
        "Ukraine's bid for NATO, explained",
        "Selenskyj: Rücktritt gegen NATO-Beitritt der Ukraine",
        "Trump schließt Nato-Mitgliedschaft der Ukraine aus",
        "L'entrée de l'Ukraine dans l'Otan écartée par Washington",
        "El ingreso de Ucrania en la OTAN queda descartado",
        "Ukraina: członkostwo w NATO wykluczone",
        "Wejście Ukrainy do NATO nierealne, mówi Hegseth",
        "Зеленський готовий піти заради вступу України до НАТО",
        "Запрошення України до НАТО не на часі",
        "Зеленский предложил отставку в обмен на членство в НАТО",
        "Вступление Украины в НАТО исключено",
    ),
    GUARANTEES: (
        "Macron and Starmer work on security guarantees for Ukraine",
        "Starmer asks Trump for an American backstop in Ukraine",
        "Zelensky wants security guarantees before elections",
        "Sicherheitsgarantien für die Ukraine: Was Europa leisten kann",
        "Ukraine : quelles garanties de sécurité ?",
        "Garantías de seguridad para Ucrania, la exigencia de Zelenski",
        "Gwarancje bezpieczeństwa dla Ukrainy tematem rozmów w Paryżu",
        "Гарантії безпеки для України обговорили в Лондоні",
        "Гарантии безопасности для Украины обсудили в Париже",
    ),
    LEADERSHIP: (
        "Zelensky ready to step down if that brings peace",
        "Trump calls Zelensky a dictator without elections",
        "Kremlin questions Zelensky's legitimacy",
        "No elections in Ukraine while martial law lasts",
        "Zelensky names new chief of staff",
        "Yermak resigns as Ukraine's presidential chief of staff",
        "Selenskyj bietet seinen Rücktritt an",
        "Wahlen in der Ukraine erst nach dem Krieg",
        "Zelensky prêt à démissionner",
        "Zelenski, dispuesto a dimitir",
        "Zełenski gotów ustąpić ze stanowiska",
        "Wybory w Ukrainie możliwe po wojnie",
        "Зеленський готовий піти з посади",
        "Вибори в Україні під час війни неможливі",
        "Зеленский готов уйти в отставку",
    ),
    TERRITORY: (
        "Hegseth: Ukraine's return to its pre-2014 borders is unrealistic",
        "Zelensky proposes to swap Kursk land for territory held by Russia",
        "Ukraine will never recognise Crimea as Russian",
        "Witkoff says Ukraine must cede Donetsk and Luhansk",
        "Die Ukraine soll Gebiete an Russland abtreten",
        "L'Ukraine refuse de céder des territoires à la Russie",
        "Ucrania no quiere ceder territorios",
        "Ukraina nie zgodzi się na ustępstwa terytorialne",
        "Україна не визнає анексію Криму",
        "Украина не пойдёт на территориальные уступки",
    ),
    AIR: (
        "Russia launches record drone attack on Ukraine",
        "Missile strike on Kharkiv kills five",
        "Russian drones hit Odesa overnight",
        "Rosja uderzyła w Ukrainę, wielu rannych",
        "Росіяни вдарили по Одесі",
        "Russische Drohnenangriffe auf Kiew",
        "Attaque de drones russes contre Kiev",
        "Ataque con drones rusos contra Odesa",
        "Zmasowany atak dronów na Kijów",
        "Росія завдала ракетного удару по Харкову",
        "Массированная атака беспилотников на Киев",
    ),
    SUPPORT: (
        "EU leaders agree new loan for Ukraine",
        "Britain pledges more weapons for Ukraine",
        "Special summit in Brussels on aid for Kyiv",
        "Deutschland liefert der Ukraine weitere Waffen",
        "La France promet une nouvelle aide à l'Ukraine",
        "La Unión Europea aprueba ayuda para Ucrania",
        "Unia Europejska zwiększa pomoc dla Ukrainy",
        "Німеччина надасть Україні новий пакет допомоги",
        "Германия предоставит Украине новую помощь",
    ),
}
NOT_ABOUT: Mapping[str, tuple[str, ...]] = {
    TALKS: (
        # other wars' talks
        "Iran and the United States resume nuclear talks in Geneva",
        "Russia offers to host Iran's nuclear talks with Washington",
        "Witkoff and Kushner arrive in Geneva for Iran talks",
        "Gaza ceasefire talks stall in Doha",
        "Trump speaks with Putin about Gaza ceasefire",
        "Putin invited to Trump's Board of Peace for Gaza",
        "Sudan's army rejects truce",
        "Russia vetoes call for ceasefire in Sudan",
        "Colombia suspends peace talks with rebels",
        "Syria's new rulers hold talks with Russian delegation on bases",
        "Congo and M23 rebels sign ceasefire in Doha",
        "Thailand and Cambodia agree truce after call from Trump",
        "Armenia and Azerbaijan agree on text of peace treaty, Moscow watches",
        "Seventy years on, Koreans remember the armistice",
        # other bargaining
        "EU and US open trade talks",
        "Ukraine opens accession talks with the EU",
        "IMF ends talks with Ukraine on next loan tranche",
        "Kremlin and Washington begin New START talks",
        "Putin and Modi hold talks in Delhi",
        "Coalition talks begin in Berlin",
        # this war, but not its diplomacy
        "Russian drones strike Kharkiv",
        "Russian forces take village in the Donetsk region",
        "EU adopts new sanctions against Russia",
        "Ukraine receives new air defence systems",
        "US pauses military aid to Ukraine",
        "UN adopts resolution on Ukraine as US votes with Russia",
        "North Korea sends more troops to Ukraine front",
        "Why Zelensky wore no suit in the Oval Office",
        "British troops train Ukrainian recruits in Yorkshire",
        "European troops join drill in Romania, an hour from Ukraine",
        "White House receives widow of Putin critic",
        "Slovakia and Ukraine in talks on gas transit",
        "Zełenski w rozmowie z dziennikarzami o froncie",
        "Russische Drohne über Rumänien abgestürzt",
        "Путин поздравил женщин с 8 марта",
        # other subjects
        "Pope calls for peace at Christmas",
        "Nobel Peace Prize goes to campaigners",
        "Ukraine beats Belgium in qualifier",
        "Ukraine picks its song for Eurovision",
        "Trump met with boos at football final",
    ),
    MINERALS: (
        "Congo and the United States sign minerals deal",
        "China restricts rare earth exports",
        "Ukraine and Russia begin peace talks",
        "Greenland's minerals tempt Trump",
        "Pakistan offers Trump its rare earths",
        "Saudi Arabia and US agree on critical minerals",
        "Australia and the United States sign critical minerals deal",
        "Putin offers Americans Russian rare earths",
        "Ukraine signs deal for Swedish fighter jets",
        "Mineral water sales rise in Ukraine",
    ),
    NATO: (
        "NATO begins exercises in Norway",
        "NATO members raise defence budgets",
        "Sweden joins NATO",
        "Ukraine receives new tanks",
        "NATO members promise Ukraine more air defence",
        "NATO invites Zelensky to summit in The Hague",
        "Finland marks its accession to NATO, with a minute of silence for Ukraine",
        "Ukraine joins NATO exercise in Poland",
        "NATO allies rally around Ukraine",
        "Georgia's hopes of NATO membership fade",
        "Ukraine's membership of the EU will take years",
        "Norway lends Ukraine money and jets to NATO air policing",
        "Estonia's NATO membership was the safest choice, president says with a look to Ukraine",
    ),
    GUARANTEES: (
        "Taiwan asks for security guarantees",
        "Saudi Arabia seeks American security guarantees",
        "Bank raises guarantees for Ukrainian exporters",
    ),
    LEADERSHIP: (
        "Pope Francis will not resign, Vatican says",
        "Dynamo Kyiv coach resigns after defeat",
        "German election: Merz promises aid to Ukraine",
        "Bundestagswahl: Was die Parteien zur Ukraine sagen",
        "Romania's president resigns",
        "Dimitri Medvedev insults Zelensky",
        "Zelensky on Maduro: so that is how one deals with dictators",
        "Зеленський зустрівся з президентом Польщі",
    ),
    TERRITORY: (
        "Russian troops take control of village in the Donetsk region",
        "Kriminalstatistik: weniger Einbrüche",
        "Greenland is not for sale, Denmark says",
        "Trump hails new ceasefire between Thailand and Cambodia over border territory",
    ),
    AIR: (
        "Ukrainian drones hit oil refinery in Russia",
        "Israel bombards Gaza",
        "Ukraine builds more drones than ever",
        "Kremlin says drone attack aimed at Putin's residence",
    ),
    SUPPORT: (
        "Ukraine and Russia begin peace talks",
        "EU summit on farm subsidies",
        "France sends aid to Gaza",
    ),
}
# A name must be found in every case, or a language is deaf to half of its headlines.
OBLIQUE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Ukrainian": (
        (TALKS, "Зустріч Зеленського з Віткоффом щодо припинення вогню"),
        (TALKS, "Зеленському запропонували перемир'я"),
        (TALKS, "Переговори із Зеленським можливі, кажуть у Кремлі"),
        (TALKS, "Розмова Трампа з Путіним тривала дві години"),
        (TALKS, "Путіну передали американський план припинення вогню"),
        (TALKS, "Лаврову відповіли: миротворцям бути"),
        (NATO, "Україні відмовили у членстві в НАТО"),
        (MINERALS, "Угода з Україною про копалини готова"),
        (LEADERSHIP, "Про відставку Зеленського говорити зарано"),
        (AIR, "Над Києвом збили десятки безпілотників"),
    ),
    "Russian": (
        (TALKS, "Встреча Путина с Уиткоффом началась в Кремле"),
        (TALKS, "Путину предложили перемирие"),
        (TALKS, "Трампу ответили: переговоров с Киевом не будет"),
        (TALKS, "Переговоры с Зеленским невозможны, заявили в Кремле"),
        (TALKS, "О прекращении огня в Украине договорились в Джидде"),
        (TALKS, "Лавровым и Рубио обсуждены переговоры по Украине"),
        (NATO, "Украине отказали в приглашении в НАТО"),
        (MINERALS, "Сделка с Украиной по ископаемым сорвалась"),
        (LEADERSHIP, "Зеленскому предлагают уйти в отставку"),
        (GUARANTEES, "Гарантии безопасности Украине обсудили с Макроном"),
    ),
    "Polish": (
        (TALKS, "Spotkanie Zełenskiego z Trumpem zakończone kłótnią o warunki rozejmu"),
        (TALKS, "Putinowi zaproponowano rozejm"),
        (TALKS, "Trump rozmawiał z Putinem przez telefon"),
        (TALKS, "Bez Zełenskiego rozmowy o Ukrainie nie mają sensu"),
        (TALKS, "Meloni chce dialogu z Putinem i rozmów z Rosją"),
        (TALKS, "Ławrowem i Rubio przy jednym stole: rozmowy z Rosją w Rijadzie"),
        (NATO, "Ukrainie odmówiono członkostwa w NATO"),
        (MINERALS, "Zełenskiemu przedstawiono umowę o minerałach"),
        (LEADERSHIP, "Rezygnacja Zełenskiego wcale nie przesądzona"),
        (AIR, "Nalot na Kijów, rosyjskie rakiety nad Ukrainą"),
    ),
    "German": (
        (TALKS, "Selenskyjs Antwort auf Putins Waffenruhe"),
        (TALKS, "Putins Bedingungen für eine Waffenruhe"),
        (TALKS, "Trumps Treffen mit Putin rückt näher"),
        (TALKS, "Verhandlungen mit der Ukraine und den Russen in Dschidda"),
        (TALKS, "Lawrows Nein zu europäischen Friedenstruppen"),
        (TALKS, "Die Rolle des Kremls in den Gesprächen mit den Amerikanern in Riad"),
        (NATO, "Nato-Beitritt der Ukraine vom Tisch"),
        (MINERALS, "Streit um die Rohstoffe der Ukraine"),
        (LEADERSHIP, "Selenskyjs Rücktritt als Angebot"),
        (AIR, "Kiews Vororte nach Drohnenangriff ohne Strom"),
    ),
}
# What has happened rings louder than what is hoped for, refused or urged.
CRITICAL = (
    (NATO, "Zelensky offers to resign in exchange for NATO membership"),
    (LEADERSHIP, "Zelensky ready to step down if it brings peace"),
    (LEADERSHIP, "Зеленський готовий піти у відставку заради миру"),
    (LEADERSHIP, "Selenskyj bietet seinen Rücktritt an"),
    (NATO, "Selenskyj bietet Rücktritt gegen Nato-Beitritt der Ukraine an"),
    (LEADERSHIP, "Zełenski gotów do rezygnacji ze stanowiska"),
    (LEADERSHIP, "Zelensky resigns"),
    (NATO, "NATO invites Ukraine to join"),
    (NATO, "Ukraine invited to join NATO"),
    (MINERALS, "Ukraine and the United States sign minerals deal"),
    (MINERALS, "US-Ukraine minerals agreement signed in Washington"),
    (MINERALS, "USA und Ukraine unterzeichnen Rohstoffabkommen"),
    (MINERALS, "Ukraina i USA podpisały umowę o minerałach"),
    (MINERALS, "Україна та США підписали угоду про корисні копалини"),
    (MINERALS, "Украина и США подписали соглашение о полезных ископаемых"),
    (TALKS, "Ukraine agrees to 30-day ceasefire"),
    (TALKS, "Ukraine and Russia agree on truce"),
    (TALKS, "Ukraine stimmt 30-tägiger Waffenruhe zu"),
    (TALKS, "Україна погодилась на 30-денне перемир'я"),
    (TALKS, "Россия и Украина договорились о прекращении огня"),
    (TALKS, "Ceasefire in Ukraine takes effect"),
    (TALKS, "Ukraina zgodziła się na rozejm"),
    (TALKS, "Rusia y Ucrania acuerdan una tregua"),
    (GUARANTEES, "Allies sign security guarantees for Ukraine in Paris"),
)
NOT_CRITICAL = (
    (LEADERSHIP, "Zelensky will not resign, his office says"),
    (LEADERSHIP, "Kremlin: Zelensky must resign"),
    (LEADERSHIP, "Graham calls on Zelensky to resign"),
    (NATO, "Ukraine will not be invited to join NATO"),
    (MINERALS, "Zelensky ready to sign minerals deal"),
    (MINERALS, "US presses Ukraine to sign minerals deal"),
    (MINERALS, "Hopes for a signed minerals deal with Ukraine fade"),
    (MINERALS, "Ukraine and US could sign minerals deal within days"),
    (MINERALS, "Selenskyj unterschreibt Rohstoffabkommen nicht"),
    (MINERALS, "Zełenski nie podpisał umowy o minerałach"),
    (MINERALS, "Зеленський не підписав угоду про надра"),
    (MINERALS, "Trump leaves Zelensky without signed minerals deal"),
    (TALKS, "Putin agrees with truce in principle but names conditions"),
    (TALKS, "Putin refuses ceasefire"),
    (TALKS, "Zelensky urges Russia to agree to ceasefire"),
    (TALKS, "Путин не согласился на прекращение огня"),
    (TALKS, "Macron proposes truce in Ukraine"),
    (TALKS, "Russia and Ukraine accuse each other of breaking agreed truce"),
)
# What the summary adds: title, summary, and exactly the topics that must be found.
TOGETHER = (
    ("Wednesday in short", "A minerals deal between the U.S. and Ukraine, and a storm in the Alps.", {MINERALS}),
    (
        "A long day for the envoys",
        "Talks on Iran before noon, on the war in Ukraine after, both led by Kushner.",
        {TALKS},
    ),
    ("Ukraine minerals deal all but done", "A deputy prime minister calls the negotiations constructive.", {MINERALS}),
    ("Iran talks resume in Geneva", "The same envoys met Ukrainian negotiators last week.", set()),
    ("Pope in hospital", "Francis prayed for peace in Ukraine, the Vatican said.", set()),
    ("Merz wins German election", "Ukraine was hardly an issue, the price of heating was.", set()),
)


def severity_of(topic: str, title: str) -> Severity:
    return {found.topic_id: found.severity for found in match(Item(title=title), PACK)}[topic]


def pairs(table: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(topic, title) for topic, titles in table.items() for title in titles]


def topics_of(title: str, summary: str = "") -> set[str]:
    return {found.topic_id for found in match(Item(title=title, summary=summary), PACK)}


@pytest.mark.parametrize(("topic", "title"), pairs(ABOUT))
def test_is_about(topic: str, title: str) -> None:
    assert topic in topics_of(title)


@pytest.mark.parametrize(("topic", "title"), pairs(NOT_ABOUT))
def test_is_not_about(topic: str, title: str) -> None:
    assert topic not in topics_of(title)


@pytest.mark.parametrize(
    ("topic", "title"),
    [pytest.param(*row, id=f"{language}-{row[1]}") for language, rows in OBLIQUE.items() for row in rows],
)
def test_names_are_found_in_oblique_cases(topic: str, title: str) -> None:
    assert topic in topics_of(title)


@pytest.mark.parametrize(("title", "summary", "topics"), TOGETHER)
def test_title_and_summary_are_read_together(title: str, summary: str, topics: set[str]) -> None:
    assert topics_of(title, summary) == topics


@pytest.mark.parametrize(("topic", "title"), CRITICAL)
def test_a_fact_is_critical(topic: str, title: str) -> None:
    assert severity_of(topic, title) is Severity.CRITICAL


@pytest.mark.parametrize(("topic", "title"), NOT_CRITICAL)
def test_what_is_no_fact_yet_is_not_critical(topic: str, title: str) -> None:
    assert severity_of(topic, title) is not Severity.CRITICAL
