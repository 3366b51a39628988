"""The expression: parsed once, compiled to closures, evaluated at a place."""

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from fieldkit.errors import ExpressionError
from fieldkit.forms.expressions.code import Code, as_boolean, as_number, as_text
from fieldkit.forms.expressions.compile import Compiler, question_named
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import complete
from fieldkit.forms.expressions.parser import parse_syntax
from fieldkit.forms.expressions.syntax import (
    Call,
    Filter,
    Path,
    Reference,
    Step,
    Syntax,
    parts,
)
from fieldkit.forms.expressions.values import Value

EXTRAS: frozenset[str] = frozenset(("red_flag",))  # FieldKit's own, from the Context
Result = TypeVar("Result")


class Expression:
    """An expression that never changes, to be evaluated as often as one likes.

    ``references`` are the names in ``${…}``; ``names`` those and every name in a path
    of this form (``*`` where a path takes whatever it finds), for the graph of what
    depends on what; ``functions`` the functions called.
    """

    __slots__ = (
        "_boolean", "_number", "_run", "_selecting", "_text",
        "functions", "names", "references", "text",
    )  # fmt: skip

    text: str
    names: frozenset[str]
    references: frozenset[str]
    functions: frozenset[str]

    def __init__(self, text: str, syntax: Syntax, code: Code) -> None:
        self.text = text
        pieces = list(_pieces(syntax))
        self.references = frozenset(
            piece.name for piece, _ in pieces if isinstance(piece, Reference)
        )
        self.functions = frozenset(
            piece.name for piece, _ in pieces if isinstance(piece, Call)
        )
        self.names = self.references | _path_names(pieces) | _named_in_text(pieces)
        self._selecting = any(
            isinstance(piece, Filter | Step) and _has_predicates(piece)
            for piece, _ in pieces
        )
        self._run = code.run
        self._boolean = as_boolean(code)
        self._number = as_number(code)
        self._text = as_text(code)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, context: Context) -> Value:
        """Return the value, of whatever kind it is; a date is a ``DayNumber``."""
        result: Value = self._at(context, self._run)
        return result

    def evaluate_boolean(self, context: Context) -> bool:
        """Return the value as a truth."""
        return self._at(context, self._boolean)

    def evaluate_number(self, context: Context) -> float:
        """Return the value as a number; NaN where it is none."""
        return self._at(context, self._number)

    def evaluate_string(self, context: Context) -> str:
        """Return the value as text."""
        return self._at(context, self._text)

    def _at(self, context: Context, run: Callable[[Context], Result]) -> Result:
        try:
            if not self._selecting or context.origin is not None:
                return run(context)
            # Within a predicate ``${name}`` still means what it means outside.
            context.origin = context.node
            try:
                return run(context)
            finally:
                context.origin = None
        except ExpressionError as error:
            complete(error, self.text)
            raise
        except RecursionError as error:
            raise ExpressionError(
                "expression.too_deep", expression=self.text, offset=0
            ) from error


def parse(text: str, *, functions: Collection[str] = EXTRAS) -> Expression:
    """Return the expression that ``text`` holds.

    Args:
        text: The expression, in the ODK XForms language.
        functions: Names that a Context will bring beside the language's own.

    Raises:
        ExpressionError: It cannot be read; ``offset`` says where, from 0.
    """
    try:
        syntax = parse_syntax(text)
        return Expression(text, syntax, Compiler(functions).compile(syntax))
    except ExpressionError as error:
        complete(error, text)
        raise
    except RecursionError as error:
        raise ExpressionError(
            "expression.too_deep", expression=text, offset=0
        ) from error


Piece = Syntax | Step


def _pieces(syntax: Syntax) -> Iterator[tuple[Piece, bool]]:
    """Yield every piece, and whether it speaks of another list's columns."""
    waiting: list[tuple[Piece, bool]] = [(syntax, False)]
    while waiting:
        piece, foreign = waiting.pop()
        if isinstance(piece, Path):
            foreign = _is_foreign(piece, foreign=foreign)
        yield piece, foreign
        waiting.extend((part, foreign) for part in parts(piece))


def _is_foreign(path: Path, *, foreign: bool) -> bool:
    if path.start is None:
        return foreign
    at = path.start
    while isinstance(at, Filter):
        at = at.base
    return isinstance(at, Call) and at.name == "instance"


def _path_names(pieces: list[tuple[Piece, bool]]) -> frozenset[str]:
    names = set()
    for piece, foreign in pieces:
        if isinstance(piece, Step) and not foreign and piece.axis != "attribute":
            if not piece.test.endswith(")"):
                names.add("*" if piece.test.endswith("*") else piece.test)
            elif piece.axis not in ("self", "parent"):
                names.add("*")
    return frozenset(names)


def _named_in_text(pieces: list[tuple[Piece, bool]]) -> frozenset[str]:
    """Return the questions that ``jr:choice-name`` names in quotes."""
    return frozenset(
        question_named(piece.arguments[1])
        for piece, _ in pieces
        if isinstance(piece, Call) and piece.name in ("jr:choice-name", "choice-label")
    )


def _has_predicates(piece: Filter | Step) -> bool:
    return bool(piece.predicates)
