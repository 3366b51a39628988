"""The value of an answer: what a typed text stands for, and what each type may hold.

Values are those of the wire: text, int, float, bool, bytes, lists of them. A date is
ISO text, a choice its code, several choices a list of codes in the list's order, a
reference 16 bytes (or an ordinal within one save), an attachment ``[hash, size,
media type]``, a point ``[latitude, longitude, altitude, accuracy]``.
"""

import math
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from fieldkit.errors import AnswerError
from fieldkit.forms.question import Question
from fieldkit.thai.dates import parse_date
from fieldkit.thai.text import arabic_digits, normalise

TEXT_LENGTH_MAX: Final = 100_000
INTEGER_MAX: Final = (1 << 63) - 1
RECORD_ID_BYTES: Final = 16
HASH_BYTES: Final = 32

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AREA: Final = re.compile(r"(?:[0-9]{2}){1,4}")
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BETWEEN_CODES: Final = re.compile(r"[\s,;|]+")
_BETWEEN_LABELS: Final = re.compile(r"\s*[,;|]\s*")
_BE_FROM: Final = 2400
_TRUE: Final = frozenset({"ok", "true", "yes", "1", "ใช่", "รับทราบ"})
_FALSE: Final = frozenset({"false", "no", "0", "ไม่", "ไม่ใช่"})


def coerce(question: Question, raw: object) -> object:
    """Return the value that ``raw`` stands for: text as typed, or JSON, or a cell.

    An empty answer is ``None``. Thai digits, Buddhist dates and the labels of choices
    are understood.

    Raises:
        AnswerError: It does not fit the question's type or choices.
    """
    if isinstance(raw, str):
        raw = raw.strip()
    if raw is None or raw in ("", [], ()):
        return None
    read = READERS.get(question.type)
    if read is None:
        raise AnswerError("answer.calculated", path=question.path, value=raw)
    return read(question, raw)


def _wrong(question: Question, raw: object, code: str = "answer.type") -> AnswerError:
    shown = "…" if isinstance(raw, bytes | bytearray) else str(raw)[:80]
    return AnswerError(code, path=question.path, type=question.type, value=shown)


def _text(question: Question, raw: object) -> str:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or len(raw) > TEXT_LENGTH_MAX or _NOT_TEXT.search(raw):
        raise _wrong(question, raw)
    if question.appearance in {"citizen_id", "phone", "numbers"}:
        raw = arabic_digits(raw)
    return re.sub(r"[\s-]", "", raw) if question.appearance == "citizen_id" else raw


def _integer(question: Question, raw: object) -> int:
    if isinstance(raw, str):
        tidy = arabic_digits(raw).replace(",", "").replace(" ", "")
        raw = int(tidy) if _INTEGER.fullmatch(tidy) else _whole(tidy)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if type(raw) is not int or abs(raw) > INTEGER_MAX:
        raise _wrong(question, raw)
    return raw


def _whole(tidy: str) -> object:
    """Return what a spreadsheet writes for a whole number: "12.0" is 12."""
    number = float(tidy) if _DECIMAL.fullmatch(tidy) else math.nan
    return number if number.is_integer() else tidy


def _decimal(question: Question, raw: object) -> float:
    number = raw
    if isinstance(raw, str):
        tidy = arabic_digits(raw).replace(",", "").replace(" ", "")
        number = float(tidy) if _DECIMAL.fullmatch(tidy) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _wrong(question, raw)
    if not -1e300 < number < 1e300:  # noqa: PLR2004 - beyond it sums overflow
        raise _wrong(question, raw)
    return float(number) + 0.0  # -0.0 becomes 0.0


def _date(question: Question, raw: object) -> str:
    if isinstance(raw, date):
        raw = date(raw.year, raw.month, raw.day).isoformat()
    if not isinstance(raw, str):
        raise _wrong(question, raw)
    if is_iso_date(raw) and int(raw[:4]) < _BE_FROM:
        return raw
    try:
        return parse_date(raw).iso
    except AnswerError as error:
        raise AnswerError(error.code, path=question.path, **error.details) from None


@lru_cache(maxsize=65536)
def is_iso_date(text: str) -> bool:
    """Return whether ``text`` is a day of the calendar, written 2023-01-30."""
    if not _ISO.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _code(question: Question, raw: object) -> str:
    """Return the choice's code, given itself, its number or one of its labels."""
    if isinstance(raw, bool):
        raw = "yes" if raw else "no"
    elif isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    code = str(raw) if isinstance(raw, str | int) else ""
    if code in question.choice_names:
        return code
    wanted = normalise(code).casefold() if len(code) <= TEXT_LENGTH_MAX else ""
    for choice in question.choices:
        labels = (choice.name, choice.label.th, choice.label.en)
        if wanted in {normalise(label).casefold() for label in labels}:
            return choice.name
    raise _wrong(question, raw, "answer.choice")


def _codes(question: Question, raw: object) -> list[str] | None:
    if isinstance(raw, str):
        codes = _BETWEEN_CODES.split(raw)
        if not question.choice_names.issuperset(codes):
            codes = _BETWEEN_LABELS.split(raw)
        raw = [code for code in codes if code]
    elif isinstance(raw, int | float):
        raw = [raw]
    if not isinstance(raw, list | tuple):
        raise _wrong(question, raw)
    chosen = {_code(question, item) for item in raw}
    return in_order(question, chosen) or None


def in_order(question: Question, chosen: Iterable[str]) -> list[str]:
    """Return the codes of ``chosen`` in the list's order."""
    wanted = set(chosen)
    return [choice.name for choice in question.choices if choice.name in wanted]


def _reference(question: Question, raw: object) -> bytes | int:
    if isinstance(raw, str):
        try:
            raw = bytes.fromhex(raw)
        except ValueError:
            raise _wrong(question, raw) from None
    if isinstance(raw, bytes) and len(raw) == RECORD_ID_BYTES:
        return raw
    if type(raw) is int and raw >= 0:
        return raw
    raise _wrong(question, raw)


def _attachment(question: Question, raw: object) -> list[object]:
    if isinstance(raw, list | tuple) and is_attachment(list(raw)):
        return list(raw)
    raise _wrong(question, raw)


def is_attachment(value: object) -> bool:
    """Return whether ``value`` is ``[hash, size, media type]``."""
    match value:
        case [bytes(digest), int(size), str(media)]:
            return len(digest) == HASH_BYTES and size >= 0 and "/" in media
    return False


def _geopoint(question: Question, raw: object) -> list[float | None]:
    if isinstance(raw, str):
        raw = _BETWEEN_CODES.split(arabic_digits(raw))
    if not isinstance(raw, list | tuple) or not 2 <= len(raw) <= 4:  # noqa: PLR2004
        raise _wrong(question, raw)
    point = [None if part is None else _decimal(question, part) for part in raw]
    point += [None] * (4 - len(point))
    if not is_geopoint(point):
        raise _wrong(question, raw)
    return point


def is_geopoint(value: object) -> bool:
    """Return whether ``value`` is a point on earth, with an altitude and accuracy."""
    match value:
        case [float(latitude), float(longitude), *rest] if len(rest) == 2:  # noqa: PLR2004
            known = all(part is None or isinstance(part, float) for part in rest)
            return known and abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004
    return False


def _acknowledge(question: Question, raw: object) -> bool | None:
    word = str(raw).casefold() if isinstance(raw, str | int) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return None
    raise _wrong(question, raw)


def _area(question: Question, raw: object) -> str:
    code = arabic_digits(str(raw)) if isinstance(raw, str | int) else ""
    if not _AREA.fullmatch(code):
        raise _wrong(question, raw)
    return code


READERS: Final[dict[str, Callable[[Question, object], object]]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "select_one": _code,
    "select_multiple": _codes,
    "reference": _reference,
    "attachment": _attachment,
    "geopoint": _geopoint,
    "acknowledge": _acknowledge,
    "area": _area,
}


Test = Callable[[object], bool]

_TESTS: Final[dict[str, Test]] = {
    "text": lambda v: type(v) is str,
    "integer": lambda v: type(v) is int and -INTEGER_MAX <= v <= INTEGER_MAX,
    "decimal": lambda v: type(v) is float and math.isfinite(v),
    "date": lambda v: type(v) is str and is_iso_date(v),
    "reference": lambda v: (type(v) is bytes and len(v) == RECORD_ID_BYTES) or (
        type(v) is int and v >= 0
    ),
    "attachment": is_attachment,
    "geopoint": is_geopoint,
    "acknowledge": lambda v: v is True,
    "area": lambda v: type(v) is str and _AREA.fullmatch(v) is not None,
}  # fmt: skip


def type_test(question: Question) -> Test:
    """Return the quick test whether a stored value fits ``question``."""
    names = question.choice_names
    if question.type == "select_one":
        return lambda v: type(v) is str and v in names
    if question.type == "select_multiple":
        return lambda v: type(v) is list and _all_in(v, names)
    return _TESTS.get(question.type, lambda v: v is None)


def _all_in(codes: list[object], names: frozenset[str]) -> bool:
    try:
        return names.issuperset(codes)
    except TypeError:
        return False
