"""Answers as they come in: read, judged, and told all at once when they do not fit."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from fieldkit.errors import AnswerError
from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form
from fieldkit.forms.problem import Problem, kind_of_misfit, problem
from fieldkit.forms.values import coerce


def read(form: Form, raw: Mapping[str, object]) -> dict[str, object]:
    """Return raw answers, named by path or unique name, as values by register.

    Raises:
        AnswerError: some cannot be read; ``problems`` names each.
        NotFoundError: a name belongs to no question.
    """
    values: dict[str, object] = {}
    misfits: list[Problem] = []
    for name, value in raw.items():
        question = form.question_at(name)
        path = name
        if question is None or "[]" in name:
            question = form.question(name)
            path = question.path
        try:
            values[path] = coerce(question, value)
        except AnswerError:
            misfits.append(problem(question, kind_of_misfit(question), path))
    refuse(form, misfits)
    return values


def judged(form: Form, answers: Mapping[str, object], now: datetime) -> Evaluation:
    """Return the evaluation of a new record's answers, defaults filled in.

    Raises:
        AnswerError: something is missing or does not fit.
    """
    evaluation = Evaluation(form, answers, now)
    for path, value in evaluation.defaults().items():
        if evaluation.is_relevant(path):
            evaluation.answer(path, value)
    refuse(form, evaluation.problems())
    return evaluation


def refuse(form: Form, problems: Iterable[Problem]) -> None:
    """Return if there are no problems.

    Raises:
        AnswerError: with every problem, and their texts in both languages.
    """
    found = tuple(problems)
    if found:
        raise AnswerError(
            "answer.problems",
            path=found[0].path,
            form_id=form.form_id,
            problems=found,
            told_th="; ".join(one.message.th for one in found),
            told_en="; ".join(one.message.en or one.message.th for one in found),
        )
