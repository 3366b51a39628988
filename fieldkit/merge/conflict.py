"""The conflict: what only a person can settle; found in a record, never raised.

========================  ============================================================
contested                 people differ, and nobody has decided yet
worst                     the worst is shown; someone should look again (low urgency)
withdrawn                 delete against edit: a withdrawal had not seen a live value
inconsistent              each answer fits by itself; together they break a rule
illegal_transition        a state that does not lead to the one that is shown
proposal                  someone proposes another value than was decided
========================  ============================================================
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product
from typing import Final, Literal, Protocol, TypeVar

from fieldkit.crypto.hashes import digest
from fieldkit.forms.evaluate import validate as validate_form
from fieldkit.forms.form import Form
from fieldkit.merge.machine import illegal_steps
from fieldkit.merge.policies import Alternative, Contested
from fieldkit.merge.views import (
    Effective,
    MergeForm,
    View,
    alternatives,
    effective,
    rule_of,
)
from fieldkit.records.history import Event
from fieldkit.records.layout import LIFE
from fieldkit.records.record import Record, Sibling, instances_above

Kind = Literal[
    "contested", "worst", "withdrawn", "inconsistent", "illegal_transition", "proposal"
]
Urgency = Literal["normal", "low"]
CONFLICT_ID_BYTES: Final = 8
COMBINATIONS_MAX: Final = 64
"""Beyond so many combinations of contested answers no rule is judged."""
_RULES: Final = frozenset({"constraint"})
"""A choice that this form does not know may come from a newer one: no conflict."""

Now = TypeVar("Now")
F = TypeVar("F", bound=MergeForm)


class Problem(Protocol):
    """An answer that breaks a rule of its form."""

    @property
    def path(self) -> str:
        """The register of the answer."""

    @property
    def kind(self) -> str:
        """Which rule: ``constraint``, or one that is no conflict."""


Validate = Callable[[F, Mapping[str, object], Now], Iterable[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing for a person to settle.

    Attributes:
        id: 8 bytes, the same on every machine and for as long as it is unsettled.
        kind: what is the matter.
        record_id: the record.
        form_id: its form.
        registers: what a decision is about: the whole merge group.
        alternatives: what people say of it, side by side.
        urgency: ``low`` where a safe value is shown meanwhile.
        because: registers that a withdrawal had not seen, or that break a rule.
    """

    id: bytes
    kind: Kind
    record_id: bytes
    form_id: str
    registers: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    urgency: Urgency = "normal"
    because: tuple[str, ...] = ()

    @property
    def siblings(self) -> tuple[Sibling, ...]:
        """Return the live siblings of all its registers."""
        return tuple(s for one in self.alternatives for s in one.siblings if s)


def find_conflicts(
    record: Record, form: Form, now: datetime, events: Sequence[Event] = ()
) -> tuple[Conflict, ...]:
    """Return what only a person can settle in ``record``.

    Args:
        record: a merged record.
        form: its form.
        now: the time that rules such as ``today()`` are judged at.
        events: the record's history where it is known, to find steps that a machine
            does not allow although nobody contested them.
    """
    return conflicts_by(validate_form, record, form, now, events)


def conflicts_by(
    validate: Validate[F, Now],
    record: Record,
    form: F,
    now: Now,
    events: Sequence[Event] = (),
) -> tuple[Conflict, ...]:
    """Return what ``find_conflicts`` does, the form's rules judged by ``validate``."""
    said = effective(record, form)
    found = [*_flagged(record, said.unsettled), *_withdrawn(record)]
    known = {register for conflict in found for register in conflict.registers}
    found += (c for c in _illegal(record, form, events) if not known & {*c.registers})
    if said.life != "withdrawn":
        found += _inconsistent(record, form, _broken(form, now, validate, said))
    return tuple(found)


def conflict_id(record_id: bytes, registers: Iterable[str], label: str = "") -> bytes:
    """Return the id of the conflict on ``registers``: 8 bytes of a hash."""
    names = (register.encode() for register in sorted(registers))
    made = digest("fieldkit/conflict", record_id, label.encode(), *names)
    return made[:CONFLICT_ID_BYTES]


def _flagged(record: Record, unsettled: Iterable[View]) -> Iterator[Conflict]:
    for view in unsettled:
        if view.flag is not None:
            yield Conflict(
                id=conflict_id(record.id, view.registers),
                kind=view.flag,
                record_id=record.id,
                form_id=record.form_id,
                registers=view.registers,
                alternatives=view.alternatives,
                urgency="low" if view.flag == "worst" else "normal",
            )


def _withdrawn(record: Record) -> Iterator[Conflict]:
    """Yield delete against edit, of the record and of each repeat's instances."""
    instances = {path for name in record.registers for path in instances_above(name)}
    for instance in ("", *sorted(instances)):
        life = f"{instance}/{LIFE}" if instance else LIFE
        if record.instance_life(instance) == "contested":
            yield Conflict(
                id=conflict_id(record.id, (life,)),
                kind="withdrawn",
                record_id=record.id,
                form_id=record.form_id,
                registers=(life,),
                alternatives=alternatives(record, (life,)),
                because=record.unseen_by_withdrawal(instance),
            )


def _illegal(
    record: Record, form: MergeForm, events: Sequence[Event]
) -> Iterator[Conflict]:
    for name in sorted({event.register for event in events}):
        rule = rule_of(form, name)
        if rule.policy != "machine":
            continue
        own = [event for event in events if event.register == name]
        live = {sibling.dot for sibling in record.siblings(name)}
        if any(event.dot in live for event in illegal_steps(rule.machine, own)):
            yield Conflict(
                id=conflict_id(record.id, (name,)),
                kind="illegal_transition",
                record_id=record.id,
                form_id=record.form_id,
                registers=(name,),
                alternatives=alternatives(record, (name,)),
            )


def _inconsistent(
    record: Record, form: MergeForm, registers: Iterable[str]
) -> Iterator[Conflict]:
    done: set[str] = set()
    for register in registers:
        group = form.group_of(register)
        if register not in done:
            done.update(group)
            yield Conflict(
                id=conflict_id(record.id, group, "inconsistent"),
                kind="inconsistent",
                record_id=record.id,
                form_id=record.form_id,
                registers=group,
                alternatives=alternatives(record, group),
                because=(register,),
            )


def _broken(
    form: F, now: Now, validate: Validate[F, Now], said: Effective
) -> tuple[str, ...]:
    """Return the registers that break a rule, however contested ones are settled."""
    broken: dict[str, None] | None = None
    for answers in _settlements(said):
        problems = validate(form, answers, now)
        paths = dict.fromkeys(p.path for p in problems if p.kind in _RULES)
        broken = paths if broken is None else {p: None for p in broken if p in paths}
        if not broken:
            break
    return tuple(broken or ())


def _settlements(said: Effective) -> Iterator[Mapping[str, object]]:
    """Yield the answers for each way to settle what is contested; none if too many."""
    open_views = [
        [dict(zip(view.registers, one.values, strict=True)) for one in view.counted]
        for view in said.unsettled
        if any(type(value) is Contested for value in view.values)
    ]
    ways = list(islice(product(*open_views), COMBINATIONS_MAX + 1))
    if len(ways) > COMBINATIONS_MAX:
        return
    for way in ways:
        answers = dict(said.answers)
        for chosen in way:
            answers.update(chosen)
        yield answers
