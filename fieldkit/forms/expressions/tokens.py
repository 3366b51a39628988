"""Cutting an expression into tokens, as XPath 1.0 section 3.7 tells."""

import re
from typing import NamedTuple

from fieldkit.errors import ExpressionError

LENGTH_MAX = 100_000

# Thai vowels and tone marks are marks, not letters, and still stand in names.
_START = r"[^\W\d]"
_NAME = rf"{_START}[\w.\-\u00b7\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n\u00a0]+)
  | (?P<reference>\$\{{[^{{}}]*\}})
  | (?P<variable>\$(?:{_NAME}:)?{_NAME})
  | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<symbol>::|//|\.\.|<=|>=|!=|[()\[\]@,./|+\-=<>*])
  | (?P<name>{_NAME}(?::(?:\*|{_NAME}))?)
    """,
    re.VERBOSE,
)
_OPERATOR_NAMES = frozenset(("and", "or", "div", "mod"))
_AFTER_THESE_AN_OPERAND = frozenset(
    (
        "@",
        "::",
        "(",
        "[",
        ",",
        "/",
        "//",
        "|",
        "+",
        "-",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
    )
)


class Token(NamedTuple):
    """A token: its kind, its text, and where it begins, counted from 0."""

    kind: str
    text: str
    offset: int


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of an expression, with an ``end`` behind them."""
    if len(text) > LENGTH_MAX:
        raise ExpressionError(
            "expression.too_long",
            expression=text[:80],
            offset=LENGTH_MAX,
            count_max=LENGTH_MAX,
        )
    tokens: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise _unreadable(text, offset)
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(_told_apart(Token(kind, match.group(), offset), tokens))
        offset = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _told_apart(token: Token, before: list[Token]) -> Token:
    """Tell ``*`` and ``and or div mod`` as operators from the same as names."""
    if token.text not in _OPERATOR_NAMES and token.text != "*":
        return token
    last = before[-1] if before else None
    if (
        last is None
        or last.kind == "operator"
        or (last.kind == "symbol" and last.text in _AFTER_THESE_AN_OPERAND)
    ):
        return token._replace(kind="name")
    return token._replace(kind="operator")


def _unreadable(text: str, offset: int) -> ExpressionError:
    quote = text[offset] in "\"'"
    return ExpressionError(
        "expression.quote" if quote else "expression.syntax",
        expression=text,
        offset=offset,
        found=text[offset : offset + 12],
    )
