"""What a form must keep to, beyond the shape of its file."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from fieldkit.forms.build import Builder
from fieldkit.forms.names import Names, expressions_of, find_cycle, graph
from fieldkit.forms.question import (
    CLASSES,
    POLICIES,
    PURPOSES,
    ROLES,
    ROOT_FORMS,
    Group,
    Question,
)

_TYPES_OF_POLICY: Final = {
    "union": frozenset({"select_multiple"}),
    "append": frozenset({"text"}),
    "sum": frozenset({"integer", "decimal"}),
    "worst": frozenset({"select_one", "acknowledge", "integer", "decimal"}),
    "machine": frozenset({"select_one"}),
}
_GROUPED_POLICIES: Final = frozenset({"register", "latest", "authority"})

Note = Callable[..., None]


def check(builder: Builder, nodes: Iterable[Question | Group], names: Names) -> None:
    """Note with ``builder`` whatever the form may not say."""
    _check_form(builder)
    for node in nodes:
        _check_names(node, names, builder)
        if isinstance(node, Question):
            _check_question(node, builder.note)
    _check_merge_groups(nodes, builder.note)
    cycle = find_cycle(graph(names))
    if cycle:
        builder.note("form.cycle", cycle[0], cycle=" → ".join(cycle))


def _check_form(builder: Builder) -> None:
    document = builder.document
    if document.subject is None and document.form_id not in ROOT_FORMS:
        builder.note("form.subject_missing", "subject")
    if document.sensitivity is None:
        builder.note("form.sensitivity_missing", "sensitivity")
    if document.purpose is None:
        builder.note("form.purpose_missing", "purpose")


def _check_names(node: Question | Group, names: Names, builder: Builder) -> None:
    """``${name}`` means one question; a path may also pass through the form itself."""
    for key, expression in expressions_of(node):
        for name in sorted(expression.references):
            found = names.find(name)
            if len(found) != 1:
                code = "form.name_ambiguous" if found else "form.name_unknown"
                builder.note(code, node.path, name=name, key=key)
        passed = {builder.document.form_id, "data", *expression.references}
        for name in sorted(expression.names - passed):
            if not (names.find(name) or key == "choice_filter" or name == "*"):
                builder.note("form.name_unknown", node.path, name=name, key=key)


def _check_question(question: Question, note: Note) -> None:
    for code, value, known in _words(question):
        if value not in known:
            note(code, question.path, value=value, known=", ".join(sorted(known)))
    if not question.purpose:
        note("form.purpose_missing", question.path)
    _check_calculation(question, note)
    fitting = _TYPES_OF_POLICY.get(question.merge)
    if fitting is not None and question.type not in fitting:
        note("form.merge_type", question.path, merge=question.merge)
    if bool(question.sealed_to) != (question.sensitivity == "sealed"):
        note("form.sealed_to", question.path)


def _check_calculation(question: Question, note: Note) -> None:
    """What is calculated is calculated only: it never travels, and needs no label."""
    calculates, has_one = question.type == "calculate", question.calculation is not None
    if calculates and not has_one:
        note("form.calculation_missing", question.path)
    if has_one and not calculates:
        note("form.calculation_stored", question.path)
    if not calculates and not question.label.th:
        note("form.label_missing", question.path)


def _words(question: Question) -> Iterator[tuple[str, str, Iterable[str]]]:
    yield "form.sensitivity_unknown", question.sensitivity, CLASSES
    yield "form.merge_unknown", question.merge, POLICIES
    for purpose in sorted(question.purpose):
        yield "form.purpose_unknown", purpose, PURPOSES
    for role in sorted(question.sealed_to):
        yield "form.role_unknown", role, ROLES


def _check_merge_groups(nodes: Iterable[Question | Group], note: Note) -> None:
    """A merge group is one register: one class, one policy, one instance, and kept."""
    groups: dict[str, list[Question]] = defaultdict(list)
    for node in nodes:
        if isinstance(node, Question) and node.merge_group:
            groups[node.merge_group].append(node)
    for name, members in groups.items():
        first = members[0]
        for question in members:
            same = (question.sensitivity, question.repeat, question.merge) == (
                first.sensitivity,
                first.repeat,
                first.merge,
            )
            kept = question.is_stored and question.merge in _GROUPED_POLICIES
            if not (same and kept):
                note("form.merge_group", question.path, merge_group=name)
