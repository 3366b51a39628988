"""Policies: how the live siblings of a merge group are read as one value.

Each is a pure function of what is live. It settles nothing: what it does not show
stays live beside it, and what a person should look at is only flagged.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeVar, cast

from fieldkit.codec import encode
from fieldkit.merge.machine import REFERRAL, Machine, fold
from fieldkit.records.record import Sibling

T = TypeVar("T")
Flag = Literal["contested", "worst", "illegal_transition", "proposal"]
DECIDERS: Final = frozenset({"officer", "coordinator", "data_manager"})
"""Roles that decide an ``authority`` question which names no others."""


class Contested(NamedTuple):
    """The value of a register on which people differ: what they say, each once."""

    values: tuple[object, ...]


class Alternative(NamedTuple):
    """What one write says of a merge group: one value for each of its registers."""

    values: tuple[object, ...]
    siblings: tuple[Sibling | None, ...]

    @property
    def lead(self) -> Sibling:
        """Return the first sibling, which names dot, person, role and time of all."""
        return next(s for s in self.siblings if s is not None)

    @property
    def newness(self) -> tuple[object, ...]:
        """Return what sorts alternatives by time, and by dot where it is the same."""
        lead = self.lead
        return lead.shown_at, lead.dot, lead.nth


class Rule(NamedTuple):
    """The policy of a merge group with what it needs from the form."""

    policy: str = "register"
    severities: Mapping[str, int] = {}
    deciders: frozenset[str] = DECIDERS
    machine: Machine = REFERRAL


class Reading(NamedTuple):
    """The values to show, one for each register, and what to look at."""

    values: tuple[object, ...]
    flag: Flag | None = None


def read(rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    """Return what ``alternatives`` (at least one) say by ``rule``."""
    return _POLICIES.get(rule.policy, _register)(rule, alternatives)


def same(ours: object, theirs: object) -> bool:
    """Return whether both are the same value, of the same type."""
    return encode(ours) == encode(theirs)


def distinct(values: Sequence[T]) -> tuple[T, ...]:
    """Return each value once, in the order given.

    >>> distinct([1, True, 1, None])
    (1, True, None)
    """
    return tuple({encode(value): value for value in values}.values())


def _agreed(alternatives: Sequence[Alternative]) -> bool:
    return len(distinct([one.values for one in alternatives])) == 1


def _register(_rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    columns = zip(*(one.values for one in alternatives), strict=True)
    values = tuple(_one_or_contested(column) for column in columns)
    return Reading(values, None if _agreed(alternatives) else "contested")


def _one_or_contested(column: Sequence[object]) -> object:
    said = distinct(column)
    return said[0] if len(said) == 1 else Contested(said)


def _latest(_rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    return Reading(max(alternatives, key=_newness).values)


def _newness(alternative: Alternative) -> tuple[object, ...]:
    return alternative.newness


def _worst(rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    def badness(one: Alternative) -> tuple[object, ...]:
        return max(_severity(rule, v) for v in one.values), *one.newness

    flag: Flag | None = None if _agreed(alternatives) else "worst"
    return Reading(max(alternatives, key=badness).values, flag)


def _severity(rule: Rule, value: object) -> float:
    """Return how bad a value is; no answer is better than any."""
    if value is None:
        return -math.inf
    if isinstance(value, int | float):
        return value
    return rule.severities.get(value, -1) if isinstance(value, str) else -1


def _authority(rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    decided = [one for one in alternatives if one.lead.role in rule.deciders]
    flag: Flag | None = None if _agreed(alternatives) else "proposal"
    if not decided:
        return _register(rule, alternatives)._replace(flag=flag)
    return Reading(
        max(decided, key=_newness).values,
        flag if len(decided) < len(alternatives) else None,
    )


# --- Policies that put values together, register by register -------------------------


def _each(combine: Callable[[Rule, Sequence[Sibling]], object]) -> "_Policy":
    """Return the policy that reads each register by itself."""

    def policy(rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
        columns = zip(*(one.siblings for one in alternatives), strict=True)
        said = ([s for s in column if s and s.value is not None] for column in columns)
        return Reading(
            tuple(combine(rule, column) if column else None for column in said)
        )

    return policy


def _union(rule: Rule, siblings: Sequence[Sibling]) -> object:
    chosen = {
        choice
        for sibling in siblings
        for choice in (
            sibling.value if isinstance(sibling.value, list) else [sibling.value]
        )
        if isinstance(choice, str)
    }
    return sorted(chosen, key=lambda choice: (rule.severities.get(choice, -1), choice))


def _append(_rule: Rule, siblings: Sequence[Sibling]) -> object:
    ordered = sorted(siblings, key=lambda s: (s.shown_at, s.dot, s.nth))
    return "\n".join(dict.fromkeys(str(sibling.value) for sibling in ordered))


def _sum(_rule: Rule, siblings: Sequence[Sibling]) -> object:
    amounts = [s.value for s in siblings if type(s.value) in {int, float}]
    if any(type(amount) is float for amount in amounts):
        return math.fsum(cast("list[float]", amounts))
    return sum(cast("list[int]", amounts))


def _machine(rule: Rule, alternatives: Sequence[Alternative]) -> Reading:
    columns = zip(*(one.siblings for one in alternatives), strict=True)
    folded = [fold(rule.machine, [s for s in column if s]) for column in columns]
    illegal = any(is_illegal for _, is_illegal in folded)
    return Reading(
        tuple(state for state, _ in folded), "illegal_transition" if illegal else None
    )


_Policy = Callable[[Rule, Sequence[Alternative]], Reading]
_POLICIES: Final[Mapping[str, _Policy]] = {
    "register": _register,
    "latest": _latest,
    "worst": _worst,
    "union": _each(_union),
    "append": _each(_append),
    "sum": _each(_sum),
    "machine": _machine,
    "authority": _authority,
}
