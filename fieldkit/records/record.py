"""The record as it is shown on a screen: each register with its live siblings."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, cast

from fieldkit.causality import Dot
from fieldkit.errors import CodecError
from fieldkit.records.change import read_dot
from fieldkit.records.layout import LIFE, ORDER, Layout
from fieldkit.records.part import Entry, Part, live_places

INSTANCE: Final = re.compile(r"(.+)\[([0-9a-f]{32})\]")
"""A repeat and the id of one of its instances: all of a register's path up to it."""

Mark = Literal["applied", "local", "review", "quarantined"]
UNDONE: Final = "undone"
"""An undo writes ``{"undone": [sibling, …]}``: the siblings as they were before."""
_NO_DOT: Final = Dot(bytes(16), 0, bytes(8))
_NUMBERS: Final = frozenset({int, float})


class Sibling(NamedTuple):
    """One live value of a register, and who says so.

    ``nth`` tells apart what one undo has brought back under its own dot.
    """

    value: object
    dot: Dot
    person: bytes
    role: str
    shown_at: int
    version: int
    because: str | None
    mark: Mark = "applied"
    nth: int = 0

    @property
    def counts(self) -> bool:
        """Return whether it enters the value that all see: quarantined ones wait."""
        return self.mark != "quarantined"


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
        """Return ``live``, ``withdrawn``, ``merged``, or ``contested``.

        Contested is delete against edit: a live value that the withdrawal had not seen.
        """
        return self._life_of("")

    def instances(self, repeat: str) -> tuple[str, ...]:
        """Return the paths of a repeat's instances in their merged order.

        One that was removed is left out, unless someone wrote to it unseen by who
        removed it. ``repeat`` is a path without brackets, such as ``members``.
        """
        found = dict.fromkeys(
            path
            for name in self.registers
            if name.startswith(f"{repeat}[")
            for path in instances_above(name)
            if path.rpartition("[")[0] == repeat
        )
        alive = [path for path in found if self.instance_life(path) != "withdrawn"]
        return tuple(sorted(alive, key=self._place_of))

    def instance_life(self, instance: str) -> str:
        """Return what became of an instance (of the record if empty), as ``life``."""
        return self._life_of(f"{instance}/" if instance else "")

    def unseen_by_withdrawal(self, instance: str = "") -> tuple[str, ...]:
        """Return the registers with a live value that a withdrawal had not seen.

        Args:
            instance: path of an instance of a repeat; empty for the whole record.
        """
        within = f"{instance}/" if instance else ""
        ends = [
            s for s in self._counted(within + LIFE) if life_of(s.value) == "withdrawn"
        ]
        if not ends:
            return ()
        seen = {dot for end in ends for dot in shown_to(end.value)}
        seen.update(end.dot for end in ends)
        return tuple(
            name
            for name in self.registers
            if name.startswith(within)
            and name != within + LIFE
            and any(
                s.dot not in seen and s.value is not None for s in self._counted(name)
            )
        )

    def _life_of(self, within: str) -> str:
        said = {life_of(sibling.value) for sibling in self._counted(within + LIFE)}
        if said <= {"live"}:
            return "live"
        if len(said) > 1 or self.unseen_by_withdrawal(within[:-1]):
            return "contested"
        return said.pop()

    def _counted(self, register: str) -> list[Sibling]:
        return [sibling for sibling in self.siblings(register) if sibling.counts]

    def _place_of(self, instance: str) -> tuple[float, str]:
        """Return what sorts instances: the newest ``_order``, then the id."""
        said = [
            (sibling.shown_at, sibling.dot, sibling.value)
            for sibling in self._counted(f"{instance}/{ORDER}")
            if type(sibling.value) in _NUMBERS
        ]
        place = max(said)[2] if said else 0
        return cast("float", place), instance


def instances_above(register: str) -> tuple[str, ...]:
    """Return the paths of the instances that a register lies in, outermost first.

    >>> one, two = "0" * 32, "1" * 32
    >>> instances_above(f"homes[{one}]/members[{two}]/name") == (
    ...     f"homes[{one}]", f"homes[{one}]/members[{two}]")
    True
    """
    ends = [place for place, letter in enumerate(register) if letter == "]"]
    paths = (register[: end + 1] for end in ends)
    return tuple(path for path in paths if INSTANCE.fullmatch(path))


def life_of(value: object) -> str:
    """Return the state that a ``_life`` value names; nothing means ``live``."""
    said = value.get("life") if isinstance(value, dict) else value
    return "live" if said is None else str(said)


def shown_to(value: object) -> tuple[Dot, ...]:
    """Return the dots that a withdrawal names as seen; none if they cannot be read."""
    dots = value.get("shown") if isinstance(value, dict) else None
    try:
        return tuple(map(read_dot, dots)) if isinstance(dots, list) else ()
    except CodecError:
        return ()


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
    ordered = {
        name: tuple(sorted(found, key=_by_dot)) for name, found in registers.items()
    }
    return Record(
        id=blank.id, form_id=blank.form_id, subject=blank.subject, registers=ordered
    )


def _by_dot(sibling: Sibling) -> tuple[Dot, int]:
    return sibling.dot, sibling.nth


def _siblings(
    entry: Entry, layout: Layout, mark: Mark
) -> Iterator[tuple[str, Sibling]]:
    dot, person, role, shown_at, _, because, *_ = entry
    version = layout.version
    for place, name in live_places(entry, layout):
        value = entry.values[place]
        undone = brought_back(value) if type(value) is dict else None
        if undone is None:
            yield (
                name,
                Sibling(value, dot, person, role, shown_at, version, because, mark),
            )
            continue
        for nth, was in enumerate(undone):
            yield name, was._replace(dot=dot, mark=mark, nth=nth)


def undone_value(siblings: Iterable[Sibling]) -> dict[str, object]:
    """Return the value that an undo writes to bring ``siblings`` back side by side."""
    return {
        UNDONE: [
            [s.value, s.person, s.role, s.shown_at, s.version, s.because]
            for s in siblings
        ]
    }


def brought_back(value: object) -> tuple[Sibling, ...] | None:
    """Return the siblings in an undo's value, without dots; None for another value."""
    if not isinstance(value, dict) or value.keys() != {UNDONE}:
        return None
    rows = value[UNDONE]
    if not isinstance(rows, list):
        return None
    siblings = [_row(row) for row in rows]
    return tuple(s for s in siblings if s is not None) if all(siblings) else None


def _row(row: object) -> Sibling | None:
    match row:
        case [
            value, bytes() as person, str(role), int(shown_at), int(version),
            (str() | None) as because,
        ]:  # fmt: skip
            return Sibling(value, _NO_DOT, person, role, shown_at, version, because)
    return None
