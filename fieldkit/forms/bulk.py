"""A flat form's judgement compiled once, for thousands of records in one sweep.

One tree of answers is made and filled again for each record; only what an expression
may look at is put into it. `fieldkit.forms.evaluate` says the same, one record at a
time, and a test holds the two together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fieldkit.errors import AnswerError, FormError
from fieldkit.forms.evaluate import plain
from fieldkit.forms.expressions import AnswerNode, Context, Expression
from fieldkit.forms.form import Form
from fieldkit.forms.names import expressions_of
from fieldkit.forms.problem import Kind, Problem, kind_of_misfit, problem
from fieldkit.forms.question import Group, Question
from fieldkit.forms.values import Test, coerce, test_of

Values = Sequence[object]
Validator = Callable[[Mapping[str, object]], list[Problem]]
Reader = Callable[[Mapping[str, object]], tuple[tuple[object, ...], list[Problem]]]
_Judge = Callable[[Values], list[Problem]]
_Step = Callable[[Values, list[Problem]], None]


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
        _Cell(order[path], key, form.question(path), _quick(form.question(path)))
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


def _quick(question: Question) -> Test:
    """Return a test that a raw value already is the value, so need not be read."""
    test = test_of(question)
    if question.type == "text":
        tidy = question.appearance not in {"citizen_id", "phone", "numbers"}
        return lambda v: (
            type(v) is str
            and (tidy or v.isascii())
            and v.isprintable()
            and v[0] != " " != v[-1]
            and (question.appearance != "citizen_id" or v.isdigit())
        )
    if question.type == "date":
        return lambda v: test(v) and v < "2400"  # type: ignore[operator]
    if question.type in {"select_multiple", "geopoint", "attachment", "acknowledge"}:
        return lambda _: False
    return test


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
        steps.append(self._presence_and_type(stored, tests=tests))
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
        above = self.hidden.get(item.group, [False])
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

    def _presence_and_type(self, stored: tuple[Question, ...], *, tests: bool) -> _Step:
        checks = [test_of(question) for question in stored]
        required = [q.required for q in stored]
        hidden = [self.hidden.get(q.path) for q in stored]
        nodes = [self.nodes[question.path] for question in stored]
        rows = list(zip(stored, nodes, checks, required, hidden, strict=True))
        missing = [
            (place, question, node, expression, cell)
            for place, (question, node, _, expression, cell) in enumerate(rows)
            if expression is not None
        ]
        context = self.context

        def presence(values: Values, found: list[Problem]) -> None:
            for place, question, node, expression, cell in missing:
                if values[place] is None and not (cell and cell[0]):
                    context.node = node
                    if expression.evaluate_boolean(context):
                        found.append(problem(question, "required"))

        def both(values: Values, found: list[Problem]) -> None:
            presence(values, found)
            for value, (question, _, fits, _, cell) in zip(values, rows, strict=True):
                if value is not None and not fits(value) and not (cell and cell[0]):
                    found.append(problem(question, kind_of_misfit(question)))

        return both if tests else presence

    def _constraint(self, question: Question, expression: Expression) -> _Step:
        place, node, context = (
            self.place[question.path],
            self.nodes[question.path],
            self.context,
        )
        hidden = self.hidden.get(question.path, [False])
        path = question.path

        def step(values: Values, found: list[Problem]) -> None:
            if values[place] is None or hidden[0]:
                return
            context.node = node
            if not expression.evaluate_boolean(context) and not any(
                p.path == path for p in found
            ):
                found.append(problem(question, "constraint"))

        return step

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
