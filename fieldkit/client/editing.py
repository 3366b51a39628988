"""A record open on a screen: what is saved replaces what was shown when it opened."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from fieldkit.client.answers import read, refuse
from fieldkit.client.saving import Written
from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form
from fieldkit.forms.problem import Problem
from fieldkit.merge.policies import Contested
from fieldkit.merge.resolution import save
from fieldkit.merge.views import Effective, effective
from fieldkit.records.record import Record

Keep = Callable[[tuple[Written, ...]], object]


class Screen(NamedTuple):
    """What a person saw when they opened a record, and the role they saw it in."""

    record: Record
    form: Form
    said: Effective
    role: str


class Editing:
    """One record as it was opened, with the dots that were on the screen then."""

    def __init__(self, screen: Screen, keep: Keep, now: Callable[[], datetime]) -> None:
        self.record, self.form, self.said, self._role = screen
        self._keep = keep
        self._now = now

    @property
    def answers(self) -> Mapping[str, object]:
        """Return what is shown: a value, or nothing where people differ."""
        return settled(self.said)

    def save(self, answers: Mapping[str, object]) -> bool:
        """Keep new answers and return whether anything was new.

        Only what was typed is judged: a fault that was there before stays one.

        Raises:
            AnswerError: an answer cannot be read, or does not fit the others.
        """
        values = read(self.form, answers)
        after = Evaluation(self.form, dict(self.answers) | values, self._now())
        refuse(self.form, self._new_problems(after, values))
        written = save(self.record, self.form, values, self._role)
        if written:
            self._keep(written)
        return bool(written)

    def _new_problems(
        self, after: Evaluation, typed: Mapping[str, object]
    ) -> list[Problem]:
        return [one for one in after.problems() if one.path in typed]


def settled(said: Effective) -> dict[str, object]:
    """Return the answers of a record, without those on which people differ."""
    return {n: v for n, v in said.answers.items() if type(v) is not Contested}


def shown(record: Record, form: Form, me: bytes) -> Effective:
    """Return what ``record`` says to ``me``."""
    return effective(record, form, me=me)
