"""What the tests of the core share: two villages, and small ways to ask it."""

from random import Random

from fieldkit.records.record import Record
from fieldkit.sync.envelope import open_envelope
from fieldkit.sync.pages import Page, open_page
from fieldkit.sync.receipts import open_receipt
from sync_server.core.paging import Window
from tests.simulation.author import Author, Saved, Sent
from tests.simulation.province import (
    PlainSeals,
    Town,
)

HERE, THERE = "90110101", "90120101"
APPLIED = ("applied", "")


def send(author: Author) -> Sent:
    sent = author.cut()
    author.town.take(sent.envelope)
    return sent


def values(record: Record, register: str) -> set[object]:
    return {sibling.value for sibling in record.siblings(register)}


def page(author: Author, base: int = 0) -> Page:
    sealed = author.town.core.page(author.epoch, Window(base, base, 0))
    assert sealed is not None
    keys = {author.seal_key.recipient.fingerprint[:8]: author.seal_key}
    plain = open_envelope(sealed, keys, PlainSeals()).plain
    return open_page(plain, author.town.roster.receipt_keys)


def brought(author: Author, base: int = 0) -> set[tuple[bytes, int]]:
    found = page(author, base)
    ordinary = {state.key for state in found.ordinary()}
    return ordinary | {mixed.home.key for mixed in found._mixed}


def record_with(record: Record, register: str, saved: Saved) -> Record:
    """Return the record as its author saw it after a save of theirs."""
    [was, *_] = record.siblings(register)
    mine = was._replace(dot=saved.dot)
    return Record(
        id=record.id, form_id=record.form_id, subject=record.subject,
        registers={**record.registers, register: (mine,)},
    )  # fmt: skip


def receipt(town: Town, data: bytes):
    return open_receipt(data, town.roster.fingerprint, town.roster.receipt_keys)


def as_born(saved: Saved, form_id: str = "person") -> Record:
    """Return a new record as its author sees it at once."""
    other = Town(Random(0))
    author = Author.enrolled(other)
    author.new_person()
    send(author)
    number = next(iter(other.storage._records.values())).record_id
    shown = other.record(number)
    registers = {
        name: tuple(one._replace(dot=saved.dot) for one in siblings)
        for name, siblings in shown.registers.items()
    }
    return Record(id=saved.record, form_id=form_id, registers=registers)


def verdicts_of(town: Town, sent: Sent):
    [batch] = receipt(town, town.take(sent.envelope).receipt).batches
    return batch.verdicts
