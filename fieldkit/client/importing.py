"""Rows brought in by the thousand: each judged as if typed, refused ones told."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from fieldkit.client.answers import judged, read
from fieldkit.client.exporting import CONTESTED
from fieldkit.client.saving import Pen
from fieldkit.collector import resting
from fieldkit.errors import AnswerError, FieldKitError, NotFoundError
from fieldkit.forms.bulk import Reader, compile_reader, is_flat
from fieldkit.forms.form import Form
from fieldkit.forms.problem import Problem
from fieldkit.records.edit import create
from fieldkit.records.layout import SUBJECT, Layout
from fieldkit.sync.roster import Roster

CHUNK: Final = 10_000
Row = Mapping[str, Any]
Line = tuple[int, Row | FieldKitError]
FindSubject = Callable[[str], bytes]
Progress = Callable[[int, int], None]


class Refused(NamedTuple):
    """A row that was not brought in, and why."""

    line: int
    reason_th: str
    reason_en: str


@dataclass(slots=True)
class ImportReport:
    """What became of the rows.

    Attributes:
        saved: how many records were made.
        ids: their ids, in the order of their rows.
        refused: the rows that were not brought in.
    """

    saved: int = 0
    ids: list[bytes] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Importer:
    """Brings rows into one form; each chunk is kept wholly before the next begins."""

    def __init__(
        self, form: Form, pen: Pen, roster: Roster, find_subject: FindSubject
    ) -> None:
        self._form = form
        self._pen = pen
        self._roster = roster
        self._find_subject = find_subject
        self._readers: dict[frozenset[str], Reader] = {}
        self._subjects: dict[str, bytes] = {}
        self.report = ImportReport()

    def bring(
        self,
        lines: Iterable[Line],
        now: datetime,
        progress: Progress | None,
        total: int,
    ) -> ImportReport:
        """Keep what fits of ``lines`` and return what became of them."""
        take = self._take_flat if is_flat(self._form) else self._take_one_by_one
        rest = iter(lines)
        done = 0
        while chunk := list(islice(rest, CHUNK)):
            with resting():
                take(list(self._rows(chunk)), now)
            done += len(chunk)
            if progress is not None:
                progress(done, max(total, done))
        return self.report

    def _rows(self, lines: Iterable[Line]) -> Iterator[tuple[int, Row]]:
        for line, row in lines:
            if isinstance(row, FieldKitError):
                self._refuse(line, row)
            else:
                yield line, row

    # --- Thousands at once ---

    def _take_flat(self, rows: list[tuple[int, Row]], now: datetime) -> None:
        hangs = self._form.subject is not None
        paths = self._form.layout_paths
        layout = Layout(
            self._form.form_id,
            self._form.version,
            (SUBJECT, *paths) if hangs else paths,
        )
        read_row = self._reader(rows, now)
        births: list[tuple[object, ...]] = []
        for line, row in rows:
            values, problems = read_row(row)
            if problems:
                self._tell(line, problems)
            elif not hangs:
                births.append(values)
            elif (subject := self._subject(line, row)) is not None:
                births.append((subject, *values))
        self._count(self._pen.save_births(layout, births, self._roster))

    def _reader(self, rows: list[tuple[int, Row]], now: datetime) -> Reader:
        """Return the reader of these rows' columns; an unknown column stops the import.

        Columns that begin with ``_`` tell of a record and hold no answer.
        """
        named: set[str] = set()
        named.update(*(row for _, row in rows))
        keys = frozenset(named)
        if keys not in self._readers:
            typed = sorted(key for key in keys if self._is_typed(key))
            self._readers[keys] = compile_reader(self._form, typed, now)
        return self._readers[keys]

    def _is_typed(self, key: str) -> bool:
        """Return whether a column is read: what only tells, or is calculated, is not.

        Raises:
            NotFoundError: it names no question.
        """
        if key.startswith("_") or key.endswith(CONTESTED):
            return False
        question = self._form.question_at(key) or self._form.question(key)
        return question.is_stored

    # --- One by one ---

    def _take_one_by_one(self, rows: list[tuple[int, Row]], now: datetime) -> None:
        for line, row in rows:
            try:
                subject = None
                if self._form.subject is not None:
                    subject = self._subject(line, row)
                    if subject is None:
                        continue
                answers = {k: v for k, v in flat(row).items() if self._is_typed(k)}
                said = judged(self._form, read(self._form, answers), now)
                written = create(self._form, said.answers, subject)
                identity = self._pen.save([written], self._roster)
                self._count([identity.records[0]])
            except (AnswerError, NotFoundError) as error:
                self._refuse(line, error)

    # --- What both tell ---

    def _subject(self, line: int, row: Row) -> bytes | None:
        name = str(row.get(SUBJECT) or "")
        if name not in self._subjects:
            try:
                self._subjects[name] = self._find_subject(name)
            except FieldKitError as error:
                self._refuse(line, error)
                return None
        return self._subjects[name]

    def _count(self, ids: list[bytes]) -> None:
        self.report.saved += len(ids)
        self.report.ids += ids

    def _tell(self, line: int, problems: Iterable[Problem]) -> None:
        found = list(problems)
        thai = "; ".join(f"{one.path}: {one.message.th}" for one in found)
        english = "; ".join(f"{one.path}: {one.message.en}" for one in found)
        self.report.refused.append(Refused(line, thai, english))

    def _refuse(self, line: int, error: FieldKitError) -> None:
        self.report.refused.append(
            Refused(line, error.message("th"), error.message("en"))
        )


def flat(answers: Row, within: str = "") -> dict[str, object]:
    """Return nested answers by register: a list of objects is a repeat's instances.

    >>> flat({"home": {"no": 1}, "members": [{"name": "ก"}, {"name": "ข"}]})
    {'home/no': 1, 'members[1]/name': 'ก', 'members[2]/name': 'ข'}
    """
    found: dict[str, object] = {}
    for name, value in answers.items():
        if within and name.startswith("_"):
            continue  # the id of an instance: a new record's are new
        path = within + name
        if isinstance(value, dict):
            found |= flat(value, f"{path}/")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, one in enumerate(value, 1):
                found |= flat(one, f"{path}[{number:x}]/")
        else:
            found[path] = value
    return found
