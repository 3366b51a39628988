"""XPath's values and how one kind becomes another, with ODK's dates.

A value is a text, a number, a truth or a node-set; a date is a number of days since
1970-01-01 in UTC that remembers the zone it is told in, so that it counts as a
number and reads as a date (ODK XForms specification, "Data types").
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from fieldkit.forms.expressions.nodes import Answer, Node

NAN = math.nan
DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EQUAL_WITHIN = 1e-12  # 6.1 - 7.8 = -1.7 holds, as it does in JavaRosa

NUMBER = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)")
DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(Z|[-+][0-9]{2}(?::?[0-9]{2})?)?)?"
)


class NodeSet(tuple[Node, ...]):
    """Nodes in document order, each once (``randomize`` alone reorders them)."""

    __slots__ = ()


class DayNumber(float):
    """A date as a number of days; ``zone`` says where its midnight is."""

    __slots__ = ("zone",)
    zone: tzinfo

    def __new__(cls, days: float, zone: tzinfo) -> "DayNumber":
        """Return that number of days, told in ``zone``."""
        number = super().__new__(cls, days)
        number.zone = zone
        return number

    def __reduce__(self) -> tuple[type["DayNumber"], tuple[float, tzinfo]]:
        return DayNumber, (float(self), self.zone)

    @property
    def text(self) -> str:
        """The date, or the date and time where it is not midnight."""
        moment = self.moment
        if moment is None:
            return "Invalid Date"
        if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0,) * 4:
            return moment.date().isoformat()
        return moment.isoformat(timespec="milliseconds")

    @property
    def moment(self) -> datetime | None:
        """The date and time in its zone, or none for what no calendar holds."""
        return moment_of(float(self), self.zone)


Value: TypeAlias = str | float | bool | NodeSet


def moment_of(days: float, zone: tzinfo) -> datetime | None:
    """Return the moment that many days after 1970-01-01 in UTC, told in ``zone``."""
    if not math.isfinite(days):
        return None
    try:
        return (EPOCH + timedelta(milliseconds=round(days * DAY_MS))).astimezone(zone)
    except OverflowError:
        return None


def days_of(moment: datetime) -> float:
    """Return the days from 1970-01-01 in UTC to ``moment``."""
    return ((moment - EPOCH) / timedelta(milliseconds=1)) / DAY_MS


def zone_of(moment: datetime) -> tzinfo:
    """Return the zone a moment is told in; UTC where it names none."""
    return moment.tzinfo or UTC


@lru_cache(maxsize=8192)
def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return an ISO date or date and time in ``zone``, or none."""
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0),
            int(second or 0), micro, tzinfo=_offset(offset, zone),
        )  # fmt: skip
        return moment.astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


@lru_cache(maxsize=8192)
def text_number(text: str, zone: tzinfo) -> float:
    """Return the number that a text spells, a date's day number, or NaN.

    XPath knows no exponent and no plus sign; ODK reads a comma as the decimal sign.
    """
    stripped = text.strip(" \t\r\n")
    if NUMBER.fullmatch(stripped):
        return float(stripped.replace(",", "."))
    moment = parse_moment(stripped, zone)
    return NAN if moment is None else days_of(moment)


@lru_cache(maxsize=4096)
def number_text(number: float) -> str:
    """Return a number as XPath writes it: no exponent, no needless decimals."""
    if number != number:  # noqa: PLR0124 - the quickest test for NaN
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == int(number):
        return str(int(number))
    text = repr(number)
    return format(Decimal(text), "f") if "e" in text else text


def answer_text(value: Answer) -> str:
    """Return an answer as ODK stores it: a list joined by spaces, none as nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else number_text(value)
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else _sequence_text(value)


def _sequence_text(values: Sequence[object]) -> str:
    """Return choices, or a point's numbers (0 for a missing height or accuracy)."""
    texts = []
    for value in values:
        known = isinstance(value, str | int | float | bytes | list | tuple)
        texts.append(answer_text(value) if known else "0")  # type: ignore[arg-type]
    return " ".join(texts)


def node_text(node: Node) -> str:
    """Return the text of a node: its value, or that of all below it."""
    value = node.value
    if isinstance(value, str):
        return value
    if node.children:
        return "".join(_texts_below(node))
    return answer_text(value)


def _texts_below(node: Node) -> list[str]:
    texts: list[str] = []
    waiting = list(reversed(node.children))
    while waiting:
        child = waiting.pop()
        if child.kind in ("comment", "instruction"):
            continue
        if child.children:
            waiting.extend(reversed(child.children))
        else:
            texts.append(answer_text(child.value))
    return texts


def node_number(node: Node, zone: tzinfo) -> float:
    """Return the number of a node's answer."""
    value = node.value
    if type(value) is str:
        return text_number(value, zone)
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    return text_number(node_text(node), zone)


def to_text(value: Value) -> str:
    """Return any value as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, DayNumber):
        return value.text
    if isinstance(value, NodeSet):
        return node_text(value[0]) if value else ""
    return number_text(value)


def to_number(value: Value, zone: tzinfo) -> float:
    """Return any value as a number; dates are day numbers, nothing is NaN."""
    if isinstance(value, str):
        return text_number(value, zone)
    if isinstance(value, NodeSet):
        return node_number(value[0], zone) if value else NAN
    return float(value) if isinstance(value, bool | int) else value


def to_boolean(value: Value) -> bool:
    """Return any value as a truth: not empty, not zero, not NaN, or any node."""
    if isinstance(value, bool):
        return value
    if isinstance(value, DayNumber):
        return not math.isnan(value)
    if isinstance(value, float):
        return not (value == 0 or math.isnan(value))
    return len(value) > 0


def to_value(value: object) -> Value:
    """Return what a function handed in gave, as a value of this language."""
    if isinstance(value, str | bool | float | NodeSet):
        return value
    if isinstance(value, int):
        return float(value)
    return (
        answer_text(value)
        if value is None or isinstance(value, bytes | list | tuple)
        else str(value)
    )


def local_midnight(day: date, zone: tzinfo) -> DayNumber:
    """Return the day number of a date's first moment in ``zone``."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    return DayNumber(days_of(start), zone)
