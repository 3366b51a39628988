"""The tree that the parser makes of an expression's text."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Reference:
    """``${name}``; ``saved`` for ``${last-saved#name}``.

    ``everywhere`` asks for every node of that name, whatever instance we are in;
    ``answered`` leaves out those that hold nothing.
    """

    name: str
    saved: bool = False
    everywhere: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``, which the caller sets."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; ``offset`` is where its name stands."""

    name: str
    arguments: "tuple[Syntax, ...]"
    offset: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path; ``test`` is a name, ``*``, ``p:*`` or as ``text()``."""

    axis: str
    test: str
    predicates: "tuple[Syntax, ...]" = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from ``start``: none is the node we are at, ``"/"`` the document."""

    start: "Syntax | str | None"
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """An expression with predicates behind it."""

    base: "Syntax"
    predicates: "tuple[Syntax, ...]"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined from the left by operators of one strength: ``a + b - c``."""

    first: "Syntax"
    rest: "tuple[tuple[str, Syntax], ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus sign before an operand."""

    operand: "Syntax"


Syntax: TypeAlias = (
    Text | Number | Reference | Variable | Call | Path | Filter | Chain | Negation
)


def parts(node: Syntax | Step | str | None) -> "list[Syntax | Step]":
    """Return what stands directly below a piece of syntax."""
    if isinstance(node, Call):
        return list(node.arguments)
    if isinstance(node, Step):
        return list(node.predicates)
    if isinstance(node, Path):
        start = (
            [] if node.start is None or isinstance(node.start, str) else [node.start]
        )
        return [*start, *node.steps]
    if isinstance(node, Filter):
        return [node.base, *node.predicates]
    if isinstance(node, Chain):
        return [node.first, *(operand for _, operand in node.rest)]
    return [node.operand] if isinstance(node, Negation) else []
