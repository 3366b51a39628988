"""Functions of dates and times."""

import calendar
import math
import re
from datetime import UTC, datetime, timedelta

from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.registry import function
from fieldkit.forms.expressions.values import (
    DAY_MS,
    NAN,
    DayNumber,
    NodeSet,
    Value,
    days_of,
    moment_of,
    node_text,
    parse_moment,
    to_text,
)

_UNPADDED = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(T.*)?")
_TIME = re.compile(
    r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?"
)
_CODE = re.compile(r"%[YymnbdeahHMS3%]")
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "th": ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.",
           "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
}  # fmt: skip
_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "th": ("จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา."),
}


def moment(context: Context, value: Value) -> datetime | None:
    """Return the date and time that a value names, in the context's zone, or none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return moment_of(value, context.zone)
    text = node_text(value[0]) if isinstance(value, NodeSet) and value else value
    return _parsed(context, text) if isinstance(text, str) else None


def _parsed(context: Context, text: str) -> datetime | None:
    found = parse_moment(text, context.zone)
    if found is not None:
        return found
    match = _UNPADDED.fullmatch(text)
    if match is None:
        return None
    year, month, day, rest = match.groups()
    padded = f"{year}-{month:>02}-{day:>02}{rest or ''}"
    return parse_moment(padded, context.zone)


def _is_blank(value: Value) -> bool:
    return not isinstance(value, bool | float) and to_text(value) == ""


@function("date date-time", "context any", "any")
def date(context: Context, value: Value) -> Value:
    """Return a value as a date; nothing stays nothing."""
    if isinstance(value, bool) or _is_blank(value):
        return ""
    if isinstance(value, float):
        return DayNumber(value, context.zone)
    found = moment(context, value)
    return DayNumber(NAN if found is None else days_of(found), context.zone)


@function("today", "context", "date")
def today(context: Context) -> DayNumber:
    """Return today's date."""
    return context.today


@function("now", "context", "date")
def now(context: Context) -> DayNumber:
    """Return the moment the caller handed in."""
    return DayNumber(days_of(context.now.replace(tzinfo=context.zone)), context.zone)


@function("decimal-date-time decimal-date", "context any", "number")
def decimal_date_time(context: Context, value: Value) -> float:
    """Return a date as days since 1970-01-01 in UTC."""
    if isinstance(value, float) and not isinstance(value, bool):
        return float(value)
    found = moment(context, value)
    return NAN if found is None else days_of(found)


@function("decimal-time", "context any", "number")
def decimal_time(context: Context, value: Value) -> float:
    """Return the part of its day that a time, or a date's time, stands at."""
    text = to_text(value)
    clock = f"1970-01-01T{text}" if _TIME.fullmatch(text) else ""
    found = parse_moment(clock, context.zone) if clock else moment(context, value)
    if found is None:
        return NAN
    start = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return ((found.replace(tzinfo=UTC) - start) / timedelta(milliseconds=1)) / DAY_MS


@function("format-date format-date-time", "context any text", "text")
def format_date(context: Context, value: Value, pattern: str) -> str:
    """Return a date as the pattern's codes tell; nothing for what is no date."""
    found = moment(context, value)
    if found is None:
        return ""
    language = context.language if context.language in _MONTHS else "en"
    return _CODE.sub(lambda code: _coded(found, code.group()[1], language), pattern)


def _coded(at: datetime, code: str, language: str) -> str:
    """Return what one code of a date pattern stands for."""
    coded = {
        "Y": f"{at.year:04}",
        "y": f"{at.year % 100:02}",
        "m": f"{at.month:02}",
        "n": str(at.month),
        "b": _MONTHS[language][at.month - 1],
        "d": f"{at.day:02}",
        "e": str(at.day),
        "a": _DAYS[language][at.weekday()],
        "H": f"{at.hour:02}",
        "h": str(at.hour),
        "M": f"{at.minute:02}",
        "S": f"{at.second:02}",
        "3": f"{at.microsecond // 1000:03}",
        "%": "%",
    }
    return coded[code]


@function("difference-in-months cht:difference-in-months", "context any any", "any")
def difference_in_months(context: Context, first: Value, last: Value) -> Value:
    """Return the full months from the first date to the last; nothing if unknown."""
    start, end = moment(context, first), moment(context, last)
    if start is None or end is None:
        return ""
    months = (end.year - start.year) * 12 + end.month - start.month
    early = (end.day, end.time()) < (start.day, start.time())
    return float(months - 1 if early else months)


@function("cht:difference-in-years", "context any any", "any")
def difference_in_years(context: Context, first: Value, last: Value) -> Value:
    """Return the full years from the first date to the last; nothing if unknown."""
    months = difference_in_months(context, first, last)
    return math.floor(months / 12) * 1.0 if isinstance(months, float) else months


def _difference(context: Context, dates: tuple[Value, Value], days: int) -> Value:
    start, end = moment(context, dates[0]), moment(context, dates[1])
    if start is None or end is None:
        return ""
    return float(math.floor((end.date() - start.date()).days / days))


@function("cht:difference-in-weeks", "context any any", "any")
def difference_in_weeks(context: Context, first: Value, last: Value) -> Value:
    """Return the full weeks from the first date to the last; nothing if unknown."""
    return _difference(context, (first, last), 7)


@function("cht:difference-in-days", "context any any", "any")
def difference_in_days(context: Context, first: Value, last: Value) -> Value:
    """Return the days from the first date to the last; nothing if unknown."""
    return _difference(context, (first, last), 1)


@function("add-date cht:add-date", "context any number number*", "any")
def add_date(context: Context, value: Value, *amounts: float) -> Value:
    """Return a date moved by years, months, days, hours and minutes."""
    found = moment(context, value)
    if found is None:
        return ""
    given = [int(amount) if math.isfinite(amount) else 0 for amount in amounts]
    years, months, days, hours, minutes = [*given, 0, 0, 0, 0][:5]
    try:
        moved = _moved(found, years * 12 + months)
        moved += timedelta(days=days, hours=hours, minutes=minutes)
    except (OverflowError, ValueError):
        return DayNumber(NAN, context.zone)
    return DayNumber(days_of(moved), context.zone)


def _moved(at: datetime, months: int) -> datetime:
    """Return the same day that many months on, or the month's last day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - the years a calendar date can hold
        raise OverflowError(year)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))
