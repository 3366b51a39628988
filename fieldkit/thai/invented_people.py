"""The people of an invented province, each as answers to the form ``person``."""

import datetime
from typing import NamedTuple

from fieldkit.thai.citizen_id import check_digit
from fieldkit.thai.dates import MONTHS_SHORT, year_be
from fieldkit.thai.draws import Draws, spread
from fieldkit.thai.invented_words import People, Texts, words

Answer = str | int | float | list[str] | list[int] | list[float | None]
Answers = dict[str, Answer]

_MALE, _FEMALE, _SEX_UNKNOWN = 1, 2, 9
_PUPIL, _HAS_PHONE, _TITLED, _ADULT, _GRADUATE, _SETTLED = 6, 12, 15, 18, 22, 28
_OLD, _VERY_OLD = 60, 75
_BORN_WITH_ID = 1984  # from 2527 BE on, a number begins with 1 or 2


class Home(NamedTuple):
    """What the members of one household share."""

    number: int
    people: People
    village: str
    last_name: str
    housing: str
    today: datetime.date
    size: int


class Who(NamedTuple):
    """What decides the rest of a person's answers."""

    home: Home
    place: int  # 0 is the head of the household
    sex: int
    age: int
    occupation: int


_HEAD_AGES = spread(
    {(20, 34): 9, (35, 44): 13, (45, 59): 28, (60, 69): 25, (70, 96): 25}
)
_WORKER_AGES = spread({(18, 29): 40, (30, 44): 45, (45, 62): 15})
# How much younger than the head another member is: child, grandchild, spouse, parent.
_YOUNGER = spread({(20, 38): 46, (42, 66): 24, (-5, 9): 20, (-32, -20): 10})
_AGE_MAX = 104


def person(draws: Draws, home: Home, place: int) -> Answers:
    """Return one member of a household; ``place`` 0 is its head."""
    who = _who(draws, home, place)
    answers = _naming(draws, who)
    answers.update(_birth(draws, who))
    answers["village"] = home.village
    answers["housing_status"] = home.housing
    answers.update(_papers(draws, who))
    answers.update(_contact(draws, who))
    answers.update(_belonging(draws, who))
    answers.update(_standing(draws, who))
    if who.age > _VERY_OLD and draws.chance(55):
        answers["caregiver"] = _caregiver(draws, who)
    if draws.chance(10):
        answers["note"] = note(draws, home.people, home.today)
    return answers


def _who(draws: Draws, home: Home, place: int) -> Who:
    sex = _FEMALE if draws.chance(54) else _MALE
    if home.people.kind in {"migrant", "prison"}:
        age = draws.between(*draws.pick(_WORKER_AGES))
    else:
        age = draws.between(*draws.pick(_HEAD_AGES))
    if place:
        age -= draws.between(*draws.pick(_YOUNGER))
    age = min(abs(age), _AGE_MAX)
    if home.people.kind == "prison":
        age = max(age, _ADULT)
    return Who(home, place, sex, age, _occupation(draws, home.people.kind, age))


_TITLES = {
    _MALE: (spread({"เด็กชาย": 40, "ด.ช.": 60}), ("นาย",)),
    _FEMALE: (
        spread({"เด็กหญิง": 40, "ด.ญ.": 60}),
        spread({"นาง": 58, "นางสาว": 22, "น.ส.": 20}),
    ),
}
_YOUNG_WOMAN = spread({"นางสาว": 60, "น.ส.": 40})
_NO_LAST_NAME = 72


def _naming(draws: Draws, who: Who) -> Answers:
    answers: Answers = {}
    people = who.home.people
    if people.kind != "migrant":
        answers["title"] = _title(draws, who)
    answers["first_name"] = draws.pick(
        people.male if who.sex == _MALE else people.female
    )
    if people.last and not (people.kind == "ethnic" and draws.chance(_NO_LAST_NAME)):
        married_in = who.place == 1 and draws.chance(35)
        answers["last_name"] = (
            draws.pick(people.last) if married_in else who.home.last_name
        )
    if draws.chance(30):
        answers["nickname"] = draws.pick(words().nicknames)
    answers["sex"] = _SEX_UNKNOWN if draws.chance(0.3) else who.sex
    return answers


def _title(draws: Draws, who: Who) -> str:
    if who.occupation == _CLERGY:
        return "พระ" if who.sex == _MALE else "แม่ชี"
    if who.age < _TITLED:
        return draws.pick(_TITLES[who.sex][0])
    if who.sex == _FEMALE and who.age < _SETTLED:
        return draws.pick(_YOUNG_WOMAN)
    return draws.pick(_TITLES[who.sex][1])


_PRECISIONS = spread({"day": 93, "month": 1, "year": 4, "age_estimate": 2})
_PRECISIONS_MIGRANT = spread({"day": 60, "month": 5, "year": 25, "age_estimate": 10})


def _birth(draws: Draws, who: Who) -> Answers:
    foreign = who.home.people.kind in {"migrant", "street"}
    precision = draws.pick(_PRECISIONS_MIGRANT if foreign else _PRECISIONS)
    days = round(who.age * 365.25) + draws.below(365)
    born = datetime.date.fromordinal(who.home.today.toordinal() - days).isoformat()
    if precision != "day":
        born = born[:8] + "01" if precision == "month" else born[:4] + "-01-01"
    return {"birth_date": born, "birth_precision": precision}


_NO_ID_REASONS = spread(
    {"lost": 45, "never_registered": 30, "refused": 5, "unknown": 20}
)
_NO_ID_PERCENT = {"street": 45, "migrant": 30, "ethnic": 15}
_PLACES_MAX = 8


def _papers(draws: Draws, who: Who) -> Answers:
    kind = who.home.people.kind
    if not draws.chance(_NO_ID_PERCENT.get(kind, 1.5)):
        return {"citizen_id": _citizen_id(draws, who)}
    young = who.age <= _PUPIL and kind != "street"
    answers: Answers = {
        "no_id_reason": "child_unregistered" if young else draws.pick(_NO_ID_REASONS)
    }
    if kind == "migrant" and draws.chance(70):
        answers["other_id"] = f"M{draws.between(1_000_000, 9_999_999)}"
    return answers


def _citizen_id(draws: Draws, who: Who) -> str:
    """Return a number of a registry that does not exist: 9999, or 0999 for type 0.

    Multiplying by a number prime to ten scatters the numbers without ever giving one
    twice among ten million persons.
    """
    serial = (who.home.number * _PLACES_MAX + who.place) * 7_654_321 % 10_000_000
    kind = who.home.people.kind
    if kind == "migrant":
        first = f"00999{serial:07}"
    elif kind == "ethnic" and draws.chance(40):
        first = f"{draws.pick('0678')}9999{serial:07}"
    elif who.home.today.year - who.age > _BORN_WITH_ID:
        first = f"{'2' if draws.chance(3) else '1'}9999{serial:07}"
    else:
        first = f"{draws.pick('33333333345')}9999{serial:07}"
    return first + check_digit(first)


def _contact(draws: Draws, who: Who) -> Answers:
    if who.age < _HAS_PHONE or draws.chance(45 if who.age > _VERY_OLD else 22):
        return {}
    # No operator has been given 060: nobody's telephone rings.
    line = f"{draws.below(10_000_000):07}"
    dashed = draws.chance(70)
    phone = f"060-{line[:3]}-{line[3:]}" if dashed else f"060{line}"
    return {"phone": phone, "safe_to_call": "no" if draws.chance(8) else "yes"}


_DISABILITIES = spread({1: 10, 2: 19, 3: 50, 4: 8, 5: 7, 6: 3, 7: 3})
_STREET_HARDSHIPS = {"street": "homeless", "prison": "ex_prisoner"}


def _belonging(draws: Draws, who: Who) -> Answers:
    """Return groups, hardships and disabilities, in the order of their lists."""
    kind = who.home.people.kind
    disabled = draws.chance(_disabled_percent(who.age))
    informal = who.occupation in {3, 5, 9} and kind != "migrant"
    member = {
        "older_person": who.age >= _OLD,
        "person_with_disability": disabled,
        "homeless_person": kind == "street",
        "informal_worker": informal and who.age >= _ADULT and draws.chance(80),
        "migrant_worker": kind == "migrant" and who.age >= _ADULT,
        "ethnic_group": kind == "ethnic",
        "gender_diverse": _TITLED <= who.age < _OLD and draws.chance(3),
        "prisoner": kind == "prison",
        "muslim": kind == "muslim" or (kind == "prison" and draws.chance(30)),
    }
    answers: Answers = {}
    if groups := [group for group, of in member.items() if of]:
        answers["groups"] = groups
    if hardships := _hardships(draws, who, disabled=disabled):
        answers["hardships"] = hardships
    if disabled:
        kinds = {draws.pick(_DISABILITIES) for _ in range(1 + draws.chance(12))}
        answers["disabilities"] = sorted(kinds)
    return answers


def _disabled_percent(age: int) -> int:
    return 2 if age < _ADULT else 6 if age < _OLD else 13 if age < _VERY_OLD else 24


def _hardships(draws: Draws, who: Who, *, disabled: bool) -> list[str]:
    kind = who.home.people.kind
    old = who.age >= _OLD + 10
    young = who.age < _ADULT
    has = {
        "homeless": kind == "street",
        "stateless": kind == "ethnic" and draws.chance(20),
        "abandoned_elder": old and draws.chance(5),
        "infected": draws.chance(0.7),
        "home_bedbound": (old and draws.chance(12)) or (disabled and draws.chance(20)),
        "ex_prisoner": kind == "street" and draws.chance(15),
        "disabled": disabled and draws.chance(80),
        "affected_by_unrest": kind == "muslim" and draws.chance(2),
        "orphan": young and draws.chance(4),
    }
    return [hardship for hardship, of in has.items() if of]


_CLERGY = 4
_WORK = spread({1: 8, 3: 15, 5: 29, 6: 7, 7: 1, 8: 9, 9: 29, 4: 0.6, 99: 1.4})
_WORK_OLD = spread({1: 58, 3: 8, 5: 24, 9: 7, 4: 1, 99: 2})
_WORK_KIND = {
    "migrant": spread({8: 35, 9: 55, 5: 10}),
    "prison": (1,),
    "street": spread({1: 70, 9: 30}),
}


def _occupation(draws: Draws, kind: str, age: int) -> int:
    if age < _ADULT:
        return 2 if age >= _PUPIL else 1
    if age < _GRADUATE and kind != "migrant" and draws.chance(60):
        return 2
    table = _WORK_OLD if age >= _OLD else _WORK
    return draws.pick(_WORK_KIND.get(kind, table))


_INCOME = {
    1: 900,
    2: 0,
    3: 9500,
    4: 500,
    5: 7200,
    6: 21000,
    7: 26000,
    8: 14500,
    9: 7800,
}
_MARITAL = {
    "young": spread({"single": 62, "married_together": 24, "living_together": 12,
                     "divorced": 2}),
    "adult": spread({"single": 14, "married_together": 60, "married_apart": 4,
                     "divorced": 9, "living_together": 8, "widowed": 5}),
    "old": spread({"single": 6, "married_together": 46, "married_apart": 3,
                   "divorced": 5, "widowed": 40}),
}  # fmt: skip
_EDUCATION = {
    "child": (1, 2),
    "young": spread({3: 5, 4: 25, 5: 32, 6: 20, 7: 18}),
    "adult": spread({1: 4, 2: 18, 3: 28, 4: 17, 5: 15, 6: 8, 7: 9, 8: 1}),
    "old": spread({1: 22, 2: 58, 3: 9, 4: 4, 5: 3, 6: 2, 7: 2}),
}


def _standing(draws: Draws, who: Who) -> Answers:
    people = who.home.people
    stage = _stage(who.age)
    answers: Answers = {
        "nationality": draws.pick(people.nationalities),
        "religion": draws.pick(people.religions),
        "language": draws.pick(people.languages),
    }
    if who.age >= _PUPIL:
        answers["education"] = draws.pick(_EDUCATION[stage])
        answers["occupation"] = who.occupation
    if who.age >= _ADULT:
        married = _MARITAL[stage]
        answers["marital_status"] = draws.pick(married)
        if not draws.chance(12):
            answers["income"] = _income(draws, who)
    return answers


def _stage(age: int) -> str:
    if age < _ADULT:
        return "child"
    return "old" if age >= _OLD else "young" if age < _SETTLED else "adult"


_ROUNDED_FROM = 5000


def _income(draws: Draws, who: Who) -> int:
    """Return a monthly income, skewed as incomes are, in the round sums people name."""
    mean = _INCOME.get(who.occupation, 6000)
    spread_ = (40 + draws.below(70) + draws.below(70)) / 100
    pension = 600 + 100 * min((who.age - _OLD) // 10, 4) if who.age >= _OLD else 0
    earned = mean * spread_ * (0.6 if who.age >= _OLD else 1)
    step = 500 if earned > _ROUNDED_FROM else 100
    return pension + round(earned / step) * step


_RELATIONS = spread({"ลูกสาว": 40, "ลูกชาย": 18, "คู่สมรส": 22, "หลาน": 12, "เพื่อนบ้าน": 8})


def _caregiver(draws: Draws, who: Who) -> str:
    people = who.home.people
    return f"{draws.pick(people.female)} ({draws.pick(_RELATIONS)})"


_NOTE_MIN, _NOTE_MAX = 40, 160
_NOTE_PARTS = ("seen", "health", "need", "plan")


def note(draws: Draws, people: People, today: datetime.date) -> str:
    """Return free text of 40 to 160 characters, as a volunteer would leave it."""
    parts = words().notes
    text = _fragment(draws, parts["seen"], people, today)
    for part in _NOTE_PARTS[1:]:
        longer = f"{text} {_fragment(draws, parts[part], people, today)}"
        wanted = len(text) < _NOTE_MIN or draws.chance(60)
        if wanted and len(longer) <= _NOTE_MAX:
            text = longer
    return text


def _fragment(draws: Draws, texts: Texts, people: People, today: datetime.date) -> str:
    text = draws.pick(texts)
    if "{" not in text:
        return text
    return text.format(
        n=draws.between(2, 9),
        m=draws.between(11, 59),
        day=draws.between(1, 28),
        month=draws.pick(MONTHS_SHORT),
        year=year_be(today.isoformat()) - draws.below(9),
        name=draws.pick(people.female),
    )
