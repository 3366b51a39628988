"""Recording: records added, opened, found; drafts; rows in and out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fieldkit.client.answers import judged, read
from fieldkit.client.desk import Desk
from fieldkit.client.editing import Editing, Screen, shown
from fieldkit.client.exporting import export_rows
from fieldkit.client.importing import Importer, ImportReport, Line, Progress, flat
from fieldkit.client.saving import Written
from fieldkit.errors import AccessError, AnswerError, NotFoundError
from fieldkit.forms.form import Form
from fieldkit.merge.policies import Contested
from fieldkit.merge.views import Effective
from fieldkit.records.edit import create
from fieldkit.records.history import Event
from fieldkit.records.record import Record
from fieldkit.store.drafts import Draft as Draft

Answers = Mapping[str, object]
_LABEL_WORDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that a search found, with words to know it by."""

    id: bytes
    form_id: str
    label: str


class Recording(Desk):
    """What a workspace does with records."""

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
            AccessError: it has left this laptop's scope, or lies outside it.
        """
        record = self.record(name)
        if self.store.is_leaving(record.id):
            raise AccessError("record.leaving", record=record.id.hex())
        self._check_scope(record)
        form = self.form(record.form_id)
        self.take_note(record)
        roster = self.roster  # as it was when the form was opened

        def keep(written: Sequence[Written]) -> object:
            return self.pen.save(written, roster)

        screen = Screen(record, form, shown(record, form, self.person), self.role)
        return Editing(screen, keep, self.now)

    def _owner(self, record: Record) -> Record | None:
        """Return the record whose area counts; None if it is not here."""
        if record.subject is None:
            return record
        try:
            return self.store.open_record(record.subject)
        except NotFoundError:
            return None

    def _check_scope(self, record: Record) -> None:
        """Return if the record lies in the scope that this laptop knows of.

        A form that is open already is saved all the same, and an area that is only
        said here so far may be put right.

        Raises:
            AccessError: it lies elsewhere, and is here to be read alone.
        """
        scope = self.roster.scope(self.person)
        owner = self._owner(record)
        path = None if owner is None else self.facts.area_path(owner.form_id)
        if not scope or owner is None or path is None:
            return
        areas = [one.value for one in owner.siblings(path) if one.mark == "applied"]
        known = [area for area in areas if isinstance(area, str)]
        if known and not scope.covers_any(known):
            raise AccessError("record.out_of_scope", area=", ".join(sorted(known)))

    def history(self, name: bytes | str) -> tuple[Event, ...]:
        """Return who wrote what in a record, each after all that they had seen.

        Raises:
            NotFoundError: there is no such record, or more than one.
        """
        return self.store.history(name)

    def find(self, text: str, limit: int = 50) -> list[Found]:
        """Return the records in which every word of ``text`` stands, newest first."""
        return [self._found(*one) for one in self.store.find(text, limit)]

    def label(self, record: Record) -> str:
        """Return a few words to know a record by: its first short texts."""
        form = self.form_or_none(record.form_id)
        if form is None:
            return ""
        searched = self.facts.searched(*form.key)
        answers = shown(record, form, self.person).answers
        paths = (path for path in form.layout_paths if path in searched)
        texts = (_words_of(answers.get(path)) for path in paths)
        return " ".join([text for text in texts if text][:_LABEL_WORDS])

    def _found(self, record_id: bytes, form_id: str) -> Found:
        label = self.label(self.record(record_id))
        return Found(id=record_id, form_id=form_id, label=label)

    # --- Drafts ---

    def drafts(self, form_id: str | None = None) -> list[Draft]:
        """Return the forms that are open, the oldest first."""
        found = self.store.drafts()
        return [one for one in found if form_id is None or one.form_id == form_id]

    def new_draft(self, form: Form, subject: bytes | None = None) -> Draft:
        """Return a new draft of ``form``, kept."""
        draft = Draft(
            form_id=form.form_id,
            version=form.version,
            opened=Record.blank(form.form_id, subject),
            started_ms=self.clock.look().shown_at,
        )
        return replace(draft, number=self.keep_draft(draft))

    def keep_answers(self, draft: Draft, answers: Answers, place: str) -> None:
        """Keep a draft's answers, and the question that is asked now."""
        self.keep_draft(replace(draft, answers=dict(answers), place=place))

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


def _words_of(value: object) -> str:
    """Return a value as words to know a record by: ``ก/ข`` where people differ."""
    if isinstance(value, Contested):
        return "/".join(str(one) for one in value.values if one)
    return str(value) if value else ""
