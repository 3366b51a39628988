"""The score of a screening: a total, its band, red flags, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fieldkit.forms.evaluate import Evaluation
from fieldkit.forms.form import Form
from fieldkit.forms.question import Action, Band

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the answers add up to; ``value`` is null while an item is missing.

    Red flags stand beside the total, never in it: they are up as soon as their own
    answers say so, whatever else is missing. ``band`` is a screening result, never
    a diagnosis.
    """

    value: Number | None
    band: str | None
    red_flags: tuple[str, ...]
    actions: tuple[Action, ...]


def score(form: Form, answers: Mapping[str, object], now: datetime) -> Score:
    """Return the score of ``answers``; a form without one still proposes actions."""
    return score_of(Evaluation(form, answers, now))


def score_of(evaluation: Evaluation) -> Score:
    """Return the score of answers that have been evaluated."""
    form = evaluation.form
    rule = form.score
    actions = tuple(a for a in form.actions if evaluation.holds(a.when))
    if rule is None:
        return Score(value=None, band=None, red_flags=(), actions=actions)
    found = evaluation.value(rule.of)
    value = found if isinstance(found, int | float) else None
    band = band_of(form, value)
    flags = tuple(f.code for f in rule.red_flags if evaluation.holds(f.when))
    return Score(
        value=value,
        band=band.code if band else None,
        red_flags=flags,
        actions=actions,
    )


def band_of(form: Form, value: Number | None) -> Band | None:
    """Return the band of ``value`` on ``form``, for its label and advice."""
    if value is None or form.score is None:
        return None
    return form.score.band_of(value)
