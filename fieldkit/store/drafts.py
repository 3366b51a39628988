"""Drafts: forms that are open, kept at each answer, so that no power cut costs one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fieldkit.causality import Dot
from fieldkit.codec import decode, encode
from fieldkit.errors import NotFoundError
from fieldkit.records.layout import Layout
from fieldkit.records.record import Record, Sibling
from fieldkit.store.log import Made
from fieldkit.store.travel import TravelLog

_BYTES_MAX: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A form that somebody has begun to fill.

    Attributes:
        form_id: the form as it was opened,
        version: and its version.
        opened: the record as it was on the screen then, with the dots that were shown;
            without an id if it is a new one.
        answers: register to value, as typed so far.
        place: the path of the question that was asked last.
        started_ms: when the form was opened, by this machine's clock.
        number: its number here; None before it is first kept.
    """

    form_id: str
    version: int
    opened: Record
    answers: Mapping[str, object] = field(default_factory=dict)
    place: str = ""
    started_ms: int = 0
    number: int | None = None


class Drafts(TravelLog):
    """Open forms, and the save that ends one."""

    def save(
        self, made: Made, layouts: Iterable[Layout], *, draft: int | None = None
    ) -> None:
        """Keep one save, in one transaction; its draft goes with it.

        Raises:
            StoreError: its counter is not the next of its epoch, or the disk is full.
        """
        with self.transaction():
            self.save_many([made], layouts)
            if draft is not None:
                self.drop_draft(draft)

    def keep_draft(self, draft: Draft) -> int:
        """Keep a draft as it is now and return its number.

        What was opened is written once: later calls write only answers and place.
        """
        answers = encode(dict(draft.answers))
        if draft.number is not None:
            changed = self._db.run(
                "UPDATE drafts SET answers = ?, place = ? WHERE number = ?",
                [answers, draft.place, draft.number],
            )
            if changed:
                return draft.number
        return self._db.insert(
            "INSERT INTO drafts (number, form_id, version, record_id, opened, answers,"
            " place, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                draft.number, draft.form_id, draft.version, draft.opened.id or None,
                encode(_record_items(draft.opened)), answers, draft.place,
                draft.started_ms,
            ],
        )  # fmt: skip

    def draft(self, number: int) -> Draft:
        """Return the draft with that number.

        Raises:
            NotFoundError: there is none.
        """
        row = self._db.row(f"{_SELECT} WHERE number = ?", [number])
        if row is None:
            raise NotFoundError("draft.unknown", draft=number)
        return _read_draft(row)

    def drafts(self) -> list[Draft]:
        """Return every open form, the oldest first."""
        return [_read_draft(row) for row in self._db.rows(f"{_SELECT} ORDER BY number")]

    def drop_draft(self, number: int) -> None:
        """Close a form; a move out that waited for it is carried out."""
        with self.transaction():
            select = "SELECT record_id FROM drafts WHERE number = ?"
            record_id = self._db.value(select, [number])
            self._db.run("DELETE FROM drafts WHERE number = ?", [number])
            if record_id is not None:
                self._let_go(record_id)


_SELECT: Final = (
    "SELECT form_id, version, opened, answers, place, started, number FROM drafts"
)


def _read_draft(row: Any) -> Draft:
    form_id, version, opened, answers, place, started, number = row
    return Draft(
        form_id=form_id,
        version=version,
        opened=_read_record(decode(opened, bytes_max=_BYTES_MAX)),
        answers=decode(answers, bytes_max=_BYTES_MAX),
        place=place,
        started_ms=started,
        number=number,
    )


def _record_items(record: Record) -> list[object]:
    registers = [
        [name, [[s.value, list(s.dot), *s[2:]] for s in siblings]]
        for name, siblings in record.registers.items()
    ]
    return [record.id, record.form_id, record.subject, registers]


def _read_record(items: Any) -> Record:
    record_id, form_id, subject, registers = items
    return Record(
        id=record_id,
        form_id=form_id,
        subject=subject,
        registers={
            name: tuple(Sibling(s[0], Dot(*s[1]), *s[2:]) for s in siblings)
            for name, siblings in registers
        },
    )
