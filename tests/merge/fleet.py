"""A fleet: laptops in memory that open, save and hear of each other's changes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

from hypothesis import strategies as st

from fieldkit.causality import Dot, Stamp
from fieldkit.merge.merge import join, written
from fieldkit.records.change import Change, Write, identify
from fieldkit.records.edit import create, edit, withdraw
from fieldkit.records.history import entry_of
from fieldkit.records.layout import Layout
from fieldkit.records.part import EMPTY, Entry, Part
from fieldkit.records.record import Mark, Record, open_record
from tests.merge.oracle import Live, Oracle

SEED = b"s" * 32


@dataclass
class AForm:
    """A form of a few questions, with what merging asks of one."""

    paths: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...] = ()
    questions: Mapping[str, SimpleNamespace] = field(default_factory=dict)
    form_id: str = "visit"
    version: int = 1

    @property
    def layout_paths(self) -> tuple[str, ...]:
        return self.paths

    def group_of(self, path: str) -> tuple[str, ...]:
        return next((group for group in self.groups if path in group), (path,))

    def question_at(self, register: str, /) -> SimpleNamespace | None:
        name = register.rpartition("/")[2]
        return self.questions.get(register) or self.questions.get(name)


def question(merge: str, *choices: str, **parameters: str) -> SimpleNamespace:
    return SimpleNamespace(
        merge=merge,
        parameters=tuple(parameters.items()),
        choices=[SimpleNamespace(name=c, severity=n) for n, c in enumerate(choices)],
    )


@dataclass
class Laptop:
    """One laptop: what it has heard of one record, and the form it has open."""

    fleet: "Fleet"
    epoch: bytes
    role: str = "volunteer"
    counter: int = 0
    part: Part = EMPTY
    applied: frozenset[Dot] = frozenset()
    opened: Record | None = None

    def record(self, marks: Mapping[Dot, Mark] | None = None) -> Record:
        blank = Record(id=self.fleet.record_id, form_id=self.fleet.form.form_id)
        return open_record(blank, [self.part], self.fleet.layouts, marks)

    def open(self) -> Record:
        self.opened = self.record()
        return self.opened

    def save(
        self, answers: Mapping[str, object], *, at_save: bool = False, time: int = 0
    ) -> Dot | None:
        """Save answers to what was open; ``at_save`` is the fault we must catch."""
        shown = self.opened or self.record()
        self.opened = None
        written_one = edit(
            self.record() if at_save else shown, self.fleet.form, answers
        )
        return (
            None if written_one is None else self.write(written_one, shown, time=time)
        )

    def write(
        self,
        written_one: tuple[Layout, Write],
        shown: Record | None = None,
        *,
        because: str | None = None,
        time: int = 0,
    ) -> Dot:
        """Save any write, and tell the oracle what was on the screen."""
        screen = self.record() if shown is None else shown
        layout, write = written_one
        self.counter += 1
        change = Change(self.stamp(because, time), (write,))
        dot = self.fleet.publish(change, layout, screen)
        self.hear([dot])
        return dot

    def stamp(self, because: str | None = None, time: int = 0) -> Stamp:
        return Stamp(
            self.epoch, self.counter, self.epoch, self.role, 1, time, 0, because
        )

    def hear(self, dots: Iterable[Dot]) -> None:
        """Apply changes, by the part that each makes alone."""
        for dot in dots:
            self.part = join(self.part, self.fleet.alone[dot], self.fleet.layouts)
            self.applied |= {dot}

    def hear_all(self) -> None:
        self.hear(self.fleet.alone)


@dataclass
class Fleet:
    """All laptops, all that was ever saved, and the oracle that checks them."""

    form: AForm
    names: str = "VW"
    roles: Mapping[str, str] = field(default_factory=dict)
    record_id: bytes = b""
    layouts: dict[bytes, Layout] = field(default_factory=dict)
    alone: dict[Dot, Part] = field(default_factory=dict)
    entries: dict[Dot, Entry] = field(default_factory=dict)
    replaced: dict[Dot, tuple[Dot, ...]] = field(default_factory=dict)
    oracle: Oracle = field(default_factory=Oracle)

    def __post_init__(self) -> None:
        self.laptops = [
            Laptop(self, name.encode() * 16, self.roles.get(name, "volunteer"))
            for name in self.names
        ]

    @classmethod
    def born(
        cls, form: AForm, names: str = "VW", first: Mapping[str, object] | None = None,
        **roles: str,
    ) -> "Fleet":  # fmt: skip
        """Return a fleet that has all heard of a new record."""
        fleet = cls(form, names, roles)
        fleet.laptops[0].write(create(form, first or {}))
        for laptop in fleet.laptops:
            laptop.hear_all()
        return fleet

    def publish(self, change: Change, layout: Layout, screen: Record) -> Dot:
        identity = identify(change, SEED)
        self.record_id = self.record_id or identity.records[0]
        self.layouts[layout.id] = layout
        entry = entry_of(change, identity, 0, layout)
        replaces = change.writes[0].replaces
        alone = written(entry, replaces, layout)
        self.alone[entry.dot], self.entries[entry.dot] = alone, entry
        self.replaced[entry.dot] = replaces
        seen = [
            (sibling.dot, name)
            for name, siblings in screen.registers.items()
            for sibling in siblings
        ]
        blank = Record(id=self.record_id, form_id=self.form.form_id)
        says = open_record(blank, [Part((entry,))], self.layouts).registers
        values = {name: siblings[0].value for name, siblings in says.items()}
        self.oracle.save(entry.dot, values, seen)
        return entry.dot

    def agrees(self, laptop: Laptop) -> bool:
        """Return whether a laptop shows exactly what the oracle says is live."""
        return live(laptop.record()) == self.oracle.live(laptop.applied)

    def meet(self) -> Record:
        """Let all hear all, and return the record on which they then agree."""
        for laptop in self.laptops:
            laptop.hear_all()
        records = [laptop.record() for laptop in self.laptops]
        assert all(record == records[0] for record in records)
        return records[0]


def live(record: Record) -> Live:
    """Return register to live dots and values, as the oracle says them."""
    return {
        name: {(sibling.dot, repr(sibling.value)) for sibling in siblings}
        for name, siblings in record.registers.items()
    }


def run(fleet: Fleet, actions: Iterable[tuple[str, int, int]]) -> None:
    """Let laptops act in turn, each save with values of its own, checked at each step.

    An action is what is done, by which laptop, and a number to choose with.
    """
    for nth, (verb, who, choice) in enumerate(actions):
        laptop = fleet.laptops[who % len(fleet.laptops)]
        ACTIONS[verb](laptop, f"value {nth}", choice)
        assert fleet.agrees(laptop)


def _save(laptop: Laptop, value: str, choice: int) -> None:
    form = laptop.fleet.form
    group = form.group_of(form.paths[choice % len(form.paths)])
    laptop.save(
        {path: None if choice % 7 == 6 else f"{value}, {path}" for path in group}
    )


def _save_all(laptop: Laptop, value: str, _choice: int) -> None:
    laptop.save({path: f"{value}, {path}" for path in laptop.fleet.form.paths})


def _open(laptop: Laptop, _value: str, _choice: int) -> None:
    laptop.open()


def _hear(laptop: Laptop, _value: str, choice: int) -> None:
    dots = list(laptop.fleet.alone)
    laptop.hear([dots[choice % len(dots)]])


def _hear_all(laptop: Laptop, _value: str, _choice: int) -> None:
    laptop.hear_all()


def _add_member(laptop: Laptop, value: str, choice: int) -> None:
    laptop.save({"members[+1]/name": value, "members[+1]/_order": choice})


def _edit_member(laptop: Laptop, value: str, choice: int) -> None:
    shown = laptop.opened or laptop.record()
    members = shown.instances("members")
    if members:
        member = members[choice % len(members)]
        part = ("name", "_order")[choice // 8 % 2]
        laptop.save({f"{member}/{part}": value if part == "name" else choice})


def _remove_member(laptop: Laptop, _value: str, choice: int) -> None:
    shown = laptop.opened or laptop.record()
    laptop.opened = None
    members = shown.instances("members")
    if members:
        member = members[choice % len(members)]
        laptop.write(withdraw(shown, laptop.fleet.form, member), shown)


def _withdraw(laptop: Laptop, _value: str, _choice: int) -> None:
    shown = laptop.opened or laptop.record()
    laptop.opened = None
    laptop.write(withdraw(shown, laptop.fleet.form), shown)


ACTIONS: Mapping[str, Callable[[Laptop, str, int], None]] = {
    "save": _save,
    "save all": _save_all,
    "open": _open,
    "hear": _hear,
    "hear all": _hear_all,
    "add member": _add_member,
    "edit member": _edit_member,
    "remove member": _remove_member,
    "withdraw": _withdraw,
}
_OFTEN = ["save"] * 5 + ["open", "hear"] * 2
actions = st.lists(
    st.tuples(
        st.sampled_from([*_OFTEN, *sorted(ACTIONS)]),
        st.integers(0, 2),
        st.integers(0, 31),
    ),
    min_size=2,
    max_size=16,
)
