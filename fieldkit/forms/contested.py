"""The score when people disagree: over every combination of what they answered.

A total that comes out the same is that total; else it is "contested a…b". Red flags
and actions fire if any combination fires them: the worst is acted on until a person
has decided (DESIGN: ``effective(record)``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final, Literal

from fieldkit.forms.form import Form
from fieldkit.forms.question import Action
from fieldkit.forms.score import Number, Score, score

COMBINATIONS_MAX: Final = 64

Status = Literal["known", "missing", "contested", "unknown"]
Answers = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestedScore:
    """A score over contested answers.

    ``value`` and ``band`` are set where all combinations agree; ``low`` and ``high``
    where they differ. ``unknown`` means too many combinations to try.
    """

    status: Status
    value: Number | None = None
    band: str | None = None
    low: Number | None = None
    high: Number | None = None
    bands: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def text(self) -> str:
        """Return the value as it is shown: "7", "contested 5…9", or nothing."""
        if self.status == "contested" and self.low is not None:
            return f"contested {self.low}…{self.high}"
        if self.status in {"contested", "unknown"}:
            return self.status
        return "" if self.value is None else str(self.value)


def score_contested(
    form: Form, answers: Mapping[str, Sequence[object]], now: datetime
) -> ContestedScore:
    """Return the score of answers of which some have several values.

    The values of one merge group go together: the first of each, the second of each.
    """
    settled = {path: values[0] for path, values in answers.items() if values}
    disputes = _disputes(form, answers)
    count = 1
    for dispute in disputes:
        count *= len(dispute)
    if count > COMBINATIONS_MAX:
        scores = [score(form, a, now) for a in _one_by_one(form, settled, disputes)]
        return ContestedScore(
            status="unknown",
            bands=_in_band_order(form, scores),
            red_flags=_flags(form, scores),
            actions=_actions(form, scores),
        )
    combinations = (_joined(settled, choice) for choice in product(*disputes))
    return _summary(form, [score(form, answer, now) for answer in combinations])


def _disputes(
    form: Form, answers: Mapping[str, Sequence[object]]
) -> list[list[Answers]]:
    """Return for each contested register its alternatives, as answers to several."""
    found: dict[tuple[str, ...], list[Answers]] = {}
    for path, values in answers.items():
        if len(values) > 1:
            alternatives = found.setdefault(form.group_of(path), [])
            for place, value in enumerate(values):
                if place == len(alternatives):
                    alternatives.append({})
                alternatives[place][path] = value
    return list(found.values())


def _joined(settled: Answers, choice: Sequence[Answers]) -> Answers:
    joined = dict(settled)
    for alternative in choice:
        joined.update(alternative)
    return joined


def _one_by_one(
    form: Form, settled: Answers, disputes: Sequence[Sequence[Answers]]
) -> Iterator[Answers]:
    """Yield the worst of each, the best of each, and each alternative by itself."""

    def severity(alternative: Answers) -> float:
        return sum(_severity(form, path, v) for path, v in alternative.items())

    yield _joined(settled, [max(d, key=severity) for d in disputes])
    yield _joined(settled, [min(d, key=severity) for d in disputes])
    for dispute in disputes:
        for alternative in dispute:
            yield _joined(settled, [alternative])


def _severity(form: Form, path: str, value: object) -> float:
    question = form.question_at(path)
    if question is not None and question.type == "select_one":
        return question.severity_of(value)
    return value if isinstance(value, int | float) else 0


def _summary(form: Form, scores: Sequence[Score]) -> ContestedScore:
    values = {s.value for s in scores}
    flags, actions = _flags(form, scores), _actions(form, scores)
    if len(values) == 1:
        first = scores[0]
        return ContestedScore(
            status="missing" if first.value is None else "known",
            value=first.value,
            band=first.band,
            red_flags=flags,
            actions=actions,
        )
    known = [value for value in values if value is not None]
    whole = len(known) == len(values)
    bands = _in_band_order(form, scores)
    return ContestedScore(
        status="contested",
        band=bands[0] if whole and len(bands) == 1 else None,
        low=min(known) if whole else None,
        high=max(known) if whole else None,
        bands=bands,
        red_flags=flags,
        actions=actions,
    )


def _in_band_order(form: Form, scores: Sequence[Score]) -> tuple[str, ...]:
    found = {s.band for s in scores}
    bands = form.score.bands if form.score else ()
    return tuple(band.code for band in bands if band.code in found)


def _flags(form: Form, scores: Sequence[Score]) -> tuple[str, ...]:
    found = {code for s in scores for code in s.red_flags}
    flags = form.score.red_flags if form.score else ()
    return tuple(flag.code for flag in flags if flag.code in found)


def _actions(form: Form, scores: Sequence[Score]) -> tuple[Action, ...]:
    return tuple(a for a in form.actions if any(a in s.actions for s in scores))
