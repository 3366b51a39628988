"""An author: who makes real changes and real batches, with no laptop around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldkit.causality import Dot, Stamp
from fieldkit.crypto.keys import Identity as SealKey
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.sign import sign
from fieldkit.records.change import Change, Identity, Write, identify, seed_index
from fieldkit.records.edit import create, edit
from fieldkit.records.layout import RELEASE_FORM, Layout
from fieldkit.records.record import Record
from fieldkit.sync.acts import Act
from fieldkit.sync.batch import (
    BATCH_LABEL,
    FIRST_PREVIOUS,
    BatchHeader,
    cut,
    to_wire,
)
from fieldkit.sync.envelope import Kind, seal_envelope
from tests.simulation.province import (
    PERSON,
    VISIT,
    PlainSeals,
    Town,
    read,
    suite_and_key,
)

Written = tuple[Layout, Write]


class Saved(NamedTuple):
    """A save with what is derived from it."""

    change: Change
    identity: Identity

    @property
    def record(self) -> bytes:
        """Return the id of the first record it writes."""
        return self.identity.records[0]

    @property
    def dot(self) -> Dot:
        """Return the dot of its first write."""
        return self.identity.dot(self.change.stamp, 0)


class Sent(NamedTuple):
    """A batch as it travels."""

    hash: bytes
    envelope: bytes


@dataclass
class Author:
    """One installation of one person: its keys, its counter, its chain of batches."""

    town: Town
    person: bytes
    epoch: bytes
    key: SigningKey
    seal_key: SealKey
    role: str = "volunteer"
    counter: int = 0
    previous: bytes = FIRST_PREVIOUS
    seeds: dict[int, bytes] = field(default_factory=dict)
    layouts: dict[bytes, Layout] = field(default_factory=dict)
    waiting: list[Saved] = field(default_factory=list)

    @classmethod
    def drawn(
        cls, town: Town, role: str = "volunteer", person: bytes = b""
    ) -> "Author":
        """Return an installation with keys of its own that nobody has certified."""
        draw = town.random.randbytes
        return cls(
            town, person or draw(8), draw(16), town.signing_key(), town.identity(), role
        )

    @classmethod
    def enrolled(
        cls,
        town: Town,
        area: str = "90",
        role: str = "volunteer",
        **grant: Sequence[int],
    ) -> "Author":
        """Return a certified one, with a grant of ``area``."""
        author = cls.drawn(town, role)
        town.issue(["person", author.person, role.title()], author.certificate)
        town.grant(author.person, area, role, **grant)
        return author

    @property
    def certificate(self) -> Act:
        """Return the roster's act that certifies this installation."""
        suite, public = suite_and_key(self.seal_key.recipient)
        return [
            "epoch",
            self.epoch,
            self.person,
            self.key.verify_key.raw,
            suite,
            public,
        ]

    def copy(self) -> "Author":
        """Return a clone: the same keys and counter, going its own way."""
        return Author(
            self.town, self.person, self.epoch, self.key, self.seal_key, self.role,
            self.counter, self.previous, dict(self.seeds), dict(self.layouts),
            list(self.waiting),
        )  # fmt: skip

    # --- Saving ---

    def save(
        self, *written: Written, roster: int | None = None, because: str | None = None
    ) -> Saved:
        """Save writes as one change, which waits to be cut."""
        self.counter += 1
        self.layouts.update({layout.id: layout for layout, _ in written})
        version = self.town.roster.version if roster is None else roster
        stamp = Stamp(
            self.epoch, self.counter, self.person, self.role, version,
            self.town.clock + self.counter, 0, because,
        )  # fmt: skip
        change = Change(stamp, tuple(write for _, write in written))
        index = seed_index(self.counter)
        seed = self.seeds.setdefault(index, self.town.random.randbytes(32))
        saved = Saved(change, identify(change, seed))
        self.waiting.append(saved)
        return saved

    def new_person(self, village: str = "90110101", name: str = "สมชาย") -> Saved:
        """Save a new person who lives in ``village``."""
        answers = {"village": village, "name": name, "illness": f"illness of {name}"}
        return self.save(create(read(PERSON), answers))

    def visit(self, subject: bytes, finding: str = "well") -> Saved:
        """Save a new visit to a person."""
        return self.save(create(read(VISIT), {"finding": finding}, subject))

    def edit(self, shown: Record, answers: Mapping[str, object]) -> Saved:
        """Save answers to a record as it was shown."""
        form = read(PERSON if shown.form_id == "person" else VISIT)
        written = edit(shown, form, answers)
        assert written is not None, "the answers are new"
        return self.save(written)

    def release(self, change_hash: bytes) -> Saved:
        """Save the release of a quarantined change."""
        layout = Layout(RELEASE_FORM, 1, ("change",))
        return self.save((layout, Write(layout.id, None, (), (change_hash,))))

    # --- Sending ---

    def cut(self, count_max: int = 5_000) -> Sent:
        """Return what waits as one sealed batch, the next of the chain."""
        saved, self.waiting = self.waiting[:count_max], self.waiting[count_max:]
        header = BatchHeader(
            province=self.town.roster.fingerprint,
            epoch=self.epoch,
            first=saved[0].change.stamp.counter,
            count=len(saved),
            previous=self.previous,
            roster=self.town.roster.version,
        )
        hashes = [one.identity.hash for one in saved]
        changes = [one.change for one in saved]
        batch = cut(header, changes, hashes, self.layouts, self.seeds)
        self.previous = batch.hash
        data = to_wire(batch, sign(self.key, BATCH_LABEL, batch.hash))
        recipient = self.town.sealing.recipient
        envelope = seal_envelope(Kind.BATCH, data, recipient, PlainSeals())
        return Sent(batch.hash, envelope)
