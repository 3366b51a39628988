"""Functions of numbers and of truths."""

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.registry import function
from fieldkit.forms.expressions.values import (
    NAN,
    NodeSet,
    Value,
    node_number,
    node_text,
    to_boolean,
    to_number,
)

DIGITS_MAX = 30


@function("number", "context any?", "number")
def number(context: Context, value: Value | None = None) -> float:
    """Return a value, or the node we are at, as a number; a date as its day number."""
    if value is None:
        return node_number(context.node, context.zone)
    return float(to_number(value, context.zone))


@function("int", "number", "number")
def integer(value: float) -> float:
    """Return a number without its decimals."""
    return float(math.trunc(value)) if math.isfinite(value) else value


@function("floor", "number", "number")
def floor(value: float) -> float:
    """Return the greatest whole number that is not above."""
    return float(math.floor(value)) if math.isfinite(value) else value


@function("ceiling", "number", "number")
def ceiling(value: float) -> float:
    """Return the smallest whole number that is not below."""
    return float(math.ceil(value)) if math.isfinite(value) else value


@function("round", "number number?", "number")
def round_half_up(value: float, digits: float = 0.0) -> float:
    """Return a number to that many decimals; halves go away from zero."""
    if not math.isfinite(value):
        return value
    if not abs(digits) <= DIGITS_MAX:
        return NAN
    try:
        unit = Decimal(1).scaleb(-int(digits))
        steps = (Decimal(repr(float(value))) / unit).quantize(Decimal(1), ROUND_HALF_UP)
        return float(steps * unit)
    except InvalidOperation:  # more digits than there are: nothing to round
        return value


def _guarded(body: Callable[..., float]) -> Callable[..., float]:
    """Return ``body`` with the answers of IEEE 754 where Python raises."""

    def guarded(*numbers: float) -> float:
        try:
            return float(body(*numbers))
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError, TypeError):
            return NAN

    return guarded


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf


def _logarithm(log: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: -math.inf if value == 0 else log(value)


_MATH: dict[str, Callable[..., float]] = {
    "abs": abs,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "exp10": lambda value: math.pow(10, value),
    "log": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
}
for _name, _body in _MATH.items():
    function(_name, "number", "number")(_guarded(_body))
function("atan2", "number number", "number")(_guarded(math.atan2))
function("pow", "number number", "number")(_guarded(_power))
function("pi", "", "number")(lambda: math.pi)
function("true", "", "boolean")(lambda: True)
function("false", "", "boolean")(lambda: False)


def _numbers(context: Context, values: Sequence[Value]) -> list[float]:
    """Return all numbers, those of a node-set one by one."""
    numbers = []
    for value in values:
        if isinstance(value, NodeSet):
            numbers += [node_number(node, context.zone) for node in value]
        else:
            numbers.append(to_number(value, context.zone))
    return numbers


@function("sum", "context nodes", "number")
def total(context: Context, nodes: NodeSet) -> float:
    """Return the sum of the nodes' numbers."""
    return float(sum(_numbers(context, (nodes,))))


@function("max", "context any*", "number")
def largest(context: Context, *values: Value) -> float:
    """Return the largest number, NaN where there is none."""
    numbers = _numbers(context, values)
    return NAN if not numbers or any(map(math.isnan, numbers)) else max(numbers)


@function("min", "context any*", "number")
def smallest(context: Context, *values: Value) -> float:
    """Return the smallest number, NaN where there is none."""
    numbers = _numbers(context, values)
    return NAN if not numbers or any(map(math.isnan, numbers)) else min(numbers)


@function("boolean", "boolean", "boolean")
def boolean(value: bool) -> bool:
    """Return a value as a truth."""
    return value


@function("not", "boolean", "boolean")
def negated(value: bool) -> bool:
    """Return the opposite."""
    return not value


@function("boolean-from-string", "text", "boolean")
def boolean_from_string(text: str) -> bool:
    """Tell whether a text is ``1`` or ``true``."""
    return text == "1" or text.lower() == "true"


def _truths(values: Sequence[Value]) -> list[bool]:
    truths: list[bool] = []
    for value in values:
        if isinstance(value, NodeSet):
            truths += [node_text(node) != "" for node in value]
        else:
            truths.append(to_boolean(value))
    return truths


def _within(count: float, least: float, most: float) -> bool:
    """Tell whether ``count`` lies between; -1 means no limit."""
    return (least == -1 or count >= least) and (most == -1 or count <= most)


@function("checklist", "number number any*", "boolean")
def checklist(least: float, most: float, *values: Value) -> bool:
    """Tell whether as many values are true as the limits ask for."""
    return _within(sum(_truths(values)), least, most)


@function("weighted-checklist", "context number number any*", "boolean")
def weighted_checklist(
    context: Context, least: float, most: float, *values: Value
) -> bool:
    """Tell whether the weights of the true values add up to within the limits."""
    if len(values) % 2:
        raise fault(
            "expression.arity", name="weighted-checklist",
            count=len(values) + 2, expected="2, 4, 6 …",
        )  # fmt: skip
    truths = _truths(values[::2])
    weights = _weights(context, values[1::2])
    if len(truths) != len(weights):
        return False
    added = sum(weight for truth, weight in zip(truths, weights, strict=True) if truth)
    return _within(added, least, most)


def _weights(context: Context, values: Sequence[Value]) -> list[float]:
    weights: list[float] = []
    for value in values:
        if isinstance(value, NodeSet):
            weights += [node_number(node, context.zone) for node in value]
        else:
            weights.append(to_number(value, context.zone))
    return weights


def _source(context: Context, name: str) -> Callable[[], object]:
    source = context.random if name == "random" else context.uuid
    if source is None:
        raise fault("expression.unavailable", name=name)
    return source


@function("random", "context", "number")
def random(context: Context) -> float:
    """Return the next number from the caller's random source."""
    drawn = _source(context, "random")()
    assert isinstance(drawn, float)
    return drawn


@function("uuid", "context number?", "text")
def uuid(context: Context, length: float | None = None) -> str:
    """Return a new random id from the caller, or that many signs of such ids."""
    source = _source(context, "uuid")
    if length is None:
        return str(source())
    wanted = int(max(0, min(length, 1000))) if not math.isnan(length) else 0
    text = ""
    while len(text) < wanted:
        text += str(source())
    return text[:wanted]


@function("once", "context any", "any")
def once(context: Context, value: Value) -> Value:
    """Return what the node already holds; else the value, which then stays."""
    return node_text(context.origin or context.node) or value
