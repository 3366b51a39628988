"""Thai telephone numbers: one stored form, the kind of number, and its mask."""

import re
from dataclasses import dataclass
from typing import Literal

from fieldkit.errors import AnswerError
from fieldkit.thai.text import normalise

Kind = Literal["mobile", "landline", "short", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number as it is dialled from anywhere, beside the text as it was given.

    A ``short`` number (1300, 1669) has no international form; ``e164`` then holds the
    digits that are dialled.
    """

    e164: str
    raw: str
    kind: Kind


_DIALLED = re.compile(r"\+?[0-9]+")
_SEPARATORS = re.compile(r"[\s\-./()\u2010-\u2014]")
_BEFORE = re.compile(r"^(?:โทรศัพท์|โทร|เบอร์|มือถือ|tel|phone)[.:\s]*", re.IGNORECASE)
_SHAPES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("mobile", re.compile(r"0([689]\d{8})")),
    ("landline", re.compile(r"0(2\d{7}|[3-57]\d{7})")),
)
_SHORT = re.compile(r"1\d{2,3}")
_FOREIGN = re.compile(r"\+[1-9]\d{6,14}")


def parse_phone(text: str) -> Phone:
    """Return the telephone number in ``text``.

    >>> parse_phone("๐๘๑-๒๓๔-๕๖๗๘").e164
    '+66812345678'

    Raises:
        AnswerError: ``answer.phone``, when no telephone has such a number.
    """
    number = _SEPARATORS.sub("", _BEFORE.sub("", normalise(text)))
    if not _DIALLED.fullmatch(number):
        raise AnswerError("answer.phone", value=text)
    local = _local(number)
    for kind, shape in _SHAPES:
        if found := shape.fullmatch(local):
            return Phone(e164=f"+66{found[1]}", raw=text, kind=kind)
    if _SHORT.fullmatch(local):
        return Phone(e164=local, raw=text, kind="short")
    if _FOREIGN.fullmatch(local):
        return Phone(e164=local, raw=text, kind="foreign")
    raise AnswerError("answer.phone", value=text)


_TRUNK = re.compile(r"(?:\+66|0066|00166|66(?=[2-9]\d{7,8}$))0?")


def _local(number: str) -> str:
    """Return a Thai number with its leading 0, any other as it is."""
    trunk = _TRUNK.match(number)
    return "0" + number[trunk.end() :] if trunk else number


def show_phone(e164: str) -> str:
    """Return a stored number as it is read in Thailand: 081-234-5678, 074-311-222."""
    if not e164.startswith("+66"):
        return e164
    local = "0" + e164.removeprefix("+66")
    if local.startswith("02"):
        return f"{local[:2]}-{local[2:5]}-{local[5:]}"
    return f"{local[:3]}-{local[3:6]}-{local[6:]}"


def mask(text: str) -> str:
    """Return a number with all but its last two digits hidden.

    >>> mask("+66812345678")
    'xxx-xxx-xx78'
    """
    shown = show_phone(text)
    return re.sub(r"[0-9]", "x", shown[:-2]) + shown[-2:]
