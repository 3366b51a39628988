"""Compiling operators: arithmetic, comparisons, and, or, union, minus."""

import math
import operator
from collections.abc import Callable

from fieldkit.forms.expressions.code import Code, as_boolean, as_nodes, as_number
from fieldkit.forms.expressions.compare import equal, ordered, same_number, unequal
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.paths import in_document_order
from fieldkit.forms.expressions.values import NAN, NodeSet

Number = Callable[[Context], float]
Truth = Callable[[Context], bool]


def divide(one: float, other: float) -> float:
    """Return a quotient; by zero it is infinite, or NaN."""
    if other == 0:
        if one == 0 or math.isnan(one):
            return NAN
        return math.copysign(math.inf, math.copysign(1, one) * math.copysign(1, other))
    return one / other


def modulo(one: float, other: float) -> float:
    """Return a remainder with the sign of ``one``, as ECMAScript has it."""
    if other == 0 or math.isinf(one):
        return NAN
    return math.fmod(one, other)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": divide,
    "mod": modulo,
}
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_chain(first: Code, rest: list[tuple[str, Code]]) -> Code:
    """Return the code of operands joined by operators of one strength."""
    name = rest[0][0]
    if name in ("and", "or"):
        return _logic(name, [first, *(code for _, code in rest)])
    if name == "|":
        return _union([first, *(code for _, code in rest)])
    if name in _ARITHMETIC:
        return _arithmetic(first, rest)
    code = first
    for sign, other in rest:
        compared = (
            _order(sign, code, other)
            if sign in _ORDERS
            else _equality(sign, code, other)
        )
        code = Code(kind="boolean", run=compared)
    return code


def compile_negation(operand: Code) -> Code:
    """Return the code of a minus sign before an operand."""
    number = as_number(operand)
    return Code(kind="number", run=lambda context: -number(context))


def _arithmetic(first: Code, rest: list[tuple[str, Code]]) -> Code:
    left = as_number(first)
    if len(rest) == 1:
        return Code(kind="number", run=_single(rest[0][0], left, as_number(rest[0][1])))
    steps = [(_ARITHMETIC[sign], as_number(code)) for sign, code in rest]

    def run(context: Context) -> float:
        result = left(context)
        for apply, number in steps:
            result = apply(result, number(context))
        return result

    return Code(kind="number", run=run)


def _single(sign: str, left: Number, right: Number) -> Number:
    if sign == "+":
        return lambda context: left(context) + right(context)
    if sign == "-":
        return lambda context: left(context) - right(context)
    if sign == "*":
        return lambda context: left(context) * right(context)
    apply = _ARITHMETIC[sign]
    return lambda context: apply(left(context), right(context))


def _logic(name: str, codes: list[Code]) -> Code:
    truths = [as_boolean(code) for code in codes]
    if len(truths) == 2:  # noqa: PLR2004 - the ordinary case, without a loop
        one, other = truths
        if name == "and":
            return Code(kind="boolean", run=lambda c: one(c) and other(c))
        return Code(kind="boolean", run=lambda c: one(c) or other(c))
    if name == "and":
        return Code(kind="boolean", run=lambda c: all(truth(c) for truth in truths))
    return Code(kind="boolean", run=lambda c: any(truth(c) for truth in truths))


def _union(codes: list[Code]) -> Code:
    operands = [as_nodes(code, "|", 0) for code in codes]

    def run(context: Context) -> NodeSet:
        return in_document_order(n for nodes in operands for n in nodes(context))

    return Code(kind="nodes", run=run)


def _numbers(code: Code) -> Callable[[Context], float | list[float]] | None:
    """Return the quick way to an operand's numbers, if it has one."""
    if code.numbers is not None:
        return code.numbers
    return as_number(code) if code.kind in ("number", "date", "text") else None


def _texts(code: Code) -> Callable[[Context], str | list[str]] | None:
    if code.texts is not None:
        return code.texts
    return code.run if code.kind == "text" else None


def _order(sign: str, one: Code, other: Code) -> Truth:
    order = _ORDERS[sign]
    left, right = _numbers(one), _numbers(other)
    if left is None or right is None:
        first, second = one.run, other.run
        return lambda c: ordered(order, first(c), second(c), c.zone)

    def compare(context: Context) -> bool:
        a, b = left(context), right(context)
        if type(a) is not list and type(b) is not list:
            return order(a, b)  # type: ignore[arg-type]
        return any(order(x, y) for x in _listed(a) for y in _listed(b))

    return compare


def _listed(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value]


def _equality(sign: str, one: Code, other: Code) -> Truth:
    wanted = sign == "="
    if "number" in (one.kind, other.kind) or "date" in (one.kind, other.kind):
        quick = _number_equality(one, other, wanted=wanted)
    else:
        quick = _text_equality(one, other, wanted=wanted)
    if quick is not None:
        return quick
    first, second = one.run, other.run
    compare = equal if wanted else unequal
    return lambda c: compare(first(c), second(c), c.zone)


def _number_equality(one: Code, other: Code, *, wanted: bool) -> Truth | None:
    left, right = _numbers(one), _numbers(other)
    if left is None or right is None:
        return None

    def compare(context: Context) -> bool:
        a, b = left(context), right(context)
        if isinstance(a, list) or isinstance(b, list):
            return any(
                same_number(x, y) == wanted for x in _listed(a) for y in _listed(b)
            )
        return same_number(a, b) == wanted

    return compare


def _text_equality(one: Code, other: Code, *, wanted: bool) -> Truth | None:
    left, right = _texts(one), _texts(other)
    if left is None or right is None:
        return None

    def compare(context: Context) -> bool:
        a, b = left(context), right(context)
        if type(a) is str and type(b) is str:
            return (a == b) == wanted
        firsts = a if isinstance(a, list) else [a]
        seconds = b if isinstance(b, list) else [b]
        return any((x == y) == wanted for x in firsts for y in seconds)

    return compare
