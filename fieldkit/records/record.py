"""The record as it is shown on a screen: each register with its live siblings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, cast

from fieldkit.causality import Dot
from fieldkit.records.change import read_dot
from fieldkit.records.layout import LIFE, Layout
from fieldkit.records.part import Entry, Part, live_places

Mark = Literal["applied", "local", "review", "quarantined"]
UNDONE: Final = "undone"
"""An undo writes ``{"undone": [sibling, …]}``: the siblings as they were before."""


class Sibling(NamedTuple):
    """One live value of a register, and who says so."""

    value: object
    dot: Dot
    person: bytes
    role: str
    shown_at: int
    version: int
    because: str | None
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One filled form with everything that people say of it.

    Attributes:
        id: 16 bytes; empty for a record that is not saved yet.
        form_id: the form it was created with.
        subject: the id of the record it hangs on, or None.
        registers: register name to its live siblings, ordered by dot.
    """

    id: bytes
    form_id: str
    subject: bytes | None = None
    registers: Mapping[str, tuple[Sibling, ...]] = field(default_factory=dict)

    @classmethod
    def blank(cls, form_id: str, subject: bytes | None = None) -> "Record":
        """Return a record nobody has saved yet."""
        return cls(id=b"", form_id=form_id, subject=subject)

    def siblings(self, register: str) -> tuple[Sibling, ...]:
        """Return the live siblings of a register; empty if it was never written."""
        return self.registers.get(register, ())

    def shown(self, registers: Iterable[str] | None = None) -> tuple[Dot, ...]:
        """Return the dots on the screen: of ``registers``, or of the whole record."""
        names = self.registers if registers is None else registers
        dots = {s.dot for name in names for s in self.siblings(name)}
        return tuple(sorted(dots))

    @property
    def life(self) -> str:
        """Return ``live``, ``withdrawn``, ``merged``, or ``contested`` for delete against edit."""
        said = [life_of(sibling.value) for sibling in self.siblings(LIFE)]
        if not said or set(said) == {"live"}:
            return "live"
        if len(set(said)) > 1 or self.unseen_by_withdrawal():
            return "contested"
        return said[0]

    def unseen_by_withdrawal(self) -> tuple[str, ...]:
        """Return the registers with a live value that a withdrawal had not seen."""
        ends = [s for s in self.siblings(LIFE) if life_of(s.value) == "withdrawn"]
        if not ends:
            return ()
        seen = {dot for end in ends for dot in _shown_to(end.value)} | {e.dot for e in ends}
        return tuple(
            name
            for name, siblings in self.registers.items()
            if name != LIFE and any(s.dot not in seen and s.value is not None for s in siblings)
        )


def life_of(value: object) -> str:
    """Return the state that a ``_life`` value names."""
    return cast("str", value["life"]) if isinstance(value, dict) else str(value)


def _shown_to(value: object) -> tuple[Dot, ...]:
    dots = value.get("shown", []) if isinstance(value, dict) else []
    return tuple(map(read_dot, dots))


def open_record(
    blank: Record,
    parts: Iterable[Part],
    layouts: Mapping[bytes, Layout],
    marks: Mapping[Dot, Mark] | None = None,
) -> Record:
    """Return the record that ``parts`` make.

    Args:
        blank: its id, form and subject.
        parts: its parts, as many as this place may see.
        layouts: every layout that the parts name.
        marks: dots that are not plainly applied: local, in review, quarantined.
    """
    registers: dict[str, list[Sibling]] = {}
    for part in parts:
        for entry in part.entries:
            mark = (marks or {}).get(entry.dot, "applied")
            for name, sibling in _siblings(entry, layouts[entry.layout], mark):
                registers.setdefault(name, []).append(sibling)
    ordered = {name: tuple(sorted(found, key=_by_dot)) for name, found in registers.items()}
    return Record(id=blank.id, form_id=blank.form_id, subject=blank.subject, registers=ordered)


def _by_dot(sibling: Sibling) -> Dot:
    return sibling.dot


def _siblings(entry: Entry, layout: Layout, mark: Mark) -> Iterator[tuple[str, Sibling]]:
    who = (entry.person, entry.role, entry.shown_at, layout.version, entry.because, mark)
    for place, name in live_places(entry, layout):
        value = entry.values[place]
        if type(value) is dict and UNDONE in value:
            for was in cast("list[list[object]]", value[UNDONE]):
                yield name, _undone(was, entry.dot, mark)
        else:
            yield name, Sibling(value, entry.dot, *who)


def undone_value(siblings: Iterable[Sibling]) -> dict[str, object]:
    """Return the value that an undo writes to bring ``siblings`` back side by side."""
    return {
        UNDONE: [
            [s.value, s.person, s.role, s.shown_at, s.version, s.because] for s in siblings
        ]
    }


def _undone(was: list[object], dot: Dot, mark: Mark) -> Sibling:
    value, person, role, shown_at, version, because = was
    return Sibling(
        value, dot, cast("bytes", person), cast("str", role), cast("int", shown_at),
        cast("int", version), cast("str | None", because), mark,
    )  # fmt: skip
