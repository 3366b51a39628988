"""The interview: a form asked question by question, skip logic live, going back.

It knows no screen: a terminal or an app shows ``step``, hands what was typed to
``answer``, and keeps a draft whenever it likes.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from fieldkit.errors import AnswerError
from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form
from fieldkit.forms.problem import Problem, kind_of_misfit, problem
from fieldkit.forms.question import Choice, Group, Question
from fieldkit.forms.score import Score, score_of
from fieldkit.forms.values import coerce
from fieldkit.thai.text import arabic_digits


class Step(NamedTuple):
    """One thing to ask: a question, or whether a repeat has another instance.

    Attributes:
        path: the register; for a repeat the path of the instance that would be added.
        question: None where the step asks for another instance.
        repeat: the repeat that it is about, or None.
    """

    path: str
    question: Question | None
    repeat: Group | None = None


class Interview:
    """One form being filled."""

    def __init__(
        self,
        form: Form,
        now: datetime,
        answers: Mapping[str, object] | None = None,
        place: str = "",
    ) -> None:
        """Begin, or go on with ``answers`` at the step whose path is ``place``."""
        self.form = form
        self.evaluation = Evaluation(form, dict(answers or {}), now)
        for path, value in self.evaluation.defaults().items():
            self.evaluation.answer(path, value)
        self._added: set[str] = _instances(self.evaluation.answers)
        self._done: list[str] = []
        if place:
            self._go_on_at(place)

    @property
    def answers(self) -> dict[str, object]:
        """Return what was answered so far, by register."""
        return self.evaluation.answers

    @property
    def step(self) -> Step | None:
        """Return what to ask next; None at the end."""
        done = set(self._done)
        return next((one for one in self._steps() if one.path not in done), None)

    @property
    def progress(self) -> tuple[int, int]:
        """Return how many steps are done, and how many there are as things stand."""
        steps = list(self._steps())
        done = set(self._done)
        return sum(1 for one in steps if one.path in done), len(steps)

    def choices(self, step: Step) -> tuple[Choice, ...]:
        """Return the choices of a step, as things stand."""
        return () if step.question is None else self.evaluation.choices(step.path)

    def answer(self, step: Step, typed: object) -> Problem | None:
        """Take an answer and go on; or return what is wrong with it, and stay.

        A number chooses from the list by place, beginning with 1.
        """
        question = step.question
        if question is None:
            self._answer_more(step, more=bool(typed))
            return None
        before = self.answers.get(step.path)
        try:
            value = coerce(question, self._chosen(step, typed))
        except AnswerError:
            return problem(question, kind_of_misfit(question), step.path)
        self.evaluation.answer(step.path, value)
        found = self.evaluation.problem_at(step.path)
        if found is not None:
            self.evaluation.answer(step.path, before)
            return found
        self._done.append(step.path)
        return None

    def pass_over(self, step: Step) -> None:
        """Go on past a note, which takes no answer."""
        self._done.append(step.path)

    def back(self) -> bool:
        """Go back to the step before; return whether there was one."""
        while self._done:
            path = self._done.pop()
            if path.endswith("+"):
                self._take_back(path)
            question = self.form.question_at(path.rstrip("+"))
            if path.endswith("+") or (question is not None and question.is_stored):
                return True
        return False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is missing or does not fit."""
        return self.evaluation.problems()

    @property
    def score(self) -> Score:
        """Return the score of what was answered."""
        return score_of(self.evaluation)

    # --- Within ---

    def _chosen(self, step: Step, typed: object) -> object:
        """Return the codes for places in the list; what is no place stays as typed.

        Where all codes are numbers, as in a score, a number is a code and no place.
        """
        choices = self.choices(step)
        if not choices or not isinstance(typed, str):
            return typed
        words = arabic_digits(typed).replace(",", " ").split()
        if all(choice.name.isdecimal() for choice in choices):
            return words if len(words) > 1 else "".join(words)
        if not all(w.isdecimal() and 1 <= int(w) <= len(choices) for w in words):
            return typed
        codes = [choices[int(word) - 1].name for word in words]
        return codes if len(codes) > 1 else codes[0]

    def _answer_more(self, step: Step, *, more: bool) -> None:
        self._done.append(step.path)
        if more and step.repeat is not None:
            instance = step.path.rstrip("+")
            self._added.add(instance)
            # An answer of nothing is enough for the instance to be there.
            first = next(_questions_in(step.repeat, instance), instance)
            self.evaluation.answer(first, None)

    def _take_back(self, path: str) -> None:
        instance = path.rstrip("+")
        self._added.discard(instance)
        self.evaluation.remove_instance(instance)

    def _steps(self) -> Iterator[Step]:
        yield from self._walk(self.form.tree, "")

    def _walk(
        self, tree: tuple[Question | Group, ...], instance: str
    ) -> Iterator[Step]:
        for item in tree:
            if isinstance(item, Question):
                path = _within(item.path, instance)
                if item.type != "calculate" and self.evaluation.is_relevant(path):
                    yield Step(path, item)
            elif item.repeats:
                yield from self._walk_repeat(item, instance)
            else:
                yield from self._walk(item.children, instance)

    def _walk_repeat(self, group: Group, instance: str) -> Iterator[Step]:
        start = _within(group.path, instance).removesuffix("]")
        number = 1
        while True:
            own = f"{start}{number:x}]"
            yield Step(own + "+", None, group)
            if own not in self._added:
                return
            yield from self._walk(group.children, own)
            number += 1

    def _go_on_at(self, place: str) -> None:
        for step in self._steps():
            if step.path == place:
                return
            self._done.append(step.path)


def _within(template: str, instance: str) -> str:
    rest = template.split("[]")[instance.count("[") :]
    return instance + "[]".join(rest)


def _questions_in(group: Group, instance: str) -> Iterator[str]:
    """Yield the registers of the questions in one instance, those of groups too."""
    for item in group.children:
        if isinstance(item, Group) and not item.repeats:
            yield from _questions_in(item, instance)
        elif isinstance(item, Question) and item.is_stored:
            yield _within(item.path, instance)


def _instances(answers: Mapping[str, object]) -> set[str]:
    """Return the instances that any answer lies in.

    >>> sorted(_instances({"a[1]/b[2]/c": 1}))
    ['a[1]', 'a[1]/b[2]']
    """
    return {
        path[: end + 1]
        for path in answers
        for end, letter in enumerate(path)
        if letter == "]"
    }
