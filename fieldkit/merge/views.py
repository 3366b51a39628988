"""Views: what a record says, read from its siblings by the policies of its form.

No code ever settles by writing: a policy is a pure function of the live siblings, so it
says the same on every machine, and whatever it does not show stays beside it. A merge
group is read as one: its values were entered together and are shown together.

=========  ===========================================================================
register   one value if all say the same, else contested until a person decides
latest     the newest by the hybrid clock
worst      the highest severity that anyone declared
union      all that anyone chose
append     every text, in the order of time
sum        all amounts together
machine    the furthest step; a fact of the world beats an intention (``machine``)
authority  the newest by a role that decides; what others wrote are proposals
=========  ===========================================================================

A question says more in its ``parameters``: ``roles`` (who decides, for authority),
``facts`` and ``steps`` (``draft:sent,cancelled sent:received``, for machine).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from fieldkit.causality import Dot
from fieldkit.merge.machine import REFERRAL, Machine, parse_steps
from fieldkit.merge.policies import (
    DECIDERS,
    Alternative,
    Contested,
    Flag,
    Rule,
    distinct,
    read,
    same,
)
from fieldkit.records.edit import EditableForm
from fieldkit.records.layout import LIFE, ORDER
from fieldkit.records.record import Record, Sibling, instances_above

RESERVED: Final = frozenset({LIFE, ORDER})


class Chosen(Protocol):
    """A choice, as merging sees it."""

    @property
    def name(self) -> str:
        """What is stored when it is chosen."""

    @property
    def severity(self) -> int:
        """How bad it is, from best to worst."""


class Asked(Protocol):
    """A question, as merging sees it."""

    @property
    def merge(self) -> str:
        """Its policy."""

    @property
    def parameters(self) -> Sequence[tuple[str, str]]:
        """What more it says, as names and texts."""

    @property
    def choices(self) -> Sequence[Chosen]:
        """Its choices; empty if it has none."""


class MergeForm(EditableForm, Protocol):
    """What views ask of a form."""

    def question_at(self, register: str, /) -> Asked | None:
        """Return the question a register answers, or None if the form has none."""


class View(NamedTuple):
    """A merge group of which more than one thing is said.

    Attributes:
        registers: all registers of the group; one where it is no group.
        values: what is shown of each: a value or ``Contested``.
        alternatives: what each live write says, those that wait in quarantine too.
        counted: those of which the values are made.
        flag: what a person should look at, or None.
    """

    registers: tuple[str, ...]
    values: tuple[object, ...]
    alternatives: tuple[Alternative, ...]
    counted: tuple[Alternative, ...]
    flag: Flag | None

    @property
    def beside(self) -> tuple[Alternative, ...]:
        """Return the alternatives that say something else than what is shown."""
        return tuple(
            one for one in self.alternatives if not same(one.values, self.values)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What a record says: the one input of expressions, scores, search and exports.

    Attributes:
        answers: register to its value, or to ``Contested``; instances of repeats in
            their merged order, removed ones left out.
        life: ``live``, ``withdrawn``, ``merged`` or ``contested``.
        unsettled: the groups of which more than one thing is said.
    """

    answers: Mapping[str, object]
    life: str = "live"
    unsettled: tuple[View, ...] = field(default=())

    @property
    def contested(self) -> tuple[str, ...]:
        """Return the registers on which people differ."""
        return tuple(n for n, v in self.answers.items() if type(v) is Contested)

    def possible_answers(self) -> dict[str, tuple[object, ...]]:
        """Return for each register all that it may say, as contested scores take it.

        In a contested merge group the values go together: the first of each register,
        the second of each.
        """
        found: dict[str, tuple[object, ...]]
        found = {name: (value,) for name, value in self.answers.items()}
        for view in self.unsettled:
            if any(type(value) is Contested for value in view.values):
                rows = distinct([one.values for one in view.counted])
                for name, column in zip(
                    view.registers, zip(*rows, strict=True), strict=True
                ):
                    if name in found:
                        found[name] = column
        return found

    def possible(self, register: str) -> tuple[object, ...]:
        """Return every value a register may have: one, or those that are contested."""
        value = self.answers.get(register)
        return value.values if isinstance(value, Contested) else (value,)


def effective(record: Record, form: MergeForm, *, me: bytes = b"") -> Effective:
    """Return what ``record`` says, each register by the policy that ``form`` declares.

    A register that the form does not know is read as ``register``. A value that waits
    in quarantine counts for nobody but its author; one in review counts like others.

    Args:
        record: the record with its live siblings.
        form: any version of its form.
        me: the person it is shown to.
    """
    if _is_quiet(record):
        said = record.registers.items()
        values = {name: siblings[0].value for name, siblings in said}
        return Effective(answers=_in_order(record, values))
    answers: dict[str, object] = {}
    unsettled: list[View] = []
    for name, siblings in record.registers.items():
        if name in answers or name.rpartition("/")[2] in RESERVED:
            continue
        registers = form.group_of(name)
        if len(registers) == len(siblings) == 1 and siblings[0].counts:
            answers[name] = siblings[0].value
            continue
        view = _view(record, form, registers, me)
        answers.update(zip(view.registers, view.values, strict=True))
        if len(view.alternatives) > 1 or not all(s.counts for s in siblings):
            unsettled.append(view)
    return Effective(
        answers=_in_order(record, answers), life=record.life, unsettled=tuple(unsettled)
    )


def _is_quiet(record: Record) -> bool:
    """Return whether all of the record was said at once by one write that counts."""
    dot: Dot | None = None
    for name, siblings in record.registers.items():
        if len(siblings) != 1 or not siblings[0].counts or name == LIFE:
            return False
        if dot is not None and dot != siblings[0].dot:
            return False
        dot = siblings[0].dot
    return True


def _view(
    record: Record, form: MergeForm, registers: tuple[str, ...], me: bytes
) -> View:
    found = alternatives(record, registers)
    counted = tuple(o for o in found if o.lead.counts or o.lead.person == me)
    if not counted:
        return View(registers, (None,) * len(registers), found, (), None)
    if len(counted) == 1:
        return View(registers, counted[0].values, found, counted, None)
    reading = read(rule_of(form, registers[0]), counted)
    return View(registers, reading.values, found, counted, reading.flag)


def alternatives(record: Record, registers: Sequence[str]) -> tuple[Alternative, ...]:
    """Return what each live write says of ``registers`` together, in order of dots."""
    found: dict[tuple[Dot, int], list[Sibling | None]] = {}
    for place, register in enumerate(registers):
        for sibling in record.siblings(register):
            key = sibling.dot, sibling.nth
            found.setdefault(key, [None] * len(registers))[place] = sibling
    return tuple(
        Alternative(tuple(s.value if s else None for s in row), tuple(row))
        for _, row in sorted(found.items(), key=lambda item: item[0])
    )


def rule_of(form: MergeForm, register: str) -> Rule:
    """Return the policy of a register, with all that it needs from the form."""
    question = form.question_at(register)
    if question is None:
        return Rule()
    if question.merge in {"register", "latest", "append", "sum"}:
        return Rule(question.merge)
    more = dict(question.parameters)
    deciders = frozenset(more["roles"].split()) if "roles" in more else DECIDERS
    names = tuple(choice.name for choice in question.choices)
    severities = {choice.name: choice.severity for choice in question.choices}
    machine = _machine(names, more.get("facts", ""), more.get("steps", ""))
    return Rule(question.merge, severities, deciders, machine)


@lru_cache(maxsize=256)
def _machine(states: tuple[str, ...], facts: str, steps: str) -> Machine:
    """Return the machine that a question's parameters describe, or the referral's."""
    if not steps:
        return REFERRAL
    following = dict(step.partition(":")[::2] for step in steps.split())
    return Machine(
        states=states,
        facts=frozenset(facts.split()),
        steps=parse_steps({k: v.replace(",", " ") for k, v in following.items()}),
    )


def _in_order(record: Record, values: Mapping[str, object]) -> Mapping[str, object]:
    """Return ``values`` with instances in their order and without the removed ones."""
    if not any("[" in name for name in values):
        return values if LIFE not in values else _without_reserved(values)
    kept = _without_reserved(values)
    places = {path: place for place, path in enumerate(_all_instances(record, kept))}

    def place_of(name: str) -> tuple[int, ...]:
        return tuple(places[path] for path in instances_above(name))

    alive = [n for n in kept if all(p in places for p in instances_above(n))]
    return {name: kept[name] for name in sorted(alive, key=place_of)}


def _without_reserved(values: Mapping[str, object]) -> dict[str, object]:
    return {n: v for n, v in values.items() if n.rpartition("/")[2] not in RESERVED}


def _all_instances(record: Record, names: Iterable[str]) -> list[str]:
    above = dict.fromkeys(path for name in names for path in instances_above(name))
    repeats = dict.fromkeys(path.rpartition("[")[0] for path in above)
    return [path for repeat in repeats for path in record.instances(repeat)]
