"""A flat form's judgement compiled once, for thousands of records in one sweep.

One tree of answers is made and filled again for each record; only what an expression
may look at is put into it. `fieldkit.forms.evaluate` says the same, one record at a
time, and a test holds the two together.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from fieldkit.errors import AnswerError, FormError
from fieldkit.forms.evaluate import plain
from fieldkit.forms.expressions import AnswerNode, Context, Expression
from fieldkit.forms.form import Form
from fieldkit.forms.names import expressions_of
from fieldkit.forms.problem import Kind, Problem, kind_of_misfit, problem
from fieldkit.forms.question import Group, Question
from fieldkit.forms.quick import is_value, type_sweeps
from fieldkit.forms.values import Test, coerce, type_test

Values = Sequence[object]
Validator = Callable[[Mapping[str, object]], list[Problem]]
Reader = Callable[[Mapping[str, object]], tuple[tuple[object, ...], list[Problem]]]
_Judge = Callable[[Values], list[Problem]]
_Step = Callable[[Values, list[Problem]], None]

_SHOWN: Final = [False]
_NOT_LATER: Final = re.compile(r"\s*\.\s*<=\s*today\(\s*\)\s*")


def is_flat(form: Form) -> bool:
    """Return whether ``form`` can be compiled: no repeat, no choice filter."""
    return not form.has_repeats and all(q.choice_filter is None for q in form.questions)


def compile_validator(form: Form, now: datetime) -> Validator:
    """Return a function from answers by path to their problems.

    Raises:
        FormError: ``form.not_flat``; use `fieldkit.forms.evaluate.validate`.
    """
    judge = _compile(form, now, tests=True)
    paths = form.layout_paths

    def validator(answers: Mapping[str, object]) -> list[Problem]:
        return judge([*map(answers.get, paths)])

    return validator


def compile_reader(form: Form, keys: Iterable[str], now: datetime) -> Reader:
    """Return a function from a raw row to its values and problems.

    ``keys`` are the columns a row may have, by path or unique name; the values come
    in the order of ``layout_paths``. A value that cannot be read is left out and
    noted.

    Raises:
        NotFoundError: A column names no question.
        FormError: ``form.not_flat``.
    """
    judge = _compile(form, now, tests=False)
    columns = {form.path_of(key): key for key in keys}
    order = {path: place for place, path in enumerate(form.layout_paths)}
    cells = [
        _Cell(order[path], key, form.question(path), is_value(form.question(path)))
        for path, key in columns.items()
        if path in order
    ]
    blank: list[object] = [None] * len(order)

    def reader(row: Mapping[str, object]) -> tuple[tuple[object, ...], list[Problem]]:
        values = blank.copy()
        misfits: list[Problem] = []
        get = row.get
        for place, key, question, fits in cells:
            raw = get(key)
            if raw is None or raw == "":
                continue
            if fits(raw):
                values[place] = raw
            else:
                values[place] = _read(question, raw, misfits)
        found = judge(values)
        if misfits:
            unread = {p.path for p in misfits}
            found = misfits + [p for p in found if p.path not in unread]
        return tuple(values), found

    return reader


class _Cell(NamedTuple):
    place: int
    key: str
    question: Question
    fits: Test


def _read(question: Question, raw: object, misfits: list[Problem]) -> object:
    try:
        return coerce(question, raw)
    except AnswerError as error:
        kind: Kind = "choice" if error.code == "answer.choice" else "type"
        misfits.append(problem(question, kind))
        return None


def _compile(form: Form, now: datetime, *, tests: bool) -> _Judge:
    if not is_flat(form):
        raise FormError("form.not_flat", form_id=form.form_id, row=1, column=1)
    sweep = _Sweep(form, now)
    steps = sweep.steps(tests=tests)
    fill = sweep.fill

    def judge(values: Values) -> list[Problem]:
        found: list[Problem] = []
        for node, place in fill:
            node.value = values[place]  # type: ignore[assignment]
        for step in steps:
            step(values, found)
        return found

    return judge


class _Sweep:
    """The tree that is filled for each record, and the steps that judge it."""

    def __init__(self, form: Form, now: datetime) -> None:
        self.form = form
        document = AnswerNode.document()
        self.root = document.add(form.form_id)
        self.nodes: dict[str, AnswerNode] = {"": self.root}
        for path in _top_down(form):
            parent, _, name = path.rpartition("/")
            self.nodes[path] = self.nodes[parent].add(name)
        self.context = Context(node=self.root, root=document, now=now)
        self.place = {path: i for i, path in enumerate(form.layout_paths)}
        self.looked_at = _looked_at(form)
        self.hidden: dict[str, list[bool]] = {}

    @property
    def fill(self) -> list[tuple[AnswerNode, int]]:
        """The nodes an expression may look at, and where their values stand."""
        return [
            (self.nodes[path], place)
            for path, place in self.place.items()
            if path in self.looked_at
        ]

    def steps(self, *, tests: bool) -> list[_Step]:
        """Return what to do with each record: reckon first, then judge."""
        by_path = self.form.names.by_path
        steps: list[_Step] = []
        for path in self.form.order:
            item = by_path[path]
            if isinstance(item, Question) and item.type == "calculate":
                if path in self.looked_at:
                    steps.append(self._calculation(item))
            elif item.relevant is not None or item.group in self.hidden:
                steps.append(self._relevance(item))
        stored = self.form.stored
        steps.append(self._presence())
        if tests:
            steps.append(self._types())
        steps += [
            self._constraint(question, question.constraint)
            for question in stored
            if question.constraint is not None
        ]
        return [*steps, self._in_order()]

    def _relevance(self, item: Question | Group) -> _Step:
        """Return the step that finds whether ``item`` is to be asked.

        A question without an answer that need not be answered is not looked at.
        """
        hidden = self.hidden[item.path] = [False]
        above = self.hidden.get(item.group, _SHOWN)
        node, context, expression = self.nodes[item.path], self.context, item.relevant
        place = self.place.get(item.path)
        stored = isinstance(item, Question) and item.is_stored
        skip = stored and item.required is None  # type: ignore[union-attr]

        def step(values: Values, _: list[Problem]) -> None:
            if skip and (place is None or values[place] is None):
                return
            hidden[0] = above[0]
            if expression is not None and not hidden[0]:
                context.node = node
                hidden[0] = not expression.evaluate_boolean(context)
            if hidden[0]:
                node.value = None

        return step

    def _calculation(self, question: Question) -> _Step:
        expression = question.calculation
        assert expression is not None
        relevance = self._relevance(question) if self._may_hide(question) else None
        node, context = self.nodes[question.path], self.context
        items = [self.nodes[path] for path in self._items_of(question)]

        def step(values: Values, found: list[Problem]) -> None:
            node.value = None
            if any(item.value is None for item in items):
                return
            context.node = node
            node.value = plain(expression.evaluate(context))  # type: ignore[assignment]
            if relevance is not None:
                relevance(values, found)

        return step

    def _may_hide(self, question: Question) -> bool:
        return question.relevant is not None or question.group in self.hidden

    def _items_of(self, question: Question) -> tuple[str, ...]:
        rule = self.form.score
        return rule.items if rule is not None and rule.of == question.path else ()

    def _presence(self) -> _Step:
        """Return the step that finds what must be answered and is not."""
        missing = [
            (self.place[q.path], q, self.nodes[q.path], q.required, self._cell(q))
            for q in self.form.stored
            if q.required is not None
        ]
        context = self.context

        def step(values: Values, found: list[Problem]) -> None:
            for place, question, node, expression, hidden in missing:
                if values[place] is None and not hidden[0]:
                    context.node = node
                    if expression.evaluate_boolean(context):
                        found.append(problem(question, "required"))

        return step

    def _types(self) -> _Step:
        """Return the step that finds values that are not of their question's type."""
        stored = [(self.place[q.path], q, type_test(q)) for q in self.form.stored]
        one, two, three, four = type_sweeps(self.form.stored, self.place)

        def step(values: Values, found: list[Problem]) -> None:
            try:
                if one(values) and two(values) and three(values) and four(values):
                    return
            except TypeError:  # a list where a code should be
                pass
            for place, question, fits in stored:
                value = values[place]
                hidden = self._cell(question)[0]
                if value is not None and not hidden and not fits(value):
                    found.append(problem(question, kind_of_misfit(question)))

        return step

    def _cell(self, item: Question) -> list[bool]:
        """Return the cell that tells whether ``item`` is hidden in this record."""
        return self.hidden.get(item.path, _SHOWN)

    def _constraint(self, question: Question, expression: Expression) -> _Step:
        place, hidden = self.place[question.path], self._cell(question)
        allows, path = self._allows(question, expression), question.path

        def step(values: Values, found: list[Problem]) -> None:
            value = values[place]
            if value is None or hidden[0]:
                return
            if found and any(p.path == path for p in found):
                return  # of the wrong type: nothing to weigh
            if not allows(value):
                found.append(problem(question, "constraint"))

        return step

    def _allows(self, question: Question, expression: Expression) -> Test:
        """Return the test of a constraint; the commonest of all needs no reckoning."""
        node, context = self.nodes[question.path], self.context
        holds = expression.evaluate_boolean
        if question.type == "date" and _NOT_LATER.fullmatch(expression.text):
            today = context.today.text
            return lambda value: value <= today  # type: ignore[operator]

        def allows(_: object) -> bool:
            context.node = node
            return holds(context)

        return allows

    def _in_order(self) -> _Step:
        """Return the step that puts several problems in document order."""
        place = self.place

        def step(_: Values, found: list[Problem]) -> None:
            if len(found) > 1:
                found.sort(key=lambda p: place[p.path])

        return step


def _top_down(form: Form) -> list[str]:
    """Return all paths, a group before what it holds."""
    return list(form.names.by_path)


def _looked_at(form: Form) -> frozenset[str]:
    """Return the paths whose values any expression may look at."""
    found: set[str] = set()
    for path, item in form.names.by_path.items():
        if getattr(item, "constraint", None) is not None:
            found.add(path)
        for key, expression in expressions_of(item):
            if key != "default":
                for name in expression.names:
                    found.update(form.names.find(name))
    rule = form.score
    return frozenset(found.union(rule.items) if rule is not None else found)
