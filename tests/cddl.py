"""Checks values against a schema in CDDL (RFC 8610): the part of it that we write.

``pycddl`` reads our files, so their grammar is right; but of arrays it misjudges those
with items after two fixed ones, those that are one of several, and ``.cbor`` in an
array. Here are choices, ranges, arrays and maps with ``? * + n*m``, names of items,
``.size``, ``.regexp`` and ``.cbor``; no generics, sockets, unwrapping or ``//``.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fieldkit.codec import decode
from fieldkit.errors import CodecError

WIRE = Path(__file__).parents[1] / "schemas" / "wire"
BYTES_MAX = 1 << 30

Check = Callable[[Any], bool]
Item = tuple[int, int, Check]  # at least, at most, what

_TOKEN = re.compile(
    r"""\s+|;[^\n]*|(?P<token>"[^"]*"|\.\.|\.[a-z]+|=>|-?[0-9]+(?:\*[0-9]+)?"""
    r"""|[A-Za-z_@$][A-Za-z0-9_@$.-]*|[\[\]{}(),:=/*+?])"""
)
_NAME = re.compile(r"[A-Za-z_@$]")
_MANY = 1 << 62

PRELUDE: dict[str, Check] = {
    "any": lambda _value: True,
    "nil": lambda value: value is None,
    "bool": lambda value: type(value) is bool,
    "int": lambda value: type(value) is int,
    "uint": lambda value: type(value) is int and value >= 0,
    "float": lambda value: type(value) is float,
    "tstr": lambda value: type(value) is str,
    "bytes": lambda value: type(value) is bytes,
}


class Schema:
    """The rules of a schema; the first is what a whole message must fit."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._rules: dict[str, Check] = dict(PRELUDE)
        self.first = self._tokens[0]
        while self._at < len(self._tokens):
            name = self._take()
            self._expect("=")
            assert name not in self._rules, f"{name} is there twice"
            self._rules[name] = self._type()
        unknown = {t for t in self._named if t not in self._rules}
        assert not unknown, f"no rule for {unknown}"

    def fits(self, data: bytes, rule: str | None = None) -> bool:
        """Return whether ``data`` is one of our encodings and fits a rule."""
        try:
            value = decode(data, bytes_max=BYTES_MAX)
        except CodecError:
            return False
        return self._rules[rule or self.first](value)

    # --- Reading ---

    @property
    def _named(self) -> list[str]:
        """Return every name that stands for a type: not before a colon."""
        pairs = zip(self._tokens, [*self._tokens[1:], ""], strict=True)
        return [t for t, after in pairs if _NAME.match(t) and after != ":"]

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, token: str) -> None:
        found = self._take()
        assert found == token, f"{token} expected, not {found}"

    def _accept(self, token: str) -> bool:
        if self._peek() == token:
            self._at += 1
            return True
        return False

    def _type(self) -> Check:
        choices = [self._controlled()]
        while self._accept("/"):
            choices.append(self._controlled())
        if len(choices) == 1:
            return choices[0]
        return lambda value: any(choice(value) for choice in choices)

    def _controlled(self) -> Check:
        start = self._peek()
        inner = self._plain()
        if self._accept(".."):
            low, high = int(start), int(self._take())
            return lambda value: type(value) is int and low <= value <= high
        if self._accept(".size"):
            size = int(self._take())
            return lambda value: inner(value) and len(value) == size
        if self._accept(".regexp"):
            pattern = re.compile(self._take().strip('"'))
            return lambda value: inner(value) and bool(pattern.fullmatch(value))
        if self._accept(".cbor"):
            content = self._plain()
            return lambda value: inner(value) and _holds(value, content)
        return inner

    def _plain(self) -> Check:
        token = self._take()
        if token == "[":
            return _array(self._items("]"))
        if token == "{":
            return self._map()
        if token == "(":
            inner = self._type()
            self._expect(")")
            return inner
        if token.startswith('"'):
            return lambda value: type(value) is str and value == token[1:-1]
        if not _NAME.match(token):
            number = int(token)
            return lambda value: type(value) is int and value == number
        return self._later(token)

    def _later(self, name: str) -> Check:
        """Return a rule that may be read later, or be inside itself."""
        rules = self._rules
        return lambda value: bool(rules[name](value))

    def _items(self, end: str) -> list[Item]:
        items: list[Item] = []
        while not self._accept(end):
            least, most = self._occurrence()
            if self._peek(1) == ":":
                self._at += 2
            items.append((least, most, self._type()))
            self._accept(",")
        return items

    def _occurrence(self) -> tuple[int, int]:
        for token, bounds in {"*": (0, _MANY), "+": (1, _MANY), "?": (0, 1)}.items():
            if self._accept(token):
                return bounds
        if "*" in self._peek() and not self._peek().startswith('"'):
            least, most = self._take().split("*")
            return int(least), int(most)
        return 1, 1

    def _map(self) -> Check:
        """Read ``{ * key => value }``: the one kind of map that we write."""
        self._expect("*")
        key = self._type()
        self._expect("=>")
        item = self._type()
        self._expect("}")
        return lambda value: (
            type(value) is dict
            and all(map(key, value))
            and all(map(item, value.values()))
        )


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match, f"no CDDL that we write: {text[at : at + 40]}"
        at = match.end()
        if token := match["token"]:
            found.append(token)
    return found


def _array(items: list[Item]) -> Check:
    return lambda value: type(value) is list and _fill(items, value, 0)


def _fill(items: list[Item], values: list[Any], at: int) -> bool:
    """Return whether the values from ``at`` on can be given to ``items`` in order."""
    if not items:
        return at == len(values)
    (least, most, check), *rest = items
    end = at
    while end < len(values) and end - at < most and check(values[end]):
        end += 1
    return any(_fill(rest, values, stop) for stop in range(end, at + least - 1, -1))


def _holds(data: bytes, content: Check) -> bool:
    try:
        return content(decode(data, bytes_max=BYTES_MAX))
    except CodecError:
        return False


def read_text(name: str) -> str:
    """Return the text of ``schemas/wire/<name>.cddl``, and the names it may use."""
    files = [WIRE / f"{one}.cddl" for one in dict.fromkeys((name, "column", "common"))]
    return "\n".join(file.read_text("utf-8") for file in files)


@cache
def schema(name: str, *without: str) -> Schema:
    """Return the schema of ``schemas/wire/<name>.cddl``, some text of it left out."""
    text = read_text(name)
    for piece in without:
        assert piece in text, f"{piece} is not in {name}.cddl"
        text = text.replace(piece, "")
    return Schema(text)
