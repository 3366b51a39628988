"""A desk: a store with one epoch, and the saves that a test makes at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from fieldkit.causality import Dot, Stamp
from fieldkit.errors import NotFoundError
from fieldkit.records.change import Change, Write, change_bytes, identify
from fieldkit.records.layout import CLASSES, SUBJECT, Layout
from fieldkit.records.part import Entry, Part
from fieldkit.records.record import Record
from fieldkit.store.drafts import Draft
from fieldkit.store.log import Made
from fieldkit.store.store import Store
from fieldkit.sync.replica import Notice, Outgoing, Replica
from fieldkit.sync.states import Home, PartState, state_of

KEY = bytes(range(32))
SEED = bytes(32)
PERSON = b"\x01" * 8
CLASS_OF = {"first": 1, "last": 1, "phone": 1, "score": 2}
IDENTITY, HEALTH = 1, 2
STRANGER = b"\xee" * 16


class PersonFacts:
    """Facts of one form: names are of class identity and searched."""

    def class_of(self, form_id: str, version: int, path: str) -> str:
        assert form_id
        assert version
        return CLASSES[CLASS_OF.get(path, 0)]

    def searched(self, form_id: str, version: int) -> frozenset[str]:
        assert version
        return frozenset({"first", "last", "phone"} if form_id == "person" else ())

    def area_path(self, form_id: str) -> str | None:
        return "area" if form_id == "person" else None


def name_of(number: int) -> bytes:
    """Return 32 bytes that stand for a hash."""
    return sha256(str(number).encode()).digest()


@dataclass
class Desk:
    """One laptop's store and where its epoch stands."""

    store: Store
    epoch: bytes = b"\xaa" * 16
    counter: int = 0
    made: list[Made] = field(default_factory=list)

    @classmethod
    def at(cls, path: Path) -> "Desk":
        desk = cls(Store.create(path, KEY, PersonFacts()))
        desk.begin(desk.epoch)
        return desk

    @property
    def replica(self) -> Replica:
        """Return what the contract of replicas is run on."""
        return self.store

    def open(self, record: bytes) -> Record:
        return self.store.open_record(record)

    def is_gone(self, record: bytes) -> bool:
        try:
            self.open(record)
        except NotFoundError:
            return True
        return False

    def notices(self) -> list[Notice]:
        return list(self.store.notices().values())

    def open_form(self, record: bytes) -> int:
        opened = self.open(record)
        draft = Draft(form_id=opened.form_id, version=1, opened=opened)
        return self.store.keep_draft(draft)

    def close_form(self, form: int) -> None:
        self.store.drop_draft(form)

    def begin(self, epoch: bytes) -> None:
        self.epoch, self.counter = epoch, 0
        self.store.begin_epoch(epoch, b"keys")
        self.store.add_seed(epoch, 0, SEED)

    def make(self, *writes: tuple[Layout, Write]) -> tuple[Made, list[Layout]]:
        """Return the next save, not saved yet."""
        self.counter += 1
        time = 1_700_000_000_000 + self.counter
        stamp = Stamp(self.epoch, self.counter, PERSON, "volunteer", 1, time)
        change = Change(stamp, tuple(write for _, write in writes))
        made = Made(change, identify(change, SEED), change_bytes(change))
        self.made.append(made)
        return made, [layout for layout, _ in writes]

    def save(self, *writes: tuple[Layout, Write]) -> bytes:
        """Save and return the id of the first record written."""
        made, layouts = self.make(*writes)
        self.store.save(made, layouts)
        return made.identity.records[0]

    def new(self, **answers: object) -> bytes:
        return self.save(write("person", None, answers))

    def edit(
        self, record: bytes, replaces: Iterable[Dot] = (), **answers: object
    ) -> bytes:
        return self.save(write("person", record, answers, tuple(replaces)))

    def cut(self, count_max: int = 100) -> Outgoing:
        """Put the oldest saves that lie in no batch into one."""
        saved = self.store.uncut(count_max)
        number = len(self.made) * 1_000 + saved[0].seq
        batch = Outgoing(
            hash=name_of(number), epoch=saved[0].epoch, first=saved[0].counter,
            count=len(saved), envelope_id=name_of(-number), envelope=b"sealed" * 9,
        )  # fmt: skip
        self.store.add_batch(batch)
        return batch

    def dot(self, nth: int = -1, ordinal: int = 0) -> Dot:
        """Return the dot of the ``nth`` save made here."""
        made = self.made[nth]
        return made.identity.dot(made.change.stamp, ordinal)


def write(
    form_id: str,
    record: bytes | None,
    answers: dict[str, object],
    replaces: tuple[Dot, ...] = (),
) -> tuple[Layout, Write]:
    layout = Layout(form_id, 1, tuple(answers))
    return layout, Write(layout.id, record, replaces, tuple(answers.values()))


def hanging(subject: bytes | int, **answers: object) -> tuple[Layout, Write]:
    """Return the write of a new screening of ``subject``."""
    return write("screening", None, {SUBJECT: subject, **answers})


def state(  # noqa: PLR0913 - what a page says of a part
    store: Replica,
    record: bytes,
    *entries: tuple[Dot, Mapping[str, object]],
    position: int = 1,
    class_number: int = IDENTITY,
    form_id: str = "person",
    subject: bytes | None = None,
) -> PartState:
    """Return a part's state as a page brings it; its layouts are made known."""
    found = []
    for dot, answers in entries:
        layout = Layout(form_id, 1, tuple(answers))
        store.add_layouts([layout])
        found.append(Entry(
            dot, b"\x02" * 8, "officer", 1_700_000_000_000 + dot.counter, 1, None,
            position, layout.id, None, tuple(answers.values()),
        ))  # fmt: skip
    home = Home(record, form_id, subject, class_number)
    return state_of(home, position, Part(tuple(found)))


def theirs(counter: int) -> Dot:
    """Return the dot of a save that somebody else made."""
    return Dot(STRANGER, counter, name_of(counter)[:8])
