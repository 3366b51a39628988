"""Editing: the answers typed by a person become one write of a change.

What a write replaces is what was on the screen when the form was opened, and nothing
that arrived since: the caller hands in the record as it was opened.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from fieldkit.causality import Dot
from fieldkit.errors import AnswerError
from fieldkit.records.change import RECORD_ID_BYTES, Write
from fieldkit.records.layout import LIFE, SUBJECT, Layout
from fieldkit.records.record import Record

_INSTANCE = re.compile(r"(.+)\[(.+)\]")


class EditableForm(Protocol):
    """What editing asks of a form."""

    @property
    def form_id(self) -> str:
        """The form's id."""

    @property
    def version(self) -> int:
        """Its version."""

    @property
    def layout_paths(self) -> tuple[str, ...]:
        """Paths whose values travel, outside repeats, in the form's order."""

    def group_of(self, path: str) -> tuple[str, ...]:
        """Return all paths of the merge group of ``path``; itself if it has none."""


def create(
    form: EditableForm,
    answers: Mapping[str, object],
    subject: bytes | int | None = None,
) -> tuple[Layout, Write]:
    """Return the write that makes a new record, with its layout.

    Every question outside repeats is written, unanswered ones as nothing, so that all
    new records of a form version share one layout.

    Args:
        form: the form as it was opened.
        answers: register to value; a new repeat instance has any key that is not an id
            (``members[+1]/name``).
        subject: the record it hangs on: an id, or the ordinal of a write in the same
            change.
    """
    whole = dict.fromkeys(form.layout_paths) | dict(answers)
    head = {} if subject is None else {SUBJECT: subject}
    return _write(form, None, (), head | whole)


def edit(
    record: Record, form: EditableForm, answers: Mapping[str, object]
) -> tuple[Layout, Write] | None:
    """Return the write that gives ``record`` new answers; None if nothing is new.

    A merge group is written whole, so that values shown together were entered together.
    Typing again what is contested is a decision, and is written.

    Args:
        record: the record as it was when the form was opened.
        form: the form it was opened with.
        answers: register to value; other registers stay as they are.

    Raises:
        AnswerError: an answer settles only a part of a contested merge group.
    """
    changed = {
        name for name, value in answers.items() if not _says(record, name, value)
    }
    names = _with_groups(form, answers, changed)
    if not names:
        return None
    values = {
        name: answers[name] if name in answers else _kept(record, name)
        for name in names
    }
    return _write(form, record.id, record.shown(names), values)


def add(
    record: Record, form: EditableForm, answers: Mapping[str, object]
) -> tuple[Layout, Write]:
    """Return the write that puts answers beside what is there and replaces nothing.

    For one more note, an amount given out, a value brought back.
    """
    return write_all(record, form, answers, ())


def write_all(
    record: Record,
    form: EditableForm,
    values: Mapping[str, object],
    replaces: Iterable[Dot] | None = None,
) -> tuple[Layout, Write]:
    """Return the write of ``values``, which replaces all that was shown of them.

    Args:
        record: the record as it was shown.
        form: the form it was opened with.
        values: register to value.
        replaces: the dots to replace instead, all of them shown.
    """
    dots = record.shown(values) if replaces is None else tuple(sorted(set(replaces)))
    return _write(form, record.id, dots, values)


def withdraw(
    record: Record, form: EditableForm, instance: str = ""
) -> tuple[Layout, Write]:
    """Return the write that withdraws ``record``, naming all that was shown of it.

    Args:
        record: the record as it was shown.
        form: the form it was opened with.
        instance: path of the repeat's instance to remove; empty for the whole record.
    """
    within = f"{instance}/" if instance else ""
    shown = record.shown(name for name in record.registers if name.startswith(within))
    value = {"life": "withdrawn", "shown": [list(dot) for dot in shown]}
    return write_all(record, form, {within + LIFE: value})


def settled(record: Record, register: str) -> object:
    """Return the register's value if all siblings say the same, else None."""
    values = [sibling.value for sibling in record.siblings(register)]
    return values[0] if values and all(v == values[0] for v in values) else None


def _kept(record: Record, register: str) -> object:
    """Return the value a group's other register keeps; a contested one has none."""
    value = settled(record, register)
    if value is None and any(s.value is not None for s in record.siblings(register)):
        raise AnswerError("answer.group", path=register)
    return value


def _says(record: Record, register: str, value: object) -> bool:
    siblings = record.siblings(register)
    if not siblings:
        return value is None
    return len(siblings) == 1 and siblings[0].value == value


def _with_groups(
    form: EditableForm, answers: Mapping[str, object], changed: Iterable[str]
) -> tuple[str, ...]:
    wanted = set(changed)
    for name in tuple(wanted):
        wanted.update(form.group_of(name))
    given = [name for name in answers if name in wanted]
    return (*given, *sorted(wanted.difference(given)))


def _write(
    form: EditableForm,
    target: bytes | None,
    replaces: tuple[Dot, ...],
    values: Mapping[str, object],
) -> tuple[Layout, Write]:
    paths, slots = _slotted(values)
    layout = Layout(form.form_id, form.version, tuple(paths))
    return layout, Write(layout.id, target, replaces, tuple(slots))


def _slotted(values: Mapping[str, object]) -> tuple[list[str], list[object]]:
    """Return paths and values with instance keys replaced by numbered slots."""
    instances: dict[str, dict[str, int]] = {}
    plain: dict[str, object] = {}
    for name, value in values.items():
        plain[_slot_path(name, instances) if "[" in name else name] = value
    lists = {
        f"{repeat}[]": list(map(_instance, keys)) for repeat, keys in instances.items()
    }
    named = {path: value for path, value in plain.items() if "[" not in path}
    inner = {path: value for path, value in plain.items() if "[" in path}
    whole = named | dict(sorted(lists.items())) | inner
    return list(whole), list(whole.values())


def _slot_path(name: str, instances: dict[str, dict[str, int]]) -> str:
    steps: list[str] = []
    for step in name.split("/"):
        found = _INSTANCE.fullmatch(step)
        if found is None:
            steps.append(step)
            continue
        keys = instances.setdefault("/".join([*steps, found[1]]), {})
        steps.append(f"{found[1]}[{keys.setdefault(found[2], len(keys))}]")
    return "/".join(steps)


def _instance(key: str) -> bytes | None:
    """Return the id that an instance key names; None for one that is born now."""
    if len(key) != RECORD_ID_BYTES * 2:
        return None
    try:
        return bytes.fromhex(key)
    except ValueError as error:
        raise AnswerError("answer.instance", path=key) from error
