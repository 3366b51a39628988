"""The workspace: the one object that scripts, the command line and the app call.

Ten lines take a record the whole way (``tests/client/test_walk.py`` runs them)::

    Workspace.enrol("somchai", invitation, "123456", "secret")
    with Workspace.open("somchai", "secret") as ws:
        person = ws.add("person", {"first_name": "บุญมี", "village": "90110103"})
        ws.add("screening_2q", {"q2_1": "no", "q2_2": "no"}, subject=person)
        editing = ws.open_for_edit(person)
        editing.save({"phone": "081-234-5678"})
        ws.sync()
        for conflict in ws.conflicts():
            ws.resolve(conflict.id.hex(), keep="1", because="asked her again")
        print(ws.status(), ws.find("บุญ"), ws.record(person))
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from fieldkit.client.answers import judged, read
from fieldkit.client.clock import HybridClock
from fieldkit.client.editing import Editing, Screen, settled, shown
from fieldkit.client.enrolment import DATABASE, Means, enrol, server_urls, unlock
from fieldkit.client.exporting import export_rows
from fieldkit.client.importing import Importer, ImportReport, Line, Progress, flat
from fieldkit.client.installation import Installation
from fieldkit.client.library import FormFacts, province_forms
from fieldkit.client.saving import Author, Pen, Written
from fieldkit.client.settling import Settler, named
from fieldkit.errors import AccessError, AnswerError, NotFoundError
from fieldkit.forms.form import Form
from fieldkit.forms.registry import Forms
from fieldkit.merge.conflict import Conflict
from fieldkit.merge.views import Effective
from fieldkit.records.edit import create
from fieldkit.records.history import Event
from fieldkit.records.record import Record
from fieldkit.store.drafts import Draft
from fieldkit.store.store import Store
from fieldkit.sync.replica import Notice
from fieldkit.sync.roster import Roster, unfold

Answers = Mapping[str, object]
_LABEL_WORDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that a search found, with words to know it by."""

    id: bytes
    form_id: str
    label: str


class Workspace:
    """One person's work on this machine; a context manager that closes at its end."""

    def __init__(
        self, store: Store, facts: FormFacts, directory: Path, means: Means
    ) -> None:
        self.directory = directory
        self.store = store
        self.clock = HybridClock(means.clock)
        self.installation = Installation(store, directory / DATABASE)
        self._facts = facts
        self.reload()
        issued = self.installation.issued
        self.person = issued.person
        self.role = self._role(issued.role)
        author = Author(person=self.person, role=self.role)
        self.pen = Pen(store, self.installation, self.clock, author)
        self._settler = Settler(store, self.pen, self.form_or_none)

    # --- Opening ---

    @classmethod
    def enrol(
        cls,
        directory: Path | str,
        invitation: bytes,
        pin: str,
        passphrase: str,
        means: Means | None = None,
    ) -> None:
        """Make ``directory`` a workspace for the person whom ``invitation`` names.

        Raises:
            AccessError: wrong PIN, expired or damaged invitation.
            StoreError: there is a workspace already; it was not touched.
        """
        enrol(Path(directory), invitation, pin, passphrase, means or Means())

    @classmethod
    def open(
        cls,
        directory: Path | str,
        passphrase: str,
        person: str | None = None,
        means: Means | None = None,
    ) -> "Workspace":
        """Return the workspace in ``directory``.

        Raises:
            NotFoundError: there is none.
            StoreLockedError: wrong passphrase.
            DamagedStoreError, NewerStoreError: see ``Store.open``.
        """
        means, folder, facts = means or Means(), Path(directory), FormFacts()
        key = unlock(folder, passphrase, person, means.strength)
        store = Store.open(folder / DATABASE, key, facts)
        try:
            return cls(store, facts, folder, means)
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the workspace; everything was saved before."""
        self.store.close()

    def reload(self) -> None:
        """Read roster and forms anew, after a sync brought some."""
        self.roster: Roster = unfold(self.store.roster_entries())
        self._facts.forms = province_forms(
            self.roster.forms, self.store.form_texts(), self.store.lists()
        )

    def _role(self, first: str) -> str:
        """Return the role to work in: the one enrolled for, while it holds."""
        roles = self.roster.roles(self.person)
        return first if first in roles or not roles else min(roles)

    # --- Forms ---

    def forms(self) -> Forms:
        """Return the forms of the province."""
        return self._facts.forms

    def form(self, form_id: str) -> Form:
        """Return the newest version of a form.

        Raises:
            NotFoundError: there is none.
        """
        return self.forms().latest(form_id)

    def form_or_none(self, form_id: str) -> Form | None:
        """Return the newest version of a form, or None if it is not here."""
        return self.form(form_id) if self.forms().versions(form_id) else None

    def now(self) -> datetime:
        """Return the time that answers are judged at, in Thailand."""
        return self.clock.look().moment

    # --- Records ---

    def add(
        self,
        form_id: str,
        answers: Answers,
        subject: bytes | str | None = None,
        draft: int | None = None,
    ) -> bytes:
        """Keep a new record and return its id.

        Args:
            form_id: its form; the newest version is taken.
            answers: by path or unique name, as typed or as values.
            subject: the record it hangs on: its id, or the beginning of it in hex.
            draft: the number of the draft that ends with it.

        Raises:
            AnswerError: something is missing or does not fit; all of it is told.
            NotFoundError: no such form, question or subject.
        """
        form = self.form(form_id)
        hangs_on = self._subject(form, subject)
        said = judged(form, read(form, flat(answers)), self.now())
        written = create(form, said.answers, hangs_on)
        return self.pen.save([written], self.roster, draft=draft).records[0]

    def subject_of(self, form: Form, name: bytes | str) -> bytes:
        """Return the id of a record that a new one of ``form`` may hang on.

        Raises:
            NotFoundError: there is no such record, or more than one.
            AnswerError: it is of another form.
        """
        wanted = form.subject or ""
        if not name:
            raise AnswerError("record.subject_missing", path="_subject", subject=wanted)
        row = self.store.find_record(name)
        if wanted != row.form_id and self.forms().versions(wanted):
            raise AnswerError(
                "record.subject_kind", path="_subject", subject=wanted,
                found=row.form_id or "",
            )  # fmt: skip
        return row.record_id

    def _subject(self, form: Form, name: bytes | str | None) -> bytes | None:
        if form.subject is None and not name:
            return None
        return self.subject_of(form, name or b"")

    def record(self, name: bytes | str) -> Record:
        """Return the record with that id, or whose id in hex begins so.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        return self.store.open_record(name)

    def said(self, record: Record) -> Effective:
        """Return what a record says, read by its form's policies.

        Raises:
            NotFoundError: its form is not here.
        """
        return shown(record, self.form(record.form_id), self.person)

    def records_of(self, name: bytes | str) -> list[Found]:
        """Return the records that hang on one."""
        record_id = self.store.find_record(name).record_id
        return [self._found(*one) for one in self.store.records_of(record_id)]

    def open_for_edit(self, name: bytes | str) -> Editing:
        """Return a record opened on a screen; save with its ``save``.

        Raises:
            NotFoundError: there is none, or its form is not here.
            AccessError: it has left this laptop's scope.
        """
        record = self.record(name)
        if self.store.is_leaving(record.id):
            raise AccessError("record.leaving", record=record.id.hex())
        form = self.form(record.form_id)
        roster = self.roster  # as it was when the form was opened

        def keep(written: Sequence[Written]) -> object:
            return self.pen.save(written, roster)

        screen = Screen(record, form, shown(record, form, self.person), self.role)
        return Editing(screen, keep, self.now)

    def find(self, text: str, limit: int = 50) -> list[Found]:
        """Return the records in which every word of ``text`` stands, newest first."""
        return [self._found(*one) for one in self.store.find(text, limit)]

    def label(self, record: Record) -> str:
        """Return a few words to know a record by: its first short texts."""
        form = self.form_or_none(record.form_id)
        if form is None:
            return ""
        searched = self._facts.searched(*form.key)
        answers = settled(shown(record, form, self.person))
        texts = (answers.get(path) for path in form.layout_paths if path in searched)
        return " ".join([str(text) for text in texts if text][:_LABEL_WORDS])

    def _found(self, record_id: bytes, form_id: str) -> Found:
        label = self.label(self.record(record_id))
        return Found(id=record_id, form_id=form_id, label=label)

    # --- Drafts ---

    def drafts(self, form_id: str | None = None) -> list[Draft]:
        """Return the forms that are open, the oldest first."""
        found = self.store.drafts()
        return [one for one in found if form_id is None or one.form_id == form_id]

    def keep_draft(self, draft: Draft) -> int:
        """Keep a draft as it is now and return its number."""
        with self.store.transaction():
            return self.store.keep_draft(draft)

    def drop_draft(self, number: int) -> None:
        """Forget a draft."""
        self.store.drop_draft(number)

    # --- Rows ---

    def import_rows(
        self,
        form_id: str,
        lines: Iterable[Line],
        progress: Progress | None = None,
        total: int = 0,
    ) -> ImportReport:
        """Keep a record for each row that fits, and return what became of them.

        Args:
            form_id: the form of all rows.
            lines: number and row of each line; ``_subject`` names what it hangs on.
            progress: called with how many are done, and of how many.
            total: how many there are, if it is known.

        Raises:
            NotFoundError: no such form, or a column names no question.
        """
        form = self.form(form_id)
        importer = Importer(
            form, self.pen, self.roster, lambda name: self.subject_of(form, name)
        )
        return importer.bring(lines, self.now(), progress, total)

    def export_rows(self, form_id: str) -> Iterator[dict[str, Any]]:
        """Yield the live records of a form as rows; that it was done is recorded.

        Raises:
            NotFoundError: no such form.
        """
        form = self.form(form_id)
        moment = self.now()
        self.store.set_setting(f"export/{moment.isoformat()}", form_id.encode())
        return export_rows(self.store.records(form_id), form, moment, self.person)

    # --- Conflicts ---

    def conflicts(self, name: bytes | str | None = None) -> tuple[Conflict, ...]:
        """Return what only a person can settle, here or in one record."""
        if name is not None:
            return self._settler.conflicts_of(self.record(name), self.now())
        return tuple(self._settler.conflicts(self.now()))

    def conflict(self, name: str, register: str = "") -> Conflict:
        """Return the conflict, or the record's conflict, whose id begins so.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        return self._settler.find(name, self.now(), register)

    def resolve(
        self,
        name: str,
        *,
        because: str,
        register: str = "",
        keep: str | None = None,
        values: Answers | None = None,
    ) -> bytes:
        """Settle a conflict and return the record's id.

        Args:
            name: the conflict's id, or its record's, or the beginning of one.
            because: the reason, which everybody will see.
            register: one of its registers, where a record has several conflicts.
            keep: the alternative to keep: its place from 1, or its dot.
            values: else the values to write, by register.

        Raises:
            NotFoundError: no such conflict or alternative.
            AnswerError: no reason, or a value is missing or does not fit.
        """
        conflict = self.conflict(name, register)
        if keep is not None:
            dot = named(conflict.alternatives, keep)
            return self._settler.resolve(conflict, dot, because, self.roster)
        given = values or {}
        form = self.form(conflict.form_id)
        reserved = {n: v for n, v in given.items() if n in conflict.registers}
        typed = given if not _is_life(conflict) else {}
        answers = read(form, typed) or reserved
        return self._settler.resolve(conflict, answers, because, self.roster)

    def undo(self, name: str, because: str | None = None, register: str = "") -> bytes:
        """Undo a decision: what it replaced stands side by side again.

        Args:
            name: the conflict's id, where it was settled here; else the record's.
            because: the reason, if any.
            register: which register, where several of a record were decided.

        Raises:
            NotFoundError: no such decision is known here.
        """
        return self._settler.undo(name, self.roster, because, register)

    def history(self, name: bytes | str) -> tuple[Event, ...]:
        """Return who wrote what in a record, each after all that they had seen.

        Raises:
            NotFoundError: there is no such record, or more than one.
        """
        return self.store.history(name)

    # --- Notices ---

    def notices(self, *, seen: bool = False) -> Mapping[int, Notice]:
        """Return what this person must be told, by number, oldest first."""
        return self.store.notices(seen=seen)

    def see_notice(self, number: int) -> None:
        """Note that a notice was seen."""
        self.store.see_notice(number)

    def bring_back(self, number: int, because: str | None = None) -> bytes:
        """Put the value of a notice beside the decision, and return the record's id.

        Raises:
            NotFoundError: no such notice.
        """
        notice = self.notices(seen=True).get(number)
        if notice is None:
            raise NotFoundError("notice.unknown", notice=number)
        record_id = self._settler.bring_back(notice, self.roster, because)
        self.see_notice(number)
        return record_id

    def name_of(self, person: bytes) -> str:
        """Return a person's name in the roster, or the beginning of their id."""
        return self.roster.people.get(person) or person.hex()[:8]

    def server_urls(self) -> tuple[str, ...]:
        """Return where the province's server may be reached."""
        return server_urls(self.store)


def _is_life(conflict: Conflict) -> bool:
    return conflict.kind == "withdrawn"
