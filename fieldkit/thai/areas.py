"""The area tree: provinces, districts and tambons of Thailand, and villages added."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Literal, NamedTuple

from fieldkit.errors import AnswerError, NotFoundError
from fieldkit.thai.text import search_key, sort_key

Level = Literal["province", "district", "tambon", "village"]

# The length of a code tells its level; every code begins with its parent's.
_LEVELS: Mapping[int, Level] = {
    2: "province",
    4: "district",
    6: "tambon",
    8: "village",
}
_STEP = 2
_CODE = re.compile(r"(?:[0-9]{2}){1,4}")
_VILLAGE_CODE = re.compile(r"[0-9]{8}")
_FOUND_MAX = 50


class Area(NamedTuple):
    """A place with a code; ``th`` and ``en`` are its names without a prefix."""

    code: str
    th: str
    en: str

    @property
    def level(self) -> Level:
        """Return province, district, tambon or village."""
        return _LEVELS[len(self.code)]

    @property
    def parent(self) -> str:
        """Return the code above; empty for a province."""
        return self.code[:-_STEP]


class AreaFound(NamedTuple):
    """One answer of a search: the area and its full path for a person to read."""

    area: Area
    path: str


def covers(prefix: str, code: str) -> bool:
    """Return whether ``code`` lies in ``prefix``; the empty prefix covers all."""
    return code.startswith(prefix) and len(prefix) % _STEP == 0


_WORDS: Mapping[str, Mapping[Level, str]] = {
    "plain": {"province": "จ.", "district": "อ.", "tambon": "ต.", "village": "บ้าน"},
    "bangkok": {"province": "", "district": "เขต", "tambon": "แขวง", "village": "ชุมชน"},
}
_BANGKOK = "10"
_PREFIXES = re.compile(
    r"(?:^|(?<=\s))(?:จังหวัด|(?:กิ่ง\s?)?อำเภอ|ตำบล|แขวง|เขต|หมู่บ้าน|[จอต]\.)\s*"
)


@dataclass(frozen=True, eq=False)
class Areas:
    """The tree of areas; adding villages gives a new tree and leaves this one."""

    by_code: Mapping[str, Area]

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __iter__(self) -> Iterator[Area]:
        return iter(self.by_code.values())

    def __len__(self) -> int:
        return len(self.by_code)

    def get(self, code: str) -> Area:
        """Return the area with this code.

        Raises:
            NotFoundError: ``area.unknown``; ``successors`` may know an abolished code.
        """
        if area := self.by_code.get(code):
            return area
        raise NotFoundError("area.unknown", area=code)

    def find_area(self, code: str) -> Area | None:
        """Return the area with this code, or None."""
        return self.by_code.get(code)

    def children(self, code: str = "") -> tuple[Area, ...]:
        """Return the areas just below ``code`` in order; the provinces of ``""``."""
        return self._children.get(code, ())

    def under(self, code: str) -> Iterator[Area]:
        """Yield every area below ``code``, those nearer the root first."""
        for child in self.children(code):
            yield child
            yield from self.under(child.code)

    def path(self, code: str) -> tuple[Area, ...]:
        """Return the areas from the province down to ``code``.

        A village that nobody has loaded yet is passed over: its tambon is known.
        """
        steps = range(_STEP, len(code) + 1, _STEP)
        found = (self.by_code.get(code[:step]) for step in steps)
        return tuple(area for area in found if area is not None)

    def show(self, code: str) -> str:
        """Return the place as an address says it, the smallest first.

        >>> areas().show("901101")
        'ต.หาดใหญ่ อ.หาดใหญ่ จ.สงขลา'
        """
        words = _WORDS["bangkok" if code.startswith(_BANGKOK) else "plain"]
        parts = [words[area.level] + _bare(area) for area in reversed(self.path(code))]
        if len(code) == len("90110103"):
            parts.insert(0, f"ม.{int(code[-_STEP:])}")
        return " ".join(parts)

    def find(self, text: str, within: str = "") -> tuple[AreaFound, ...]:
        """Return areas whose code or name begins with, or holds, ``text``.

        Several words narrow the search: "ในเมือง ขอนแก่น". At most 50, the best first:
        whole names, then beginnings, then larger areas before smaller ones.
        """
        words = [search_key(word) for word in _PREFIXES.sub(" ", text).split()]
        words = [word for word in words if word]
        if not words:
            return ()
        if _CODE.fullmatch(words[0]) and words[0] in self.by_code:
            return (self._found(words[0]),)
        hits = [
            (rank, len(code), code)
            for code, key in self._keys.items()
            if (rank := _rank(key, words[0])) is not None
            and covers(within, code)
            and self._named_above(code, words[1:])
        ]
        return tuple(self._found(code) for *_, code in sorted(hits)[:_FOUND_MAX])

    def _found(self, code: str) -> AreaFound:
        return AreaFound(self.by_code[code], self.show(code))

    def _named_above(self, code: str, words: list[str]) -> bool:
        above = " ".join(self._keys[area.code] for area in self.path(code))
        return all(word in above for word in words)

    def with_villages(
        self, rows: Iterable[Mapping[str, str] | tuple[str, str]]
    ) -> "Areas":
        """Return a tree that also holds these villages: code and Thai name of each.

        A row is a pair, or a mapping with ``code``, ``th`` and perhaps ``en``. A code
        that is already there gets the new name.

        Raises:
            AnswerError: ``area.village_code`` for a code that is not eight digits
                under a known tambon; ``row`` counts from 1.
        """
        added = dict(self.by_code)
        for number, row in enumerate(rows, 1):
            village = _village(row)
            known = self.by_code.get(village.parent)
            if not _VILLAGE_CODE.fullmatch(village.code) or known is None:
                raise AnswerError("area.village_code", value=village.code, row=number)
            added[village.code] = village
        return Areas(MappingProxyType(added))

    @cached_property
    def _children(self) -> Mapping[str, tuple[Area, ...]]:
        below: defaultdict[str, list[Area]] = defaultdict(list)
        for area in self.by_code.values():
            below[area.parent].append(area)
        return {code: tuple(sorted(areas)) for code, areas in below.items()}

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        return {
            area.code: f"{search_key(area.th)}|{search_key(area.en)}"
            for area in self.by_code.values()
        }


def _bare(area: Area) -> str:
    return area.th.removeprefix("บ้าน") if area.level == "village" else area.th


def _rank(key: str, word: str) -> int | None:
    """Return 0 for a whole name, 1 for its beginning, 2 for a part, else None."""
    if word not in key:
        return None
    names = key.split("|")
    if word in names:
        return 0
    return 1 if any(name.startswith(word) for name in names) else 2


def _village(row: Mapping[str, str] | tuple[str, str]) -> Area:
    if isinstance(row, Mapping):
        return Area(row["code"].strip(), row["th"].strip(), row.get("en", "").strip())
    code, name = row
    return Area(code.strip(), name.strip(), "")


def by_name(areas_: Iterable[Area]) -> list[Area]:
    """Return areas in the order of a Thai dictionary."""
    return sorted(areas_, key=lambda area: (sort_key(area.th), area.code))


def _rows(name: str) -> Iterator[list[str]]:
    text = resources.files("fieldkit.thai").joinpath("data", name).read_text("utf-8")
    rows = csv.reader(text.splitlines())
    next(rows)
    return rows


@cache
def areas() -> Areas:
    """Return the provinces, districts and tambons of Thailand, read once."""
    by_code = {row[0]: Area(row[0], row[1], row[2]) for row in _rows("areas.csv")}
    return Areas(MappingProxyType(by_code))


class Abolished(NamedTuple):
    """A code that is no longer in use, and the codes that took its place."""

    code: str
    th: str
    en: str
    abolished_on: str
    successors: tuple[str, ...]


@cache
def abolished() -> Mapping[str, Abolished]:
    """Return the abolished codes, for reading old registers."""
    return MappingProxyType(
        {
            code: Abolished(code, th, en, on, tuple(re.findall(r"\d+", successors)))
            for code, th, en, _, on, successors in _rows("areas_abolished.csv")
        }
    )


def successors(code: str) -> tuple[str, ...]:
    """Return the codes now in use for ``code``: itself, its heirs, or none known.

    More than one means that a person must say which. A village keeps its number.
    """
    if code in areas():
        return (code,)
    if len(code) == len("90110103"):
        return tuple(heir + code[-_STEP:] for heir in successors(code[:-_STEP]))
    old = abolished().get(code)
    if old is None:
        return ()
    heirs = (heir for step in old.successors for heir in successors(step))
    return tuple(dict.fromkeys(heirs))


@cache
def _regions() -> Mapping[str, int]:
    return {row[0]: int(row[3]) for row in _rows("health_regions.csv")}


def health_region(code: str) -> int:
    """Return the health region, 1 to 13, of the province in which ``code`` lies.

    Raises:
        NotFoundError: ``area.unknown``.
    """
    if region := _regions().get(code[:_STEP]):
        return region
    raise NotFoundError("area.unknown", area=code)


def provinces_of_region(region: int) -> tuple[str, ...]:
    """Return the province codes of a health region, in order."""
    return tuple(code for code, of in _regions().items() if of == region)
