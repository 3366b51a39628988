"""The check of a form before it is published: is it sound, do its examples hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from fieldkit.errors import (
    AnswerError,
    ExpressionError,
    FieldKitError,
    FormError,
    NotFoundError,
)
from fieldkit.forms.document import (
    ExampleDocument,
    ListDocument,
    problems_of,
    read_form,
)
from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form, parse_form
from fieldkit.forms.question import Action
from fieldkit.forms.score import score_of
from fieldkit.forms.values import coerce


class Finding(NamedTuple):
    """One thing that keeps a form from being published."""

    code: str
    path: str
    row: int
    column: int
    error: FieldKitError


def check_form(
    text: str,
    *,
    lists: Mapping[str, ListDocument],
    now: datetime,
    published: Mapping[tuple[str, int], bytes] | None = None,
) -> list[Finding]:
    """Return what is wrong with the form file ``text``: nothing when it may go out.

    ``published`` tells the hash of every version that laptops may hold: such a version
    can never be changed.
    """
    try:
        form = parse_form(read_form(text, lists=lists))
    except FormError as error:
        return [_finding(problem) for problem in problems_of(error)]
    errors: list[FieldKitError] = [
        error
        for place, example in enumerate(form.examples)
        for error in _example_errors(form, f"examples/{place}", example, now)
    ]
    known = (published or {}).get(form.key)
    if known is not None and known != form.hash:
        path = f"{form.form_id}/{form.version}"
        errors.append(FormError("form.published", path=path, row=1))
    return [_finding(error) for error in errors]


def _example_errors(
    form: Form, path: str, example: ExampleDocument, now: datetime
) -> list[FieldKitError]:
    try:
        found = run_example(form, example, now)
    except (ExpressionError, NotFoundError) as error:
        found = (error.message(),)
    return [FormError("form.example", path=path, row=1, wrong=wrong) for wrong in found]


def run_example(form: Form, example: ExampleDocument, now: datetime) -> tuple[str, ...]:
    """Return where ``example`` does not come out as it expects: nothing when it does.

    ``expect`` may name ``band``, ``red_flags``, ``actions`` ("refer hospital"),
    ``problems`` (kind by path), ``irrelevant`` (paths), and any calculated value.
    """
    answers, misfits = read_answers(form, example.answers)
    evaluation = Evaluation(form, answers, now)
    found = _outcome(evaluation, misfits)
    wrong = []
    for key, wanted in example.expect.items():
        got = found[key] if key in found else evaluation.value(form.path_of(key))
        if got != wanted:
            wrong.append(f"{key}: {got!r}, not {wanted!r}")
    return tuple(wrong)


def read_answers(
    form: Form, raw: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, str]]:
    """Return answers by path, and of those that cannot be read the kind of problem.

    Raises:
        NotFoundError: A key names no question, or several.
    """
    answers: dict[str, object] = {}
    misfits: dict[str, str] = {}
    for key, value in raw.items():
        question = form.question_at(key) or form.question(key)
        path = key if form.question_at(key) else question.path
        try:
            answers[path] = coerce(question, value)
        except AnswerError as error:
            misfits[path] = "choice" if error.code == "answer.choice" else "type"
    return answers, misfits


def _outcome(evaluation: Evaluation, misfits: Mapping[str, str]) -> dict[str, object]:
    score = score_of(evaluation)
    problems = {problem.path: problem.kind for problem in evaluation.problems()}
    return {
        "band": score.band,
        "red_flags": list(score.red_flags),
        "actions": [action_text(action) for action in score.actions],
        "problems": {**problems, **misfits},
        "irrelevant": list(evaluation.irrelevant()),
    }


def action_text(action: Action) -> str:
    """Return an action in two words: "refer hospital"."""
    return f"{action.kind} {action.target}"


def _finding(error: FieldKitError) -> Finding:
    details = error.details
    row, column = details.get("row"), details.get("column")
    return Finding(
        code=error.code,
        path=str(details.get("path", "")),
        row=row if isinstance(row, int) else 1,
        column=column if isinstance(column, int) else 1,
        error=error,
    )
