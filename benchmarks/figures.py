"""Figures: what was measured, what it is held against, and how the runs spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Run = Mapping[str, float]
"""What one run of a benchmark found, by the names of measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is measured.

    Attributes:
        name: stable, for files that compare runs.
        text: what it is, for people.
        unit: of the figure; ``x`` for a ratio.
        target: what the figure must not exceed; None for what is only told.
        digits: shown after the point.
    """

    name: str
    text: str
    unit: str
    target: float | None = None
    digits: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measure with what the runs found."""

    measure: Measure
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle of the runs."""
        return statistics.median(self.runs)

    @property
    def spread(self) -> float:
        """Return how far the runs lie apart, as a part of the median."""
        middle = self.median
        return (max(self.runs) - min(self.runs)) / middle if middle else 0.0

    @property
    def holds(self) -> bool | None:
        """Return whether the target is met; None where there is none."""
        target = self.measure.target
        return None if target is None else self.median <= target

    def as_json(self) -> dict[str, Any]:
        """Return the figure for programs."""
        return {
            "name": self.measure.name,
            "unit": self.measure.unit,
            "target": self.measure.target,
            "median": self.median,
            "runs": list(self.runs),
            "holds": self.holds,
        }


def figures_of(measures: Sequence[Measure], runs: Sequence[Run]) -> list[Figure]:
    """Return a figure for each measure that the runs speak of."""
    return [
        Figure(
            measure=one, runs=tuple(run[one.name] for run in runs if one.name in run)
        )
        for one in measures
        if any(one.name in run for run in runs)
    ]
