"""Screenings of an invented person, with answers that hang together."""

import datetime
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fieldkit.thai.dates import age_on
from fieldkit.thai.draws import Draws, spread
from fieldkit.thai.invented_people import Answers, note
from fieldkit.thai.invented_words import words

# The forms and, for each, the stem of its questions and how many there are.
QUESTIONS = {
    "screening_2q": ("q2_", 2),
    "screening_9q": ("q9_", 9),
    "barthel_adl": ("adl_", 10),
    "st5": ("st5_", 5),
    "wg_ss": ("wg_", 6),
}
ADL_MAX = (2, 1, 3, 2, 3, 2, 2, 1, 2, 2)


_ASKED_WG, _ASKED_MOOD, _OLD, _FRAIL = 5, 15, 70, 80  # from these ages on
_NINE_POSITIVE = 7
_MOVEMENT = 3  # the code of that disability


class Screening(NamedTuple):
    """One filled form about a person."""

    form_id: str
    answers: Answers


class _Person(NamedTuple):
    """What decides a person's screenings."""

    age: int
    groups: frozenset[str]
    hardships: frozenset[str]
    disabilities: frozenset[int]
    distress: int  # 0 to 3, as the answers of 9Q and ST-5 count it
    today: datetime.date


_DISTRESS = spread({0: 80, 1: 14, 2: 4.5, 3: 1.5})
_DISTRESS_HARD = spread({0: 58, 1: 26, 2: 11, 3: 5})


def screenings(
    answers: Answers, today: datetime.date, seed: str | int
) -> Iterator[Screening]:
    """Yield the screenings of one person; the same person gives the same answers."""
    marks = (str(answers.get(name, "")) for name in _MARKS)
    draws = Draws("screenings", seed, *marks)
    person = _person(answers, today, draws)
    for form_id, wanted, fill in _SET:
        if draws.chance(wanted(person)):
            yield _filled(draws, person, form_id, fill(draws, person))
    if person.age >= _ASKED_MOOD:
        yield from _mood(draws, person)


_MARKS = ("village", "first_name", "last_name", "birth_date", "citizen_id", "phone")


def _person(answers: Answers, today: datetime.date, draws: Draws) -> _Person:
    hardships = _codes(answers, "hardships")
    born = str(answers.get("birth_date", "1980-01-01"))
    return _Person(
        age=age_on(born, today.isoformat()),
        groups=_codes(answers, "groups"),
        hardships=hardships,
        disabilities=frozenset(map(int, _codes(answers, "disabilities"))),
        distress=draws.pick(_DISTRESS_HARD if hardships else _DISTRESS),
        today=today,
    )


def _codes(answers: Answers, name: str) -> frozenset[str]:
    codes = answers.get(name, [])
    return frozenset(map(str, codes)) if isinstance(codes, list) else frozenset()


def _filled(
    draws: Draws, person: _Person, form_id: str, values: list[int]
) -> Screening:
    stem, _ = QUESTIONS[form_id]
    day = person.today - datetime.timedelta(days=draws.below(330))
    answers: Answers = {"screened_on": day.isoformat()}
    for number, value in enumerate(values, 1):
        answers[f"{stem}{number}"] = value
    if draws.chance(8):
        answers["note"] = note(draws, words().peoples[0], person.today)
    return Screening(form_id, answers)


def _mood(draws: Draws, person: _Person) -> Iterator[Screening]:
    """Yield 2Q, and 9Q after a positive 2Q."""
    if not draws.chance(95 if "older_person" in person.groups else 86):
        return
    felt = (4, 45, 85, 97)[person.distress]
    two = [int(draws.chance(felt)), int(draws.chance(felt * 0.8))]
    yield _filled(draws, person, "screening_2q", two)
    if any(two) and draws.chance(92):
        nine = _nine(draws, person)
        screening = _filled(draws, person, "screening_9q", nine)
        yield _with_next_step(draws, screening, nine)


_FREQUENCY = (
    spread({0: 78, 1: 20, 2: 2}),
    spread({0: 44, 1: 42, 2: 12, 3: 2}),
    spread({0: 14, 1: 40, 2: 34, 3: 12}),
    spread({0: 3, 1: 18, 2: 39, 3: 40}),
)
_SELF_HARM = (
    spread({0: 99.5, 1: 0.5}),
    spread({0: 96, 1: 3.5, 2: 0.5}),
    spread({0: 78, 1: 16, 2: 5, 3: 1}),
    spread({0: 45, 1: 30, 2: 17, 3: 8}),
)


def _nine(draws: Draws, person: _Person) -> list[int]:
    frequency = _FREQUENCY[person.distress]
    return [
        *(draws.pick(frequency) for _ in range(8)),
        draws.pick(_SELF_HARM[person.distress]),
    ]


_NEXT_STEPS = spread({"refer": 55, "revisit": 25, "screen_further": 15, "advise": 5})


def _with_next_step(draws: Draws, screening: Screening, nine: list[int]) -> Screening:
    if nine[-1] or sum(nine) >= _NINE_POSITIVE:
        screening.answers["next_step"] = draws.pick(_NEXT_STEPS)
    return screening


def _stress(draws: Draws, person: _Person) -> list[int]:
    return [draws.pick(_FREQUENCY[person.distress]) for _ in range(5)]


_FREE = spread({0: 82, 1: 14, 2: 4})  # how far an item lies below its best
_SOME = spread({0: 48, 1: 35, 2: 15, 3: 2})
_MUCH = spread({0: 8, 1: 24, 2: 40, 3: 28})


def _daily_living(draws: Draws, person: _Person) -> list[int]:
    if "home_bedbound" in person.hardships:
        lost = _MUCH
    elif person.age >= _FRAIL or _MOVEMENT in person.disabilities:
        lost = _SOME
    else:
        return [best - (draws.chance(6) and draws.pick(_FREE) > 0) for best in ADL_MAX]
    return [max(0, best - draws.pick(lost)) for best in ADL_MAX]


# The Washington Group domain in which each kind of disability shows.
_DOMAIN = {1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 6: 3, 7: 5}
_DIFFICULTY = spread({1: 86, 2: 12, 3: 2})
_DIFFICULTY_OLD = spread({1: 58, 2: 32, 3: 9, 4: 1})
_DIFFICULTY_DISABLED = spread({2: 22, 3: 58, 4: 20})


def _difficulties(draws: Draws, person: _Person) -> list[int]:
    table = _DIFFICULTY_OLD if person.age >= _OLD else _DIFFICULTY
    values = [draws.pick(table) for _ in range(6)]
    for disability in sorted(person.disabilities):
        values[_DOMAIN[disability]] = draws.pick(_DIFFICULTY_DISABLED)
    return values


def _adl_percent(person: _Person) -> float:
    if "older_person" in person.groups:
        return 92
    return 60 if person.disabilities or "home_bedbound" in person.hardships else 0


def _wg_percent(person: _Person) -> float:
    if person.age < _ASKED_WG:
        return 0
    return 90 if person.disabilities else 60


def _stress_percent(person: _Person) -> float:
    return 0 if person.age < _ASKED_MOOD else 85


# Which form, for how many in a hundred, filled by what; 2Q and 9Q come after.
_SET: tuple[
    tuple[str, Callable[[_Person], float], Callable[[Draws, _Person], list[int]]], ...
] = (
    ("barthel_adl", _adl_percent, _daily_living),
    ("wg_ss", _wg_percent, _difficulties),
    ("st5", _stress_percent, _stress),
)
