"""A form over a set of answers: what is relevant, calculated, allowed and missing.

`Evaluation` holds the answers as a tree and reckons again only what an answer bears
on. An answer made irrelevant is kept and counts as empty in every expression. For
thousands of flat records `fieldkit.forms.bulk` does the same in one sweep.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from fieldkit.errors import AnswerError
from fieldkit.forms.expressions import (
    AnswerNode,
    Context,
    DayNumber,
    Expression,
    NodeSet,
    Value,
    list_instance,
)
from fieldkit.forms.form import Form, template_of
from fieldkit.forms.names import inputs_of
from fieldkit.forms.problem import Problem, kind_of_misfit, problem
from fieldkit.forms.question import Choice, Group, Question
from fieldkit.forms.values import coerce, type_test


class Evaluation:
    """A set of answers and all that the form says about it."""

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, object],
        now: datetime,
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> None:
        self.form = form
        self.answers: dict[str, object] = dict(answers)
        self._now = now
        self._functions = {"red_flag": self._red_flag, **(functions or {})}
        self._grow()

    def answer(self, path: str, value: object) -> None:
        """Set one answer, and reckon again what depends on it."""
        self.answers[path] = value
        if path not in self._nodes:
            self._grow()
            return
        changed = template_of(path)
        self._reckon({changed} | self._dependants(changed))

    def remove_instance(self, instance: str) -> None:
        """Take out one instance of a repeat, as ``members[<id>]``, and its answers."""
        inside = (instance + "/",)
        kept = {p: v for p, v in self.answers.items() if not p.startswith(inside)}
        self.answers = kept
        self._grow()

    def value(self, path: str) -> object:
        """Return what counts at ``path``: an answer or calculation, if relevant."""
        node = self._nodes.get(path)
        return None if node is None else node.value

    def is_relevant(self, path: str) -> bool:
        """Return whether the question or group at ``path`` is to be asked."""
        return self._relevant.get(path, False)

    def irrelevant(self) -> tuple[str, ...]:
        """Return the paths of stored questions that are not to be asked."""
        return tuple(
            path
            for path, question in self.questions()
            if question.is_stored and not self._relevant[path]
        )

    def calculations(self) -> dict[str, object]:
        """Return every calculated value by path."""
        return {
            path: self._nodes[path].value
            for path, question in self.questions()
            if question.type == "calculate"
        }

    def questions(self) -> Iterator[tuple[str, Question]]:
        """Yield the path of each question, once for each instance, and the question."""
        for path in self._nodes:
            node = self.form.names.by_path[template_of(path)]
            if isinstance(node, Question):
                yield path, node

    def is_required(self, path: str) -> bool:
        """Return whether the question must be answered, as things stand."""
        question = self._question(path)
        return self._relevant[path] and self.holds(question.required, path)

    def choices(self, path: str) -> tuple[Choice, ...]:
        """Return the choices that may be taken at ``path``, as things stand."""
        question = self._question(path)
        if question.choice_filter is None:
            return question.choices
        rows = [
            {"name": c.name, "label": c.label.th, **dict(c.columns)}
            for c in question.choices
        ]
        items = list_instance(rows).children[0].children
        context = self._context
        context.origin = self._nodes[path]
        try:
            return tuple(
                choice
                for choice, item in zip(question.choices, items, strict=True)
                if self._holds_at(question.choice_filter, item)
            )
        finally:
            context.origin = None

    def problems(self) -> tuple[Problem, ...]:
        """Return what is missing or does not fit, in document order."""
        found = (self.problem_at(path) for path, _ in self.questions())
        return tuple(p for p in found if p is not None)

    def problem_at(self, path: str) -> Problem | None:
        """Return what is wrong with the answer at ``path``, if anything."""
        question = self._question(path)
        if not (question.is_stored and self._relevant[path]):
            return None
        value = self._nodes[path].value
        if value is None:
            required = self.holds(question.required, path)
            return problem(question, "required", path) if required else None
        if not type_test(question)(value):
            return problem(question, kind_of_misfit(question), path)
        if not self._is_offered(question, path, value):
            return problem(question, "choice", path)
        allowed = question.constraint is None or self.holds(question.constraint, path)
        return None if allowed else problem(question, "constraint", path)

    def holds(self, expression: Expression | None, path: str = "") -> bool:
        """Return whether ``expression`` is true at ``path``; no expression is not."""
        if expression is None:
            return False
        return self._holds_at(expression, self._nodes.get(path, self._root))

    def defaults(self, instance: str = "") -> dict[str, object]:
        """Return the default of each unanswered question, or of those in an instance.

        A default that does not fit its question is left out.
        """
        found: dict[str, object] = {}
        for path, question in self.questions():
            inside = path.rpartition("]")[0] == instance.removesuffix("]")
            if question.default is None or not inside or path in self.answers:
                continue
            self._context.node = self._nodes[path]
            value = plain(question.default.evaluate(self._context))
            try:
                found[path] = coerce(question, value)
            except AnswerError:
                continue
        return found

    def _question(self, path: str) -> Question:
        question = self.form.question_at(path)
        assert question is not None
        return question

    def _is_offered(self, question: Question, path: str, value: object) -> bool:
        if question.choice_filter is None:
            return True
        offered = {choice.name for choice in self.choices(path)}
        return offered.issuperset(value if isinstance(value, list) else [value])

    def _holds_at(self, expression: Expression, node: AnswerNode) -> bool:
        self._context.node = node
        return expression.evaluate_boolean(self._context)

    def _red_flag(self, code: object) -> bool:
        """Return whether the red flag ``code`` is up: for conditions of actions."""
        rule = self.form.score
        wanted = str(plain(code))  # type: ignore[arg-type]
        flags = rule.red_flags if rule else ()
        return any(self.holds(f.when) for f in flags if f.code == wanted)

    def _dependants(self, template: str) -> set[str]:
        return {p for p in self.form.order if template in _inputs(self.form, p)}

    def _grow(self) -> None:
        """Make the tree anew from the answers; instances in the order given."""
        self._nodes: dict[str, AnswerNode] = {}
        self._paths: dict[str, list[str]] = {}
        self._relevant: dict[str, bool] = {}
        document = AnswerNode.document()
        self._root = document.add(self.form.form_id)
        self._plant(self.form.tree, self._root, "")
        self._context = Context(
            node=self._root,
            root=document,
            now=self._now,
            functions=self._functions,
            form_version=str(self.form.version),
        )
        self._reckon(None)

    def _plant(
        self, tree: Iterable[Question | Group], parent: AnswerNode, instance: str
    ) -> None:
        for item in tree:
            if isinstance(item, Group) and item.repeats:
                for path in self._instances(item, instance):
                    self._plant_group(item, parent, path, path)
            elif isinstance(item, Group):
                path = _within(item.path, instance)
                self._plant_group(item, parent, path, instance)
            else:
                path = _within(item.path, instance)
                self._enter(item.path, path, parent.add(item.name))
                self._nodes[path].value = self.answers.get(path)  # type: ignore[assignment]

    def _plant_group(
        self, group: Group, parent: AnswerNode, path: str, instance: str
    ) -> None:
        node = parent.add(group.name, repeat=group.repeats)
        self._enter(group.path, path, node)
        self._plant(group.children, node, instance)

    def _enter(self, template: str, path: str, node: AnswerNode) -> None:
        self._nodes[path] = node
        self._paths.setdefault(template, []).append(path)

    def _instances(self, group: Group, instance: str) -> list[str]:
        """Return the instances of a repeat that any answer speaks of, in that order."""
        start = _within(group.path, instance).removesuffix("]")
        found = {
            start + path[len(start) :].partition("]")[0] + "]": None
            for path in self.answers
            if path.startswith(start)
        }
        return list(found)

    def _reckon(self, templates: set[str] | None) -> None:
        """Reckon relevance and calculations in the order they need each other."""
        for template in self.form.order:
            if templates is None or template in templates:
                item = self.form.names.by_path[template]
                for path in self._paths.get(template, ()):
                    self._reckon_at(item, path)

    def _reckon_at(self, item: Question | Group, path: str) -> None:
        node = self._nodes[path]
        parent = self._relevant.get(_parent_of(path), True)
        own = item.relevant is None or self._holds_at(item.relevant, node)
        self._relevant[path] = relevant = parent and own
        if isinstance(item, Group):
            return
        if item.type == "calculate":
            node.value = self._calculate(item, node) if relevant else None  # type: ignore[assignment]
        else:
            node.value = self.answers.get(path) if relevant else None  # type: ignore[assignment]

    def _calculate(self, question: Question, node: AnswerNode) -> object:
        rule = self.form.score
        if rule is not None and rule.of == question.path and self._misses(rule.items):
            return None
        assert question.calculation is not None
        self._context.node = node
        return plain(question.calculation.evaluate(self._context))

    def _misses(self, items: tuple[str, ...]) -> bool:
        return any(
            self._nodes[path].value is None and self._relevant[path]
            for template in items
            for path in self._paths.get(template, ())
        )


def plain(value: Value) -> object:
    """Return a result as an answer: a date as ISO text, NaN and "" as nothing."""
    if isinstance(value, DayNumber):
        return value.text
    if isinstance(value, NodeSet):
        return next((node.value for node in value), None)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    return value or None


def validate(
    form: Form, answers: Mapping[str, object], now: datetime
) -> tuple[Problem, ...]:
    """Return what is missing from ``answers`` or does not fit, in document order."""
    return Evaluation(form, answers, now).problems()


def defaults(form: Form, now: datetime) -> dict[str, object]:
    """Return the answers that a blank record of ``form`` begins with."""
    return Evaluation(form, {}, now).defaults()


def _inputs(form: Form, path: str) -> frozenset[str]:
    return inputs_of(path, form.needs)


def _parent_of(path: str) -> str:
    return path.rpartition("/")[0]


def _within(template: str, instance: str) -> str:
    """Return ``template`` inside ``instance``: its ids in place of ``[]``.

    >>> _within("members[]/name", "members[00ff]")
    'members[00ff]/name'
    """
    rest = template.split("[]")[instance.count("[") :]
    return instance + "[]".join(rest)
