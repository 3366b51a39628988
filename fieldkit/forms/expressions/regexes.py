"""Regular expressions that cannot run away.

Patterns go to RE2, whose time grows with the text alone. RE2 refuses look-around and
back-references; such patterns go to ``regex``, which is stopped after a moment. Calling
RE2 costs microseconds, so a plain row of signs and sets (a phone number, an id), which
no engine can lose itself in, goes to ``re``: ten times quicker in an import.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import re2
import regex

from fieldkit.errors import ExpressionError

PATTERN_LENGTH_MAX = 2_000
TEXT_LENGTH_MAX = 20_000
TIMEOUT_S = 0.1

Matcher = Callable[[str], bool]

_SIGN = r"[^\\\[\](){}.*+?^$|]|\.|\\[dDwWsS.\-+()\[\]{}/*?^$|\\]"
_SET = r"\[\^?(?:[^\\\[\]&~|^-]|-|\\[dwsDWS.\-+()\[\]{}/*?^$|\\])+\]"
_TIMES = r"[?*+]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\}"
_PLAIN = re.compile(rf"\^?(?:(?:{_SIGN}|{_SET})(?:{_TIMES})?)*\$?")
_VARYING = re.compile(r"[?*+]|\{[0-9]+,[0-9]*\}")
_VARYING_COUNT_MAX = 2
_PLAIN_TEXT_LENGTH_MAX = 256


def _options() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return options


@lru_cache(maxsize=512)
def matcher(pattern: str) -> Matcher:
    """Return what tells whether a whole text fits ``pattern``.

    Raises:
        ExpressionError: ``expression.regex``: the pattern cannot be read.
    """
    if len(pattern) > PATTERN_LENGTH_MAX:
        raise ExpressionError(
            "expression.regex", pattern=pattern[:80], reason="too long", offset=0
        )
    try:
        match = re2.compile(pattern, _options()).fullmatch
    except (re2.error, UnicodeError):
        return _timed(pattern)

    def matches(text: str) -> bool:
        try:
            return match(text) is not None
        except UnicodeError:  # half of a surrogate pair is no text
            return False

    return _plain(pattern, matches) if _is_plain(pattern) else matches


def _is_plain(pattern: str) -> bool:
    few = len(_VARYING.findall(pattern)) <= _VARYING_COUNT_MAX
    return few and "--" not in pattern and _PLAIN.fullmatch(pattern) is not None


def _plain(pattern: str, otherwise: Matcher) -> Matcher:
    """Return a quicker matcher for short texts; the others go where they went."""
    match = re.compile(pattern, re.ASCII).fullmatch

    def matches(text: str) -> bool:
        if len(text) > _PLAIN_TEXT_LENGTH_MAX:
            return otherwise(text)
        return match(text) is not None

    return matches


def _timed(pattern: str) -> Matcher:
    """Return a matcher for what RE2 refuses, which gives up after a moment."""
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ExpressionError(
            "expression.regex", pattern=pattern[:80], reason=str(error), offset=0
        ) from error

    def matches(text: str) -> bool:
        try:
            found = compiled.fullmatch(text[:TEXT_LENGTH_MAX], timeout=TIMEOUT_S)
        except (TimeoutError, MemoryError) as error:
            raise ExpressionError(
                "expression.regex_slow", pattern=pattern[:80], offset=0
            ) from error
        return found is not None

    return matches
