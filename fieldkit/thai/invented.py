"""An invented province for demonstration, tests and measures: no one in it exists.

Area codes are real, villages and people are not: citizen ids belong to registries that
do not exist, telephones to a range that no operator has. The seed alone decides: the
same province on every machine, and the first hundred persons of a long run are those
of a short one.
"""

import datetime
from collections.abc import Iterator
from functools import cached_property
from itertools import chain, count, islice
from typing import NamedTuple

from fieldkit.thai.areas import areas, covers
from fieldkit.thai.draws import Draws, spread
from fieldkit.thai.invented_people import Answers, Home, note, person
from fieldkit.thai.invented_screenings import Screening, screenings
from fieldkit.thai.invented_words import People, words
from fieldkit.thai.misspell import typo

__all__ = ["Answers", "Household", "Province", "Screening", "typo"]

_TODAY = "2025-09-30"
_VILLAGES_PER_TAMBON = 12
_SIZES = spread({1: 22, 2: 29, 3: 22, 4: 15, 5: 8, 6: 4})
_HOUSING = {
    "thai": spread({"own_house": 82, "with_others": 10, "rented": 8}),
    "migrant": spread({"with_employer": 60, "rented": 40}),
    "street": ("no_fixed_abode",),
    "prison": ("with_others",),
}
# Where Songkhla lies; elsewhere an invented house has no point.
_BOXES = {"90": (6.45, 7.75, 100.15, 100.95)}


class Household(NamedTuple):
    """A household and those who live in it, the head first; answers to two forms."""

    number: int
    answers: Answers
    people: tuple[Answers, ...]


class Province:
    """A province that ``seed`` invents; ``within`` narrows it to area prefixes.

    Its villages are those of ``villages()``; give them to ``Areas.with_villages``.
    No date in it is later than ``today``.
    """

    def __init__(
        self,
        seed: str | int,
        province: str = "90",
        within: tuple[str, ...] = (),
        today: str = _TODAY,
    ) -> None:
        self.seed = seed
        self.province = province
        self.within = within or (province,)
        self.today = datetime.date.fromisoformat(today)

    def villages(self) -> Iterator[tuple[str, str]]:
        """Yield the code and the Thai name of each village in the whole province."""
        for area in areas().under(self.province):
            if area.level == "tambon":
                yield from self._villages_of(area.code)

    def _villages_of(self, tambon: str) -> Iterator[tuple[str, str]]:
        draws = Draws("village", self.seed, tambon)
        lists = words()
        for number in range(1, _VILLAGES_PER_TAMBON + 1):
            first, second = (
                draws.pick(lists.village_first),
                draws.pick(lists.village_second),
            )
            yield f"{tambon}{number:02}", f"บ้าน{first}{second}"

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        return tuple(
            code
            for code, _ in self.villages()
            if any(covers(prefix, code) for prefix in self.within)
        )

    def households(self, number: int | None = None) -> Iterator[Household]:
        """Yield so many households, or without end."""
        return map(self._household, count() if number is None else range(number))

    def people(self, number: int) -> Iterator[Answers]:
        """Yield so many persons, household by household."""
        homes = map(self._home, count())
        return islice(chain.from_iterable(map(self._members, homes)), number)

    def screenings(self, answers: Answers) -> Iterator[Screening]:
        """Yield the screenings of a person; some two and a half for each on average."""
        return screenings(answers, self.today, self.seed)

    def _household(self, number: int) -> Household:
        home = self._home(number)
        return Household(number, self._house(home), self._members(home))

    def _home(self, number: int) -> Home:
        draws = Draws("home", self.seed, self.province, number)
        people = draws.pick(words().peoples)
        return Home(
            number=number,
            people=people,
            village=draws.pick(self._codes),
            last_name=draws.pick(people.last) if people.last else "",
            housing=draws.pick(_HOUSING.get(people.kind, _HOUSING["thai"])),
            today=self.today,
            size=1 if people.kind in {"street", "prison"} else draws.pick(_SIZES),
        )

    def _members(self, home: Home) -> tuple[Answers, ...]:
        draws = Draws("members", self.seed, self.province, home.number)
        return tuple(person(draws, home, place) for place in range(home.size))

    def _house(self, home: Home) -> Answers:
        """Return the answers of the household's own form."""
        draws = Draws("house", self.seed, self.province, home.number)
        lane = f"/{draws.between(1, 30)}" if draws.chance(45) else ""
        answers: Answers = {
            "village": home.village,
            "house_number": f"{draws.between(1, 480)}{lane}",
        }
        if draws.chance(60):
            # Registry 9999 does not exist; ids of houses are not checked by a digit.
            answers["house_code"] = f"9999{home.number % 1_000_000:06}{draws.below(10)}"
        if draws.chance(40):
            answers["landmark"] = draws.pick(_LANDMARKS)
        if draws.chance(70):
            answers.update(self._point(draws))
        answers.update({name: draws.pick(_NEEDS) for name in _NECESSITIES})
        answers["income_enough"] = 1 if draws.chance(58) else 2
        answers["expenses_enough"] = 1 if draws.chance(55) else 2
        answers["debt"] = draws.pick(_DEBTS)
        if draws.chance(10):
            answers["note"] = note(draws, home.people, self.today)
        return answers

    def _point(self, draws: Draws) -> Answers:
        if self.province not in _BOXES:
            return {}
        south, north, west, east = _BOXES[self.province]
        lat = south + (north - south) * draws.below(1_000_000) / 1_000_000
        lon = west + (east - west) * draws.below(1_000_000) / 1_000_000
        point: list[float | None] = [round(lat, 6), round(lon, 6), None]
        return {"point": [*point, float(draws.between(3, 40))]}

    def places(self, number: int) -> Iterator[Answers]:
        """Yield so many places where people live or are found without a household."""
        for index in range(number):
            draws = Draws("place", self.seed, self.province, index)
            kind = draws.pick(_PLACE_KINDS)
            answers: Answers = {
                "name": f"{draws.pick(_PLACE_NAMES[kind])}{_place_name(draws)}",
                "kind": kind,
                "village": draws.pick(self._codes),
                **self._point(draws),
            }
            if draws.chance(30):
                answers["note"] = note(draws, _anyone(), self.today)
            yield answers


_LANDMARKS = (
    *("ตรงข้ามมัสยิด", "หลังวัด", "ข้างโรงเรียน", "ใกล้ รพ.สต.", "ปากซอยร้านน้ำชา"),
    *("สุดถนนลูกรังติดสวนยาง", "ริมคลองชลประทาน", "ใต้ต้นมะขามใหญ่", "หลังตลาดนัดวันศุกร์"),
    *("บ้านรั้วไม้ไผ่สีฟ้า", "ข้างสะพานปูน", "ตึกแถวห้องสุดท้าย", "ใกล้ท่าเรือประมง"),
)
_NECESSITIES = ("food", "clothing", "housing", "medicine")
_NEEDS = spread({0: 64, 1: 25, 2: 9, 9: 2})
_DEBTS = spread({1: 38, 2: 34, 3: 28})
_PLACE_NAMES = {
    "street": ("ใต้สะพาน", "สถานีขนส่ง", "ริมหาด", "ตลาดสด"),
    "night_shelter": ("ศาลาพักคนไร้บ้าน", "บ้านพักค้างคืน"),
    "temporary_shelter": ("บ้านพักเด็กและครอบครัว", "บ้านพักคนเดินทาง"),
    "worker_housing": ("ที่พักคนงานแพปลา", "ที่พักคนงานโรงงานยาง", "แคมป์ก่อสร้าง"),
    "institution": ("ทัณฑสถาน", "สถานสงเคราะห์", "เรือนจำ"),
    "worship": ("วัด", "มัสยิด"),
    "other": ("ศาลาประชาคม", "สวนสาธารณะ"),
}
_PLACE_KINDS = spread(
    {"street": 28, "night_shelter": 6, "temporary_shelter": 8, "worker_housing": 24}
    | {"institution": 8, "worship": 20, "other": 6}
)


def _place_name(draws: Draws) -> str:
    lists = words()
    return draws.pick(lists.village_first) + draws.pick(lists.village_second)


def _anyone() -> People:
    return words().peoples[0]
