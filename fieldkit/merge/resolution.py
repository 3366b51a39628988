"""The resolution: a person's choice, written as a change like any other.

It has seen every sibling that was on the screen and replaces exactly those; one that
arrives later stands against it again. Who, when and why are in the change's stamp,
whose ``because`` a resolution must not leave empty. It is undone by one more change,
which brings the former siblings back side by side.
"""

from collections.abc import Iterable, Mapping, Sequence

from fieldkit.causality import Dot
from fieldkit.errors import AnswerError, NotFoundError
from fieldkit.merge.policies import Alternative
from fieldkit.merge.views import MergeForm, alternatives, rule_of
from fieldkit.records.change import Write
from fieldkit.records.edit import add, edit, withdraw, write_all
from fieldkit.records.layout import LIFE, Layout
from fieldkit.records.record import Record, Sibling, life_of, undone_value

Written = tuple[Layout, Write]


def resolve(
    record: Record,
    form: MergeForm,
    registers: Iterable[str],
    choice: Mapping[str, object] | Dot | tuple[Dot, int],
    *,
    because: str | None,
) -> Written:
    """Return the write that settles ``registers``, each with its whole merge group.

    Args:
        record: the record as it was shown.
        form: its form.
        registers: what is decided.
        choice: register to value; or the dot of the alternative to keep, with its
            number where one undo brought back several.
        because: the reason, which goes into the change's stamp.

    Raises:
        AnswerError: no reason is given, or a register of the group has no value.
        NotFoundError: the alternative to keep is not there.
    """
    if not (because and because.strip()):
        raise AnswerError("resolution.because", path=", ".join(registers))
    group = whole_group(form, registers)
    values = (
        {name: choice[name] if name in choice else _missing(name) for name in group}
        if isinstance(choice, Mapping)
        else _kept(record, group, choice)
    )
    if len(group) == 1 and group[0].rpartition("/")[2] == LIFE:
        return _settle_life(record, form, group[0], values[group[0]])
    return write_all(record, form, values)


def undo(
    record: Record,
    form: MergeForm,
    registers: Iterable[str],
    before: Mapping[str, Sequence[Sibling]],
) -> Written:
    """Return the write that brings former siblings back side by side.

    Args:
        record: the record as it is shown now.
        form: its form.
        registers: what is undone, each with its whole merge group.
        before: the siblings that the resolution replaced
            (``history.siblings_before``).
    """
    group = whole_group(form, registers)
    rows = [_filled(one) for one in _former(record, group, before)]
    values: dict[str, object] = {}
    for place, name in enumerate(group):
        values[name] = undone_value(row[place] for row in rows) if rows else None
    return write_all(record, form, values)


def bring_back(
    record: Record,
    form: MergeForm,
    registers: Iterable[str],
    before: Mapping[str, Sequence[Sibling]],
    dot: Dot,
) -> Written:
    """Return the write that puts the value of ``dot`` beside what was decided.

    It replaces nothing: the decision stays, and is looked at again.

    Raises:
        NotFoundError: ``dot`` is not among the former siblings.
    """
    group = whole_group(form, registers)
    former = _former(record, group, before)
    return add(record, form, _values_of(former, group, (dot, 0)))


def save(
    record: Record, form: MergeForm, answers: Mapping[str, object], role: str
) -> tuple[Written, ...]:
    """Return the writes that give ``record`` new answers, typed by someone in ``role``.

    Where the role may only propose and something was decided, the answer stands beside
    it as a proposal, in a write of its own; all others are one ordinary edit.

    Raises:
        AnswerError: an answer settles only a part of a contested merge group.
    """
    proposed = {name for name in answers if _only_proposes(record, form, name, role)}
    ordinary = {n: value for n, value in answers.items() if n not in proposed}
    written = [edit(record, form, ordinary)] if ordinary else []
    groups = dict.fromkeys(form.group_of(name) for name in answers if name in proposed)
    written += [_propose(record, form, group, answers) for group in groups]
    return tuple(one for one in written if one is not None)


def whole_group(form: MergeForm, registers: Iterable[str]) -> tuple[str, ...]:
    """Return ``registers`` with all that share a merge group with one of them."""
    names = (name for register in registers for name in form.group_of(register))
    return tuple(dict.fromkeys(names))


def _missing(name: str) -> object:
    raise AnswerError("answer.group", path=name)


def _kept(
    record: Record, group: Sequence[str], keep: Dot | tuple[Dot, int]
) -> dict[str, object]:
    key = (keep, 0) if isinstance(keep, Dot) else keep
    return _values_of(alternatives(record, group), group, key)


def _values_of(
    found: Iterable[Alternative], group: Sequence[str], key: tuple[Dot, int]
) -> dict[str, object]:
    for one in found:
        if (one.lead.dot, one.lead.nth) == key:
            return dict(zip(group, one.values, strict=True))
    raise NotFoundError("resolution.sibling", dot=str(key[0]))


def _settle_life(record: Record, form: MergeForm, name: str, value: object) -> Written:
    """Return the write that lets live, or that withdraws all that is shown by now."""
    if life_of(value) == "withdrawn":
        return withdraw(record, form, name.rpartition("/")[0])
    return write_all(record, form, {name: value})


def _former(
    record: Record, group: Sequence[str], before: Mapping[str, Sequence[Sibling]]
) -> tuple[Alternative, ...]:
    was = {name: tuple(before.get(name, ())) for name in group}
    then = Record(id=record.id, form_id=record.form_id, registers=was)
    return alternatives(then, group)


def _filled(one: Alternative) -> list[Sibling]:
    """Return a sibling for each register, so that a group comes back together."""
    return [sibling or one.lead._replace(value=None) for sibling in one.siblings]


def _only_proposes(record: Record, form: MergeForm, name: str, role: str) -> bool:
    rule = rule_of(form, name)
    if rule.policy != "authority" or role in rule.deciders:
        return False
    return any(s.role in rule.deciders for s in record.siblings(name))


def _propose(
    record: Record, form: MergeForm, group: Sequence[str], answers: Mapping[str, object]
) -> Written | None:
    """Return the write of a proposal: it replaces proposals, never a decision."""
    deciders = rule_of(form, group[0]).deciders
    shown = alternatives(record, group)
    decided = [one for one in shown if one.lead.role in deciders]
    newest = max(decided, key=lambda one: one.newness)
    base = dict(zip(group, newest.values, strict=True))
    values = base | {name: answers[name] for name in group if name in answers}
    if values == base:
        return None
    proposals = [one.lead.dot for one in shown if one not in decided]
    return write_all(record, form, values, proposals)
