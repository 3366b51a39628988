"""Functions of texts and of lists of choices."""

import base64
import binascii
import hashlib
import math
from collections.abc import Sequence

from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.nodes import Answer
from fieldkit.forms.expressions.regexes import matcher
from fieldkit.forms.expressions.registry import function
from fieldkit.forms.expressions.values import (
    NodeSet,
    Value,
    answer_text,
    node_text,
    number_text,
    to_text,
)

_DIGESTS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
_SPACES = " \t\r\n"


def texts_of(values: Sequence[Value]) -> list[str]:
    """Return the text of each value, and of each node of a node-set."""
    texts: list[str] = []
    for value in values:
        if isinstance(value, NodeSet):
            texts.extend(node_text(node) for node in value)
        else:
            texts.append(to_text(value))
    return texts


@function("concat", "any*", "text")
def concat(*values: Value) -> str:
    """Return all values, one after the other."""
    return "".join(texts_of(values))


@function("join", "text any*", "text")
def join(glue: str, *values: Value) -> str:
    """Return all values with ``glue`` between them."""
    return glue.join(texts_of(values))


@function("string", "context any?", "text")
def string(context: Context, value: Value | None = None) -> str:
    """Return a value, or the node we are at, as text."""
    return node_text(context.node) if value is None else to_text(value)


@function("string-length", "context text?", "number")
def string_length(context: Context, text: str | None = None) -> float:
    """Return how many characters a text has."""
    return float(len(node_text(context.node) if text is None else text))


@function("normalize-space cht:strip-whitespace", "context text?", "text")
def normalize_space(context: Context, text: str | None = None) -> str:
    """Return a text without outer spaces and with single inner ones."""
    text = node_text(context.node) if text is None else text
    words = "".join(" " if sign in _SPACES else sign for sign in text).split(" ")
    return " ".join(word for word in words if word)


@function("substr", "text number number?", "text")
def substr(text: str, start: float, end: float | None = None) -> str:
    """Return the characters from ``start`` to before ``end``, counted from 0."""
    first = _place(start, len(text))
    last = len(text) if end is None else _place(end, len(text))
    return text[first:last]


def _place(number: float, length: int) -> int:
    if math.isnan(number):
        return 0
    place = int(max(-length - 1, min(number, length)))
    return max(0, place + length) if place < 0 else place


@function("substring", "text number number?", "text")
def substring(text: str, start: float, length: float | None = None) -> str:
    """Return ``length`` characters from ``start``, counted from 1 (XPath 4.2)."""
    first = _round_half_up(start)
    end = math.inf if length is None else first + _round_half_up(length)
    if math.isnan(first) or math.isnan(end):
        return ""
    begin = int(max(1, min(first, len(text) + 1)))
    return text[begin - 1 : int(max(1, min(end, len(text) + 1))) - 1]


def _round_half_up(number: float) -> float:
    return math.floor(number + 0.5) if math.isfinite(number) else number


@function("substring-before", "text text", "text")
def substring_before(text: str, part: str) -> str:
    """Return what stands before ``part``, or nothing."""
    return text.partition(part)[0] if part and part in text else ""


@function("substring-after", "text text", "text")
def substring_after(text: str, part: str) -> str:
    """Return what stands behind ``part``, or nothing."""
    return text.partition(part)[2] if part else text


@function("contains", "text text", "boolean")
def contains(text: str, part: str) -> bool:
    """Tell whether ``part`` stands in ``text``."""
    return part in text


@function("starts-with", "text text", "boolean")
def starts_with(text: str, part: str) -> bool:
    """Tell whether ``text`` begins with ``part``."""
    return text.startswith(part)


@function("ends-with", "text text", "boolean")
def ends_with(text: str, part: str) -> bool:
    """Tell whether ``text`` ends with ``part``."""
    return text.endswith(part)


@function("translate", "text text text", "text")
def translate(text: str, these: str, those: str) -> str:
    """Return ``text`` with each sign of ``these`` as its counterpart, or left out."""
    table: dict[int, str | None] = {}
    for place, sign in enumerate(these):
        table.setdefault(ord(sign), those[place] if place < len(those) else None)
    return text.translate(table)


@function("regex", "text text", "boolean")
def regex(text: str, pattern: str) -> bool:
    """Tell whether the whole text fits the pattern."""
    return matcher(pattern)(text)


@function("selected is-selected", "answer text", "boolean")
def selected(answer: Answer, code: str) -> bool:
    """Tell whether ``code`` is among the choices."""
    code = code.strip()
    if isinstance(answer, list):
        return code in answer
    return f" {code} " in f" {answer_text(answer)} "


def choices_of(answer: Answer) -> list[str]:
    """Return the codes of a choice answer."""
    return answer_text(answer).split()


@function("count-selected", "answer", "number")
def count_selected(answer: Answer) -> float:
    """Return how many choices there are."""
    return float(len(choices_of(answer)))


@function("selected-at", "answer number", "text")
def selected_at(answer: Answer, place: float) -> str:
    """Return the choice at ``place``, counted from 0, or nothing."""
    codes = choices_of(answer)
    return codes[int(place)] if 0 <= place < len(codes) else ""


@function("coalesce", "any any*", "any")
def coalesce(*values: Value) -> Value:
    """Return the first value that is not empty."""
    for value in values:
        if not (isinstance(value, float) and math.isnan(value)) and to_text(value):
            return value
    return ""


@function("depend", "any any*", "any")
def depend(value: Value, *_others: Value) -> Value:
    """Return the first value; the others only make the result depend on them."""
    return value


@function("digest", "text text text?", "text")
def digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    """Return a text's hash, in base64 or hex."""
    name = _DIGESTS.get(algorithm.upper())
    if name is None or encoding not in ("base64", "hex"):
        raise fault(
            "expression.argument", name="digest",
            value=algorithm if name is None else encoding,
        )  # fmt: skip
    hashed = hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False)
    if encoding == "hex":
        return hashed.hexdigest()
    return base64.b64encode(hashed.digest()).decode()


@function("base64-decode", "text", "text")
def base64_decode(text: str) -> str:
    """Return the text that a base64 text holds, or nothing where it is none."""
    try:
        return base64.b64decode(text.encode(), validate=False).decode(
            "utf-8", "replace"
        )
    except (binascii.Error, UnicodeError):
        return ""


@function("thousandsep", "text any", "text")
def thousands(separator: str, number: Value) -> str:
    """Return a number's text with ``separator`` between its thousands."""
    text = to_text(number)
    whole, point, rest = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isdecimal() or len(separator) > len("    "):
        return text
    sign = "-" if whole.startswith("-") else ""
    return sign + f"{int(digits):,}".replace(",", separator) + point + rest


@function("format-number", "number", "text")
def format_number(number: float) -> str:
    """Return a number's text with commas between its thousands."""
    return thousands(",", number_text(number))


@function("cht:validate-luhn", "text number?", "boolean")
def validate_luhn(text: str, length: float | None = None) -> bool:
    """Tell whether a number's last digit checks it (Luhn)."""
    if not (text.isascii() and text.isdigit()) or length not in (None, len(text)):
        return False
    total = 0
    for place, sign in enumerate(reversed(text)):
        digit = int(sign) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit  # noqa: PLR2004
    return total % 10 == 0
