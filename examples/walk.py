"""The walk: a record goes out, meets another edit, and comes home. Nothing is stored.

Each step takes what the one before gives; ``python examples/walk.py`` tells it all.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from fieldkit.causality import Stamp
from fieldkit.crypto.keys import Identity, SigningKey, Suite, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.forms.document import read_form
from fieldkit.forms.form import parse_form
from fieldkit.merge.conflict import find_conflicts
from fieldkit.merge.merge import merge, written
from fieldkit.merge.resolution import resolve
from fieldkit.records.change import Change, Write, identify
from fieldkit.records.edit import create, edit
from fieldkit.records.history import entry_of
from fieldkit.records.layout import Layout
from fieldkit.records.part import EMPTY
from fieldkit.records.record import Record, open_record
from fieldkit.sync.batch import (
    BATCH_LABEL,
    BatchHeader,
    cut,
    open_batch,
    read_batch,
    to_wire,
)
from fieldkit.sync.envelope import Kind, keys_by_id, open_envelope, seal_envelope

FORM = """
form_id: person
version: 1
title: {th: บุคคล, en: Person}
kind: register
sensitivity: general
purpose: [care]
survey:
  - {type: text, name: name, label: {th: ชื่อ, en: Name}}
  - {type: text, name: phone, label: {th: โทรศัพท์, en: Phone}}
"""
PROVINCE = Identity.generate(Suite.X25519)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Laptop:
    """Somebody's laptop, or the province's own: a key, and one record as it merged."""

    def __init__(self, name: str) -> None:
        self.name, self.key, self.saves = name, SigningKey.generate(), 0
        self.record_id, self.part, self.layouts = b"", EMPTY, dict[bytes, Layout]()

    @property
    def record(self) -> Record:
        """Return the record as a screen shows it."""
        blank = Record(id=self.record_id, form_id="person")
        return open_record(blank, [self.part], self.layouts)

    def save(self, layout: Layout, write: Write, because: str | None = None) -> bytes:
        """Return one save as an envelope: change, batch, signature, seal."""
        self.saves += 1
        epoch, person = self.name.encode().ljust(16), self.name.encode().ljust(8)
        when = int(NOW.timestamp() * 1000)
        stamp = Stamp(epoch, self.saves, person, "volunteer", 1, when, 0, because)
        change, seeds = Change(stamp, (write,)), {0: self.key.raw}
        hashes = [identify(change, seeds[0]).hash]
        header = BatchHeader(
            province=bytes(16), epoch=epoch, first=self.saves, count=1,
            previous=bytes(32), roster=1,
        )  # fmt: skip
        batch = cut(header, [change], hashes, {layout.id: layout}, seeds)
        wire = to_wire(batch, sign(self.key, BATCH_LABEL, batch.hash))
        self.take(wire, self.key.verify_key)
        return seal_envelope(Kind.BATCH, wire, PROVINCE.recipient)

    def take(self, wire: bytes, author: VerifyKey) -> None:
        """Verify, open and merge a batch: the same on a laptop and at the province."""
        signed = read_batch(wire)
        batch = open_batch(signed)
        verify(author, BATCH_LABEL, batch.hash, signed.signature)
        self.layouts |= batch.layouts
        for change, identity in zip(batch.changes, batch.identities, strict=True):
            [write], [self.record_id] = change.writes, identity.records
            layout = batch.layouts[write.layout]
            entry = entry_of(change, identity, 0, layout)
            alone = written(entry, write.replaces, layout)
            self.part = merge(self.part, [alone], self.layouts)


def walk(tell: Callable[..., None] = print) -> tuple[Laptop, ...]:
    """Take one record the whole way, and return everyone who holds it in the end."""
    form = parse_form(read_form(FORM, lists={}))
    somsri, malee, centre = Laptop("somsri"), Laptop("malee"), Laptop("centre")
    everyone = (somsri, malee, centre)

    def deliver(sender: Laptop, envelope: bytes) -> None:
        """Carry an envelope to the province, which opens it and tells all others."""
        wire = open_envelope(envelope, keys_by_id(PROVINCE)).plain
        for other in everyone:
            other.take(wire, sender.key.verify_key)

    deliver(somsri, somsri.save(*create(form, {"name": "สมชาย", "phone": "081"})))
    tell("1 สมศรีบันทึกบุคคลใหม่ · Somsri saves a new person:", shown(malee, "name"))

    ours = edit(somsri.record, form, {"name": "สมชาย ใจดี", "phone": "089"})
    theirs = edit(malee.record, form, {"name": "สมหมาย"})
    assert ours is not None
    assert theirs is not None
    first, second = somsri.save(*ours), malee.save(*theirs)
    tell("2 ทั้งสองแก้โดยไม่เห็นกัน · both edit, unseen by each other")

    deliver(malee, second)  # any order, and twice, gives the same
    deliver(somsri, first)
    deliver(malee, second)
    tell("3 รวมกันเอง · merged by itself:", shown(centre, "phone"))

    [conflict] = find_conflicts(centre.record, form, NOW)
    tell("4 ขัดกัน ให้คนตัดสิน · for a person to settle:", shown(centre, "name"))

    choice, why = {"name": "สมชาย ใจดี"}, "ดูบัตรประชาชนแล้ว"
    settled = resolve(centre.record, form, conflict.registers, choice, because=why)
    deliver(centre, centre.save(*settled, why))
    tell("5 กลับถึงบ้านทุกเครื่อง · home again on every laptop:", shown(malee, "name"))
    return everyone


def shown(laptop: Laptop, register: str) -> str:
    """Return what a laptop shows of one answer, siblings side by side."""
    return " | ".join(str(one.value) for one in laptop.record.siblings(register))


if __name__ == "__main__":
    walk()
