"""Quick looks at many values: are they of their type, are they read already.

Written as plain loops, because a call for each of a record's values would cost more
than all the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import lt

from fieldkit.forms.question import Question
from fieldkit.forms.values import Test, type_test

Values = Sequence[object]
Sweep = Callable[[Values], bool]
Choices = list[tuple[int, frozenset[str]]]


def is_value(question: Question) -> Test:
    """Return a test that a raw value is the value as it stands and need not be read.

    ``False`` says only that it is not certain.
    """
    test = type_test(question)
    if question.type == "text":
        return _is_text(question.appearance)
    if question.type == "date":
        return lambda v: test(v) and v < "2400"  # type: ignore[operator]
    if question.type == "select_multiple":
        return _are_codes(question)
    if question.type in {"geopoint", "attachment", "acknowledge"}:
        return lambda _: False
    return test


def _is_text(appearance: str) -> Test:
    if appearance == "citizen_id":
        return lambda v: type(v) is str and v.isascii() and v.isdigit()
    if appearance in {"phone", "numbers"}:
        return lambda v: (
            type(v) is str and v.isascii() and v.isprintable() and v[0] != " " != v[-1]
        )
    return lambda v: type(v) is str and v.isprintable() and v[0] != " " != v[-1]


def _are_codes(question: Question) -> Test:
    """Return a test for a list of codes, each once, in the order of the choices."""
    ranks = {choice.name: place for place, choice in enumerate(question.choices)}

    def are_codes(value: object) -> bool:
        if type(value) is not list:
            return False
        try:
            found = [ranks[code] for code in value]
        except (KeyError, TypeError):
            return False
        return bool(found) and all(map(lt, found, found[1:]))

    return are_codes


def type_sweeps(
    stored: Iterable[Question], place: Mapping[str, int]
) -> tuple[Sweep, Sweep, Sweep, Sweep]:
    """Return four looks through all values; each is false if one does not fit.

    They raise ``TypeError`` for what cannot be a code at all, such as a list.
    """
    kinds: dict[str, list[Question]] = {}
    for question in stored:
        kinds.setdefault(question.type, []).append(question)
    texts = [place[q.path] for q in kinds.pop("text", [])]
    selects = [(place[q.path], q.choice_names) for q in kinds.pop("select_one", [])]
    lists = [(place[q.path], q.choice_names) for q in kinds.pop("select_multiple", [])]
    others = [(place[q.path], type_test(q)) for kind in kinds.values() for q in kind]
    return _texts(texts), _selects(selects), _lists(lists), _others(others)


def _texts(places: list[int]) -> Sweep:
    def fit(values: Values) -> bool:
        for at in places:
            value = values[at]
            if type(value) is not str and value is not None:
                return False
        return True

    return fit


def _selects(choices: Choices) -> Sweep:
    def fit(values: Values) -> bool:
        for at, names in choices:
            value = values[at]
            if value not in names and value is not None:
                return False
        return True

    return fit


def _lists(choices: Choices) -> Sweep:
    def fit(values: Values) -> bool:
        for at, names in choices:
            value = values[at]
            if value is None:
                continue
            if type(value) is not list or not names.issuperset(value):
                return False
        return True

    return fit


def _others(tests: list[tuple[int, Test]]) -> Sweep:
    def fit(values: Values) -> bool:
        for at, fits in tests:
            value = values[at]
            if value is not None and not fits(value):
                return False
        return True

    return fit
