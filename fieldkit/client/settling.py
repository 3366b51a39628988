"""Settling: conflicts found, decided, undone, and values brought back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fieldkit.causality import Dot
from fieldkit.client.saving import Pen
from fieldkit.codec import decode, encode
from fieldkit.errors import NotFoundError
from fieldkit.forms.form import Form
from fieldkit.merge.conflict import Conflict, find_conflicts
from fieldkit.merge.policies import Alternative
from fieldkit.merge.resolution import bring_back, resolve, undo, whole_group
from fieldkit.records.history import siblings_before, siblings_of
from fieldkit.records.record import Record, Sibling
from fieldkit.store.store import Store
from fieldkit.sync.replica import Notice
from fieldkit.sync.roster import Roster

FormOf = Callable[[str], Form | None]
Choice = Mapping[str, object] | Dot | tuple[Dot, int]
_KEPT: Final = "resolved/"
_SMALL: Final = 1 << 20


class Settler:
    """Conflicts in one store, and the saves that settle them."""

    def __init__(self, store: Store, pen: Pen, form_of: FormOf) -> None:
        self._store = store
        self._pen = pen
        self._form_of = form_of

    def conflicts(self, now: datetime) -> Iterator[Conflict]:
        """Yield what only a person can settle, record by record."""
        for record_id in self._store.conflict_candidates():
            yield from self.conflicts_of(self._store.open_record(record_id), now)

    def conflicts_of(self, record: Record, now: datetime) -> tuple[Conflict, ...]:
        """Return what only a person can settle in one record."""
        form = self._form_of(record.form_id)
        return () if form is None else find_conflicts(record, form, now)

    def find(self, name: str, now: datetime, register: str = "") -> Conflict:
        """Return the conflict whose id begins so, or the one in such a record.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        wanted = name.strip().lower()
        found = [
            one
            for one in self.conflicts(now)
            if wanted
            and (
                one.id.hex().startswith(wanted)
                or one.record_id.hex().startswith(wanted)
            )
            and (not register or self._is_about(one, register))
        ]
        if len(found) != 1:
            code = "conflict.ambiguous" if found else "conflict.unknown"
            raise NotFoundError(code, conflict=name)
        return found[0]

    def _is_about(self, conflict: Conflict, register: str) -> bool:
        return any(register in _names_of(name) for name in conflict.registers)

    def resolve(
        self, conflict: Conflict, choice: Choice, because: str, roster: Roster
    ) -> bytes:
        """Keep a decision and return the record's id.

        Raises:
            AnswerError: no reason, or a part of a merge group has no value.
            NotFoundError: what is to be kept is not there.
        """
        record = self._store.open_record(conflict.record_id)
        form = self._known(record.form_id)
        written = resolve(record, form, conflict.registers, choice, because=because)
        before = {n: record.siblings(n) for n in whole_group(form, conflict.registers)}
        with self._store.transaction():
            self._pen.save([written], roster, because)
            kept = encode([record.id, _before_items(before)])
            self._store.set_setting(_KEPT + conflict.id.hex(), kept)
        return record.id

    def undo(
        self, name: str, roster: Roster, because: str | None, register: str = ""
    ) -> bytes:
        """Bring back, side by side, what a decision replaced; return the record's id.

        Args:
            name: the conflict's id, where it was settled here; else the record's.
            roster: as it is known now.
            because: the reason, if any.
            register: which register, where several were decided.

        Raises:
            NotFoundError: no such decision is known here.
        """
        kept = self._store.setting(_KEPT + name.strip().lower())
        if kept is not None:
            record_id, items = decode(kept, bytes_max=_SMALL)
            record, before = self._store.open_record(record_id), _before_of(items)
        else:
            record = self._of_decision(name)
            before = self._before(record, register)
        written = undo(record, self._known(record.form_id), list(before), before)
        self._pen.save([written], roster, because)
        return record.id

    def _of_decision(self, name: str) -> Record:
        try:
            return self._store.open_record(name)
        except NotFoundError as error:
            raise NotFoundError("resolution.unknown", conflict=name) from error

    def _before(self, record: Record, register: str) -> dict[str, tuple[Sibling, ...]]:
        """Return the siblings that the newest decision in a record replaced."""
        events = self._store.history(record.id)
        decisions = [
            event.dot
            for event in events
            if len(event.settles) > 1
            and (not register or register in _names_of(event.register))
        ]
        if not decisions:
            raise NotFoundError("resolution.unknown", conflict=record.id.hex())
        return siblings_before(events, decisions[-1])

    def bring_back(self, notice: Notice, roster: Roster, because: str | None) -> bytes:
        """Put a value that was not kept beside the decision, to be looked at again.

        Raises:
            NotFoundError: the value is known here no more.
        """
        record = self._store.open_record(notice.record_id)
        form = self._known(record.form_id)
        group = whole_group(form, notice.registers)
        before: dict[str, tuple[Sibling, ...]] = dict.fromkeys(group, ())
        for event in self._store.history(notice.record_id):
            if event.register in before:
                before[event.register] += siblings_of(event)
        written = bring_back(record, form, notice.registers, before, notice.dot)
        self._pen.save([written], roster, because)
        return record.id

    def _known(self, form_id: str) -> Form:
        form = self._form_of(form_id)
        if form is None:
            raise NotFoundError("form.unknown", form_id=form_id, version=0, known="")
        return form


def named(alternatives: Sequence[Alternative], name: str) -> tuple[Dot, int]:
    """Return the dot, and its number, of the alternative that a person named.

    ``1f2e3d4c.17.a0b1c2d3``, a beginning of it, or its place in the list from 1.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    if name.isdecimal() and 1 <= int(name) <= len(alternatives):
        lead = alternatives[int(name) - 1].lead
        return lead.dot, lead.nth
    found = [one.lead for one in alternatives if label_of(one.lead).startswith(name)]
    if len(found) != 1:
        raise NotFoundError("resolution.sibling", dot=name)
    return found[0].dot, found[0].nth


def label_of(sibling: Sibling) -> str:
    """Return the dot as people type it, with a number where an undo made several."""
    return f"{sibling.dot}#{sibling.nth}" if sibling.nth else str(sibling.dot)


def _names_of(register: str) -> tuple[str, str]:
    """Return the ways in which a person may name a register."""
    return register, register.rpartition("/")[2]


def _before_items(before: Mapping[str, Sequence[Sibling]]) -> list[object]:
    return [
        [name, [[s.value, list(s.dot), *s[2:]] for s in siblings]]
        for name, siblings in before.items()
    ]


def _before_of(items: Any) -> dict[str, tuple[Sibling, ...]]:
    return {
        name: tuple(Sibling(s[0], Dot(*s[1]), *s[2:]) for s in siblings)
        for name, siblings in items
    }
