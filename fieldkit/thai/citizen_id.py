"""The 13-digit citizen id: its check digit, what its first digit says, and its mask."""

import re
from dataclasses import dataclass
from operator import mul
from typing import Literal

from fieldkit.thai.text import arabic_digits

Kind = Literal[
    "stateless_or_migrant",
    "thai_on_time",
    "thai_late",
    "registered_before_2527",
    "moved_in_before_2527",
    "added_later",
    "temporary_entrant",
    "child_of_temporary_entrant",
    "lawful_alien_or_naturalised",
    "reserved",
    "unknown",
]
Warning_ = Literal["length", "check_digit", "unusual_kind"]

_KINDS: tuple[Kind, ...] = (
    "stateless_or_migrant",
    "thai_on_time",
    "thai_late",
    "registered_before_2527",
    "moved_in_before_2527",
    "added_later",
    "temporary_entrant",
    "child_of_temporary_entrant",
    "lawful_alien_or_naturalised",
    "reserved",
)
_UNUSUAL = frozenset("06789")
_LENGTH = 13
_NOT_DIGITS = re.compile(r"[^0-9]")
_WEIGHTS = tuple(range(_LENGTH, 1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenId:
    """What can be said of a number; a ``warning`` is shown and never blocks.

    People without civil status hold numbers that begin with 0, 6 or 7; nobody knows
    for certain that the check digit holds for all of them.
    """

    digits: str
    kind: Kind
    valid_check: bool
    warning: Warning_ | None


def check_digit(first12: str) -> str:
    """Return the thirteenth digit that belongs to the first twelve.

    >>> check_digit("199990000001")
    '3'
    """
    assert len(first12) == len(_WEIGHTS)
    total = sum(map(mul, _WEIGHTS, map(int, first12)))
    return str((11 - total % 11) % 10)


def inspect(text: str) -> CitizenId:
    """Return what the number in ``text`` says of itself; total, never raises.

    Thai digits, spaces and dashes are as good as plain digits.
    """
    digits = _NOT_DIGITS.sub("", arabic_digits(text))
    if len(digits) != _LENGTH:
        return CitizenId(
            digits=digits, kind="unknown", valid_check=False, warning="length"
        )
    valid = check_digit(digits[:-1]) == digits[-1]
    return CitizenId(
        digits=digits,
        kind=_KINDS[int(digits[0])],
        valid_check=valid,
        warning=_warning(digits, valid_check=valid),
    )


def _warning(digits: str, *, valid_check: bool) -> Warning_ | None:
    if not valid_check:
        return "check_digit"
    return "unusual_kind" if digits[0] in _UNUSUAL else None


def group(text: str) -> str:
    """Return the number as it is printed on a card, N-NNNN-NNNNN-NN-N."""
    digits = inspect(text).digits
    if len(digits) != _LENGTH:
        return digits
    return "-".join((digits[0], digits[1:5], digits[5:10], digits[10:12], digits[12]))


def mask(text: str) -> str:
    """Return the number with all but its last three digits hidden.

    What is not a whole number is hidden wholly.

    >>> mask("1999900000013")
    'x-xxxx-xxxxx-01-3'
    """
    digits = inspect(text).digits
    if len(digits) != _LENGTH:
        return "x" * len(digits)
    return f"x-xxxx-xxxxx-{digits[10:12]}-{digits[12]}"
