"""The scope: which areas and sensitivity classes a person may see and write.

A scope is area prefixes (DOPA codes, from the province's 2 digits down to a village's
8) times classes. Grants are kept as spans of roster versions and never forgotten: a
change is judged by every scope its author had since its form was opened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

EVERYWHERE = ""
"""The area prefix that every area begins with."""


class GrantSpan(NamedTuple):
    """A role in an area, and the roster versions in which it held.

    Attributes:
        person: who, by their id in the roster.
        role: one of the roles, as text.
        area: prefix of the area codes it covers.
        classes: numbers of the sensitivity classes it covers.
        since: the first roster version in which it held.
        until: the first version in which it no longer held; None while it holds.
    """

    person: bytes
    role: str
    area: str
    classes: tuple[int, ...]
    since: int
    until: int | None = None

    def holds_at(self, version: int) -> bool:
        """Return whether it held in roster ``version``."""
        return self.since <= version and (self.until is None or version < self.until)

    def holds_between(self, since: int, until: int) -> bool:
        """Return whether it held in any version from ``since`` to ``until``."""
        return self.since <= until and (self.until is None or since < self.until)


@dataclass(frozen=True, slots=True)
class Scope:
    """Area prefixes by class number: what ``covers`` asks, once a part.

    >>> scope = Scope.of([("9001", [0, 2])])
    >>> scope.covers("90010203", 2), scope.covers("90010203", 1), scope.covers("9002")
    (True, False, False)
    """

    prefixes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    areas: tuple[str, ...] = ()

    @classmethod
    def of(cls, grants: Iterable[tuple[str, Iterable[int]]]) -> "Scope":
        """Return the scope of pairs of an area prefix and class numbers."""
        found: dict[int, set[str]] = {}
        for area, classes in grants:
            for number in classes:
                found.setdefault(number, set()).add(area)
        prefixes = {number: _shortest(found[number]) for number in sorted(found)}
        return cls(prefixes, _shortest(chain(*prefixes.values())))

    def covers(self, area: str, class_number: int | None = None) -> bool:
        """Return whether ``area`` lies in it, in this class or else in any."""
        if class_number is None:
            return area.startswith(self.areas)
        return area.startswith(self.prefixes.get(class_number, ()))

    def covers_any(self, areas: Iterable[str], class_number: int | None = None) -> bool:
        """Return whether one of ``areas`` lies in it: a contested area is several."""
        return any(self.covers(area, class_number) for area in areas)

    @property
    def classes(self) -> tuple[int, ...]:
        """Return the classes it covers somewhere, in rising order."""
        return tuple(self.prefixes)

    def __bool__(self) -> bool:
        """Return whether it covers anything at all."""
        return bool(self.areas)


NOTHING = Scope()
"""The scope of who has no grant."""


def union(scopes: Iterable[Scope]) -> Scope:
    """Return the scope that covers what any of ``scopes`` covers."""
    return Scope.of(
        (area, (number,))
        for scope in scopes
        for number, areas in scope.prefixes.items()
        for area in areas
    )


def scope_of(spans: Iterable[GrantSpan]) -> Scope:
    """Return the scope that ``spans`` give together, whenever they held."""
    return Scope.of((span.area, span.classes) for span in spans)


def _shortest(areas: Iterable[str]) -> tuple[str, ...]:
    """Return ``areas`` sorted, without those that another one already covers."""
    kept: list[str] = []
    for area in sorted(set(areas)):
        if not kept or not area.startswith(kept[-1]):
            kept.append(area)
    return tuple(kept)
