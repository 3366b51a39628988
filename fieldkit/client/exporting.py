"""Records as rows for other programs: what is said, and where people differ."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from fieldkit.client.editing import settled
from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form
from fieldkit.merge.policies import Contested
from fieldkit.merge.views import effective
from fieldkit.records.record import Record

_INSTANCE: Final = re.compile(r"(.+?)\[([0-9a-f]{32})\]/(.+)")
CONTESTED: Final = "__contested"


def export_rows(
    records: Iterable[Record], form: Form, now: datetime, me: bytes
) -> Iterator[dict[str, Any]]:
    """Yield each live record as a row: ``_id``, ``_subject``, its answers by path.

    An answer that is not to be asked is left out, calculations are made again, and
    what people differ on stands under ``<path>__contested``.
    """
    for record in records:
        said = effective(record, form, me=me)
        if said.life != "withdrawn":
            evaluation = Evaluation(form, settled(said), now)
            yield row_of(record, said.answers, evaluation)


def row_of(
    record: Record, answers: Mapping[str, object], evaluation: Evaluation
) -> dict[str, Any]:
    """Return one record as a row."""
    row: dict[str, Any] = {"_id": record.id.hex()}
    if record.subject is not None:
        row["_subject"] = record.subject.hex()
    hidden = set(evaluation.irrelevant())
    for path, value in answers.items():
        if type(value) is Contested:
            _put(row, path + CONTESTED, [plain(one) for one in value.values])
        elif value is not None and path not in hidden:
            _put(row, path, plain(value))
    for path, value in evaluation.calculations().items():
        if value is not None:
            _put(row, path, plain(value))
    return row


def columns_of(form: Form) -> list[str]:
    """Return the columns of a form's rows in a spreadsheet."""
    head = ["_id"] if form.subject is None else ["_id", "_subject"]
    asked = [q.path for q in form.questions if q.type != "note" and q.repeat is None]
    repeats = [g.path.removesuffix("[]") for g in form.groups if g.repeats]
    stored = [q.path + CONTESTED for q in form.stored if q.repeat is None]
    return [*head, *asked, *repeats, *stored]


def plain(value: object) -> object:
    """Return an answer as JSON knows it: a reference as its id in hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _put(row: dict[str, Any], path: str, value: object) -> None:
    """Put a value under its path; instances of a repeat become a list of rows."""
    found = _INSTANCE.fullmatch(path)
    if found is None:
        row[path] = value
        return
    repeat, instance, rest = found.groups()
    rows: list[dict[str, Any]] = row.setdefault(repeat, [])
    own = next((one for one in rows if one["_id"] == instance), None)
    if own is None:
        own = {"_id": instance}
        rows.append(own)
    _put(own, rest, value)
