"""A form file's text as plain values, each with the line and column it stands at.

YAML is read as version 1.2 with every plain word kept as text: ``name: no`` is "no",
``name: 0`` is "0" and ``2023-01-30`` is no date. What a value means is the reader's to
say (`resolve`). Anchors, tags and great depth are refused: a file that came from
another province must not be able to fill the memory.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from fieldkit.errors import FormError

BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 32

Key = str | int
Place = tuple[int, int]

_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: Final[Mapping[str, bool]] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}


class Plain(str):
    """A word written without quotes: it may stand for a number or a truth value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a file says, and where it says it."""

    value: object
    places: Mapping[tuple[Key, ...], Place]

    def place_of(self, path: Iterable[Key]) -> Place:
        """Return row and column (from 1) of the innermost known value on ``path``."""
        known: tuple[Key, ...] = ()
        for key in path:
            if (*known, key) in self.places:
                known = (*known, key)
        return self.places.get(known, (1, 1))


def resolve(value: object) -> object:
    """Return ``value`` with unquoted numbers and truth values as such, at any depth.

    >>> resolve([Plain("1"), Plain("no"), "2", Plain("true")])
    [1, 'no', '2', True]
    """
    if isinstance(value, Plain):
        return _resolve_word(value)
    if isinstance(value, dict):
        return {str(key): resolve(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item) for item in value]
    return value


def _resolve_word(word: Plain) -> object:
    if word in _WORDS:
        return _WORDS[word]
    if number := _NUMBER.match(word):
        exact = number[1] is None and "e" not in word.lower()
        return int(word) if exact else float(word)
    return str(word)


def read_source(text: str) -> Source:
    """Return the one document in ``text``.

    Raises:
        FormError: It is no YAML, too big, too deep, or uses what is refused.
    """
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise FormError("form.too_big", row=1, column=1, bytes_max=BYTES_MAX)
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        row, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise FormError(
            "form.yaml", row=row, column=column, problem=error.problem
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise FormError("form.yaml", row=1, column=1, problem=str(error)) from error
    return Source(value=builder.root, places=builder.places)


@dataclass(slots=True)
class _Level:
    """One open list or mapping; ``key`` is the mapping key that waits for its value."""

    value: list[object] | dict[str, object]
    path: tuple[Key, ...]
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    root: object = None
    places: dict[tuple[Key, ...], Place] = field(default_factory=dict)
    levels: list[_Level] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            self._refuse_if(self.documents > 1, event, "form.several_documents")
        elif isinstance(event, CollectionEndEvent):
            self.levels.pop()
        elif isinstance(event, NodeEvent):
            self._take_node(event)

    def _take_node(self, event: NodeEvent) -> None:
        refused = isinstance(event, AliasEvent) or event.anchor is not None
        self._refuse_if(refused, event, "form.anchor")
        self._refuse_if(getattr(event, "tag", None) is not None, event, "form.tag")
        if isinstance(event, ScalarEvent):
            self._take_scalar(event)
        elif isinstance(event, SequenceStartEvent):
            self._open([], event)
        elif isinstance(event, MappingStartEvent):
            self._open({}, event)

    def _take_scalar(self, event: ScalarEvent) -> None:
        level = self.levels[-1] if self.levels else None
        if level and isinstance(level.value, dict) and level.key is None:
            key = str(event.value)
            self._refuse_if(key in level.value, event, "form.key_twice", key=key)
            level.key = key
            self._mark((*level.path, key), event)
        else:
            self._place(_scalar(event), event)

    def _open(self, value: list[object] | dict[str, object], event: NodeEvent) -> None:
        self._refuse_if(len(self.levels) >= DEPTH_MAX, event, "form.too_deep")
        path = self._place(value, event)
        self.levels.append(_Level(value=value, path=path))

    def _place(self, value: object, event: NodeEvent) -> tuple[Key, ...]:
        if not self.levels:
            self.root = value
            return ()
        level = self.levels[-1]
        if isinstance(level.value, list):
            path: tuple[Key, ...] = (*level.path, len(level.value))
            level.value.append(value)
            self._mark(path, event)
            return path
        if level.key is None:
            self._refuse_if(True, event, "form.yaml", problem="a key must be text")
        key = str(level.key)
        level.value[key], level.key = value, None
        return (*level.path, key)

    def _mark(self, path: tuple[Key, ...], event: Event) -> None:
        mark = event.start_mark
        self.places[path] = (mark.line + 1, mark.column + 1)

    def _refuse_if(
        self, refused: bool, event: Event, code: str, **details: object
    ) -> None:
        if refused:
            mark = event.start_mark
            row, column = mark.line + 1, mark.column + 1
            raise FormError(code, row=row, column=column, **details)


def _scalar(event: ScalarEvent) -> object:
    if event.style is not None:
        return str(event.value)
    return None if event.value in {"", "~", "null"} else Plain(event.value)
