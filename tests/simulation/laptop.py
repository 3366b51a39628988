"""A laptop of the simulation: real saves, real sessions, a replica in memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, cast

from fieldkit.causality import Stamp
from fieldkit.crypto.keys import Identity as SealKey
from fieldkit.crypto.keys import SigningKey
from fieldkit.errors import FieldKitError
from fieldkit.records.change import Change, Identity, Write, change_bytes, identify
from fieldkit.records.edit import create, edit
from fieldkit.records.layout import RELEASE_FORM, Layout
from fieldkit.records.record import Record
from fieldkit.store.drafts import Draft
from fieldkit.store.log import Made
from fieldkit.sync.asking import Asker, DeviceKeys
from fieldkit.sync.envelope import Kind, key_id, seal_envelope
from fieldkit.sync.roster import Roster, unfold
from fieldkit.sync.session import Session
from sync_server.answering import Answering
from sync_server.core.core import Taken
from sync_server.ledger import Ledger
from tests.simulation.memory import Kept, MemoryReplica
from tests.simulation.province import (
    PERSON,
    VISIT,
    PlainSeals,
    SimFacts,
    Town,
    read,
    suite_and_key,
)

Written = tuple[Layout, Write]


class Chance:
    """The random port over a seeded generator."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Key(NamedTuple):
    """The keys of one epoch."""

    epoch: bytes
    signing: SigningKey
    opening: SealKey
    key_id: bytes


class Saved(NamedTuple):
    """A save, and the record as it was on the screen when its form was opened."""

    change: Change
    identity: Identity
    layout: Layout
    shown: Record | None


class Counter(Answering):
    """The province's answers, and whether the last batch forked its author's log."""

    forked = False

    def _receipt(self, taken: Taken, nonce: bytes) -> bytes:
        self.forked = taken.forked
        return super()._receipt(taken, nonce)


@dataclass
class Office:
    """The province's desk as laptops and couriers meet it."""

    town: Town
    forked: bool = False

    def _counter(self) -> Counter:
        town = self.town
        ledger = cast("Ledger", town.ledger)
        return Counter(
            town.core, ledger, town.storage, town.receipt, sealer=PlainSeals()
        )

    def take(self, envelope: bytes) -> list[bytes]:
        """Take an envelope in and return those that go back to its author."""
        self.town.clock += 1
        counter = self._counter()
        answers = list(counter.take(envelope, self.town.clock))
        self.forked = counter.forked
        return answers

    def ask(self, request: bytes) -> bytes:
        return self._counter().ask(request) or b""


Link = Callable[[str, bytes], bytes | None]
"""Carries a message (its kind, its bytes) and gives the answer; None: it was lost."""


@dataclass
class Laptop:
    """One laptop: one person's, with all the epochs that its disk remembers."""

    name: str
    town: Town
    person: bytes
    role: str
    random: Random
    keys: list[Key] = field(default_factory=list)
    replica: MemoryReplica = field(default_factory=lambda: MemoryReplica(SimFacts()))
    is_revoked: bool = False
    _roster: tuple[tuple[bytes, ...], Roster] = ((), Roster.empty())

    # --- Epochs, clones, restores ---

    def begin_epoch(self) -> list[object]:
        """Begin a new epoch and return the act that would certify it."""
        signing = SigningKey(self.random.randbytes(32))
        opening = SealKey(b"\x01" + self.random.randbytes(32))
        epoch, name = self.random.randbytes(16), key_id(opening.recipient)
        key = Key(epoch, signing, opening, name)
        self.keys.append(key)
        with self.replica.transaction():
            self.replica.begin_epoch(key.epoch)
            self.replica.add_seed(key.epoch, 0, self.random.randbytes(32))
        suite, public = suite_and_key(key.opening.recipient)
        return [
            "epoch", key.epoch, self.person, key.signing.verify_key.raw, suite, public
        ]  # fmt: skip

    def install(self, entries: Iterable[bytes]) -> None:
        """Learn the roster and the forms, as from an invitation."""
        with self.replica.transaction():
            self.replica.add_roster_entries(list(entries))
            for name, text in self.town.ledger.texts.items():
                self.replica.add_form(name, text)

    def snapshot(self) -> tuple[Kept, list[Key]]:
        return self.replica.kept.copy(), list(self.keys)

    def restore(self, disk: tuple[Kept, list[Key]]) -> None:
        """Put back what the disk held once."""
        self.replica.kept, self.keys = disk[0].copy(), list(disk[1])

    def clone(self, name: str) -> "Laptop":
        copied = Laptop(name, self.town, self.person, self.role, self.random)
        copied.restore(self.snapshot())
        return copied

    @property
    def epoch(self) -> bytes:
        return self.keys[-1].epoch

    @property
    def roster(self) -> Roster:
        """Return the roster as far as this laptop knows it."""
        entries = tuple(self.replica.roster_entries())
        if entries != self._roster[0]:
            self._roster = (entries, unfold(entries))
        return self._roster[1]

    # --- Forms and saves ---

    def open(self, record: bytes) -> int:
        """Open a record's form and return its number."""
        opened = self.replica.open_record(record)
        version = self.roster.version
        draft = Draft(form_id=opened.form_id, version=version, opened=opened)
        return self.replica.keep_draft(draft)

    def close(self, form: int) -> Draft:
        draft = self.replica.kept.drafts[form]
        with self.replica.transaction():
            self.replica.drop_draft(form)
        return draft

    def save_form(self, form: int, answers: Mapping[str, object]) -> Saved | None:
        """Save answers to an open form, by what it showed, and close it."""
        draft = self.close(form)
        return self.edit(draft.opened, answers, roster=draft.version)

    def edit(
        self, shown: Record, answers: Mapping[str, object], roster: int | None = None
    ) -> Saved | None:
        written = edit(
            shown, read(PERSON if shown.form_id == "person" else VISIT), answers
        )
        return self.write(written, shown, roster) if written else None

    def new_person(self, **answers: object) -> Saved:
        return self.write(create(read(PERSON), answers))

    def new_visit(self, subject: bytes, **answers: object) -> Saved:
        return self.write(create(read(VISIT), answers, subject))

    def release(self, change_hash: bytes) -> Saved:
        layout = Layout(RELEASE_FORM, 1, ("change",))
        return self.write((layout, Write(layout.id, None, (), (change_hash,))))

    def write(
        self, written: Written, shown: Record | None = None, roster: int | None = None
    ) -> Saved:
        """Save one write as a change of its own."""
        layout, write = written
        counter = self.replica.kept.epochs[self.epoch] + 1
        version = self.roster.version if roster is None else roster
        self.town.clock += 1
        stamp = Stamp(
            self.epoch, counter, self.person, self.role, version, self.town.clock
        )
        change = Change(stamp, (write,))
        identity = identify(change, self.replica.kept.seeds[self.epoch, 0])
        made = Made(change, identity, change_bytes(change))
        with self.replica.transaction():
            self.replica.save(made, [layout])
        return Saved(change, identity, layout, shown)

    # --- Sync ---

    def device_keys(self) -> DeviceKeys:
        """Return the keys to ask with: the newest epoch that is certified."""
        known = self.town.roster.devices
        asking = [key for key in self.keys if key.epoch in known] or self.keys
        return DeviceKeys(
            epoch=asking[-1].epoch,
            signing={key.epoch: key.signing for key in self.keys},
            opening={key.key_id: key.opening for key in self.keys},
            random=Chance(self.random),
        )

    def session(self) -> Session:
        keys = self.device_keys()
        return Session(self.replica, keys, self.roster, sealer=PlainSeals())

    def sync(self, link: Link, messages_max: int = 60) -> bool:
        """Sync over a link; return whether it came to its end."""
        session = self.session()
        session.cut()
        for _ in range(messages_max):
            message = session.next_message()
            if message is None:
                return session.is_done
            answer = link(message.what, message.data)
            if answer is None:
                return False
            session.receive(message, answer)
        return False

    def hand_out(self) -> list[bytes]:
        """Return what a courier takes along: every batch not accepted, a question."""
        self.session().cut()
        asked = Asker(replica=self.replica, keys=self.device_keys())
        question = asked.sync(self.roster.version).data
        recipient = self.town.sealing.recipient
        ask = seal_envelope(Kind.ASK, question, recipient, PlainSeals())
        return [*(batch.envelope for batch in self.replica.outgoing()), ask]

    def take_mail(self, envelope: bytes) -> FieldKitError | None:
        """Take in what a courier brought; return why not, if it was refused."""
        try:
            self.session().receive_mail(envelope)
        except FieldKitError as error:
            return error
        return None
