"""Thai dates: every spelling in use, read to one ISO date, shown in Buddhist years."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fieldkit.errors import AnswerError
from fieldkit.thai.text import normalise

Precision = Literal["day", "month", "year", "age_estimate"]
Era = Literal["BE", "CE"]
Style = Literal["short", "long", "numeric", "iso"]

MONTHS = (
    *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
    *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
)
MONTHS_SHORT = (
    *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
    *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
)
_MONTHS_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

_BE_CE = 543
_OLD_STYLE_LAST = 2483  # until this year the Thai year began on 1 April
_OLD_STYLE_MONTHS = 3
_YEAR_MIN, _YEAR_MAX = 1800, 2300  # CE; outside it is a slip of the hand
_BE_FROM = 2400  # a four-digit year above it is Buddhist, if nothing says otherwise
_AHEAD_MAX = 5  # a two-digit year may lie so far ahead: appointments, expiry dates


@dataclass(frozen=True, slots=True, kw_only=True)
class ThaiDate:
    """A date as it was meant, beside the text as it was given.

    ``iso`` is the first day of what is known: of the month or year where ``precision``
    says that no more is known.
    """

    iso: str
    precision: Precision
    era: Era
    raw: str
    time: str | None = None


def parse_date(text: str, today: str | None = None) -> ThaiDate:
    """Return the date written in ``text``, in any of the spellings in use.

    ``today`` (an ISO date) tells the century of a two-digit year and dates an age
    ("อายุ 70 ปี"). Without it a two-digit year falls in 2475-2574 BE.

    >>> parse_date("๓๐ ม.ค. ๒๕๖๖").iso
    '2023-01-30'

    Raises:
        AnswerError: ``answer.date``, when it is no date or could be several.
    """
    try:
        return _parse(text, today)
    except ValueError as error:
        raise AnswerError("answer.date", value=text) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a pattern found, not yet judged."""

    day: int | None = None
    month: int | None = None
    year: str


def _parse(text: str, today: str | None) -> ThaiDate:
    tidy = normalise(text).lower()
    if age := _AGE.fullmatch(tidy):
        return _from_age(int(age[1]), text, today)
    rest, time = _take_time(tidy)
    rest, era = _take_era(rest)
    parts = _parts(_FILLERS.sub(" ", rest).strip(" .,"))
    year, era = _year(parts.year, era, today)
    day = datetime.date(
        _to_ce(year, parts.month, era), parts.month or 1, parts.day or 1
    )
    if not _YEAR_MIN <= day.year <= _YEAR_MAX:
        raise ValueError(text)
    if parts.month is None and era == "BE" and year <= _OLD_STYLE_LAST:
        day = day.replace(month=_OLD_STYLE_MONTHS + 1)
    precision: Precision = "day" if parts.day else "month" if parts.month else "year"
    return ThaiDate(
        iso=day.isoformat(), precision=precision, era=era, raw=text, time=time
    )


def _to_ce(year: int, month: int | None, era: Era) -> int:
    """Return the CE year; January to March of an old-style BE year lie in the next."""
    if era == "CE":
        return year
    old = year <= _OLD_STYLE_LAST and month is not None and month <= _OLD_STYLE_MONTHS
    return year - _BE_CE + old


_AGE = re.compile(
    r"(?:(?:อายุ|ประมาณ|ราว)\s*)*(\d{1,3})\s*(?:กว่า)?\s*(?:ปี|ขวบ)(?:เศษ|กว่า)?"
)
_AGE_MAX = 130


def _from_age(age: int, raw: str, today: str | None) -> ThaiDate:
    if today is None or age > _AGE_MAX:
        raise ValueError(raw)
    year = datetime.date.fromisoformat(today).year - age
    return ThaiDate(iso=f"{year}-01-01", precision="age_estimate", era="BE", raw=raw)


_TIME = re.compile(
    r"(?:[t,]|\s|เวลา|^)+"
    r"(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\+07:?00)?(?:\s*(?:น\.?|นาฬิกา))?"
    r"|(\d{1,2})\.(\d{2})\s*(?:น\.?|นาฬิกา))\s*$"
)


def _take_time(text: str) -> tuple[str, str | None]:
    found = _TIME.search(text)
    if found is None:
        return text, None
    hour, minute = found[1] or found[4], found[2] or found[5]
    clock = datetime.time(int(hour), int(minute), int(found[3] or 0))
    seconds = "seconds" if found[3] else "minutes"
    return text[: found.start()], clock.isoformat(seconds)


_ERA_SIGNS: dict[Era, re.Pattern[str]] = {
    "BE": re.compile(r"พ\.?\s?ศ\.?|พุทธศักราช|\bb\.?e\b\.?"),
    "CE": re.compile(r"ค\.?\s?ศ\.?|คริสต์?ศักราช|\b(?:c\.?e|a\.?d)\b\.?"),
}


def _take_era(text: str) -> tuple[str, Era | None]:
    # พ.ศ. needs its ศ: พ.ค. and พ.ย. are months.
    for era, sign in _ERA_SIGNS.items():
        without, count = sign.subn(" ", text)
        if count:
            return without, era
    return text, None


_FILLERS = re.compile(
    r"(?:วัน\s?)?(?:อาทิตย์|จันทร์|อังคาร|พุธ|พฤหัส(?:บดี)?|ศุกร์|เสาร์)\s?(?:ที่)?"
    r"|วัน\s?ที่|เกิดเมื่อ|เกิด|เดือน|ปี|ประมาณ|[,()'\u2018\u2019]|(?<=\d)(?:st|nd|rd|th)\b"
)
_WORD = r"([ก-๎][ก-๎. ]*|[a-z]+\.?)"
_YEAR = r"(\d{4}|\d{2})"
_BY = r"\s*[/\-. ]\s*"


def _named(text: str) -> int:
    """Return the number of the month called ``text``; three letters are enough."""
    name = re.sub("[. \u0e4c]", "", text).replace("ฏ", "ฎ")
    if number := _SHORT_NAMES.get(name):
        return number
    found = {
        number
        for number, names in enumerate(
            zip(_LONG_NAMES, _MONTHS_ENGLISH, strict=True), 1
        )
        if any(len(name) >= len("มกร") and month.startswith(name) for month in names)
    }
    if len(found) != 1:
        raise ValueError(text)
    return found.pop()


_SHORT_NAMES = {
    name.replace(".", ""): number for number, name in enumerate(MONTHS_SHORT, 1)
}
_LONG_NAMES = [name.replace("\u0e4c", "") for name in MONTHS]

_SHAPES: tuple[tuple[str, Callable[[re.Match[str]], _Parts]], ...] = (
    (
        rf"(\d{{4}}){_BY}(\d{{1,2}}){_BY}(\d{{1,2}})",
        lambda m: _Parts(day=int(m[3]), month=int(m[2]), year=m[1]),
    ),
    (
        rf"(\d{{1,2}}){_BY}(\d{{1,2}}){_BY}{_YEAR}",
        lambda m: _Parts(day=int(m[1]), month=int(m[2]), year=m[3]),
    ),
    (
        rf"(\d{{1,2}})[\s/\-.]*{_WORD}[\s/\-.]*{_YEAR}",
        lambda m: _Parts(day=int(m[1]), month=_named(m[2]), year=m[3]),
    ),
    (
        rf"{_WORD}\s*(\d{{1,2}})\s+{_YEAR}",
        lambda m: _Parts(day=int(m[2]), month=_named(m[1]), year=m[3]),
    ),
    (
        rf"{_WORD}[\s/\-.]*{_YEAR}",
        lambda m: _Parts(month=_named(m[1]), year=m[2]),
    ),
    (
        r"(\d{1,2})\s*[/\-.]\s*(\d{4})",
        lambda m: _Parts(month=int(m[1]), year=m[2]),
    ),
    (
        r"(\d{4})\s*[/\-.]\s*(\d{1,2})",
        lambda m: _Parts(month=int(m[2]), year=m[1]),
    ),
    (r"(\d{4})", lambda m: _Parts(year=m[1])),
    # YYYYMMDD of the health ministry's files, with or without a time after it.
    (
        r"(1[89]\d\d|2\d\d\d)(0[1-9]|1[0-2])([0-3]\d)(?:\d{6})?",
        lambda m: _Parts(day=int(m[3]), month=int(m[2]), year=m[1]),
    ),
    (
        r"([0-3]\d)(0[1-9]|1[0-2])(2\d\d\d|1[89]\d\d)",
        lambda m: _Parts(day=int(m[1]), month=int(m[2]), year=m[3]),
    ),
)
_PATTERNS = tuple((re.compile(shape), read) for shape, read in _SHAPES)


def _parts(text: str) -> _Parts:
    for pattern, read in _PATTERNS:
        if found := pattern.fullmatch(text):
            parts = read(found)
            if parts.day == 0 or parts.month == 0:
                raise ValueError(text)
            return parts
    raise ValueError(text)


def _year(digits: str, era: Era | None, today: str | None) -> tuple[int, Era]:
    year = int(digits)
    if len(digits) == len("66"):
        return _century(year, era or "BE", today), era or "BE"
    return year, era or ("BE" if year > _BE_FROM else "CE")


def _century(year: int, era: Era, today: str | None) -> int:
    """Return the full year: the latest that is at most a few years ahead."""
    if today is None:
        latest = 2574 if era == "BE" else 2574 - _BE_CE
    else:
        now = datetime.date.fromisoformat(today).year
        latest = now + _AHEAD_MAX + (_BE_CE if era == "BE" else 0)
    return latest - (latest - year) % 100


def year_be(iso: str) -> int:
    """Return the Buddhist year of an ISO date, by the calendar of its time.

    Before 2484 the year began on 1 April.
    """
    day = datetime.date.fromisoformat(iso)
    old = day.month <= _OLD_STYLE_MONTHS and day.year <= _OLD_STYLE_LAST - _BE_CE
    return day.year + _BE_CE - old


def fiscal_year_be(iso: str) -> int:
    """Return the Thai fiscal year: 2566 is 1 October 2565 to 30 September 2566."""
    day = datetime.date.fromisoformat(iso)
    return day.year + _BE_CE + (day.month >= _FISCAL_FIRST_MONTH)


def fiscal_quarter(iso: str) -> int:
    """Return 1 to 4; the first quarter is October to December."""
    month = datetime.date.fromisoformat(iso).month
    return (month - _FISCAL_FIRST_MONTH) % 12 // 3 + 1


_FISCAL_FIRST_MONTH = 10


def format_date(iso: str, style: Style = "short", precision: Precision = "day") -> str:
    """Return an ISO date as people read it, in Buddhist years.

    >>> format_date("2023-01-30")
    '30 ม.ค. 2566'
    """
    if style == "iso":
        return iso
    day = datetime.date.fromisoformat(iso)
    year = str(year_be(iso))
    if precision == "age_estimate":
        return f"ประมาณ {year}"
    month = {
        "short": MONTHS_SHORT[day.month - 1],
        "long": MONTHS[day.month - 1],
        "numeric": f"{day.month:02}",
    }[style]
    parts = {
        "day": [f"{day.day:02}" if style == "numeric" else str(day.day), month, year],
        "month": [month, year],
        "year": [year],
    }[precision]
    return ("/" if style == "numeric" else " ").join(parts)


def age_on(birth_iso: str, on_iso: str) -> int:
    """Return the full years between a birth and a day; never store it alone."""
    birth = datetime.date.fromisoformat(birth_iso)
    on = datetime.date.fromisoformat(on_iso)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
