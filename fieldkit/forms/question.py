"""The question: one place for an answer, with all that its form says about it."""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from fieldkit.forms.expressions import Expression

Language = Literal["th", "en"]

SELECT_TYPES: Final = frozenset({"select_one", "select_multiple"})
STORED_TYPES: Final = SELECT_TYPES | {
    "text",
    "integer",
    "decimal",
    "date",
    "area",
    "reference",
    "attachment",
    "geopoint",
    "acknowledge",
}
SHOWN_TYPES: Final = frozenset({"note", "calculate"})
"""Types whose value never travels: it is made again from the answers."""
TYPES: Final = STORED_TYPES | SHOWN_TYPES

CLASSES: Final = ("general", "identity", "health", "sensitive", "sealed")
"""Sensitivity classes: each is a part, with its own scope, in every store."""
PURPOSES: Final = frozenset(
    {
        "care",
        "referral",
        "programme_report",
        "research_deid",
        "photo_publication",
        "award_case_study",
    }
)
ROLES: Final = frozenset({"volunteer", "officer", "coordinator", "protection_officer"})
POLICIES: Final = frozenset(
    {
        "register",
        "latest",
        "worst",
        "union",
        "append",
        "sum",
        "machine",
        "authority",
    }
)
ROOT_FORMS: Final = frozenset({"person", "household", "place", "organisation"})
"""Forms whose records stand for themselves; every other record has a subject."""


class Label(NamedTuple):
    """A text for the screen."""

    th: str
    en: str
    others: tuple[tuple[str, str], ...] = ()

    def in_language(self, language: str) -> str:
        """Return the text in ``language``, or in Thai when there is none."""
        if language == "en":
            return self.en or self.th
        return dict(self.others).get(language, self.th)


class Choice(NamedTuple):
    """One answer that may be chosen; ``severity`` grows from best to worst."""

    name: str
    label: Label
    severity: int
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One place for an answer.

    ``path`` is a template: ``members[]/name`` stands for that question in each
    instance of the repeat ``members[]``.
    """

    path: str
    name: str
    type: str
    list_name: str | None = None
    reference: str | None = None
    label: Label
    hint: Label | None = None
    required: Expression | None = None
    relevant: Expression | None = None
    constraint: Expression | None = None
    constraint_message: Label | None = None
    calculation: Expression | None = None
    choice_filter: Expression | None = None
    default: Expression | None = None
    read_only: Expression | None = None
    appearance: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    role: str | None = None
    merge: str = "register"
    merge_group: str | None = None
    sensitivity: str
    purpose: frozenset[str]
    sealed_to: frozenset[str] = frozenset()
    group: str = ""
    repeat: str | None = None
    choices: tuple[Choice, ...] = ()
    choice_names: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def is_stored(self) -> bool:
        """Return whether its value is kept and travels."""
        return self.type in STORED_TYPES

    def severity_of(self, name: object) -> int:
        """Return how bad the choice ``name`` is; one not known counts as the best."""
        return next((c.severity for c in self.choices if c.name == name), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions that stand together; a repeat holds them any number of times."""

    path: str
    name: str
    label: Label | None
    relevant: Expression | None = None
    appearance: str = ""
    repeats: bool = False
    repeat_count: Expression | None = None
    group: str = ""
    repeat: str | None = None
    sensitivity: str
    children: tuple["Question | Group", ...] = ()


class Band(NamedTuple):
    """A band of a score, both ends included."""

    low: float
    high: float
    code: str
    label: Label
    advice: Label | None = None


class RedFlag(NamedTuple):
    """Something that must not wait, whatever the total is."""

    when: Expression
    code: str
    label: Label


class Action(NamedTuple):
    """What to do next: ``open`` a form, ``refer`` to a place, or ``follow_up``."""

    when: Expression
    kind: Literal["open", "refer", "follow_up"]
    target: str
    urgency: str | None = None
    within_days: int | None = None
    by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRule:
    """What a screening adds up to, from which items, and what that is called."""

    of: str
    items: tuple[str, ...]
    bands: tuple[Band, ...]
    red_flags: tuple[RedFlag, ...] = ()

    def band_of(self, value: float) -> Band | None:
        """Return the band that ``value`` lies in."""
        return next((b for b in self.bands if b.low <= value <= b.high), None)
