"""A compiled piece of an expression: closures, one for each kind that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.nodes import Answer
from fieldkit.forms.expressions.registry import Kind
from fieldkit.forms.expressions.values import (
    NodeSet,
    number_text,
    text_number,
    to_boolean,
    to_number,
    to_text,
)

Run = Callable[[Context], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What ``run`` gives is of ``kind``; the others are quicker ways to one kind.

    ``numbers`` and ``texts`` give the member where a node-set has just one, else a
    list: what comparisons need.
    """

    kind: Kind
    run: Run
    number: Callable[[Context], float] | None = None
    text: Callable[[Context], str] | None = None
    boolean: Callable[[Context], bool] | None = None
    answer: Callable[[Context], Answer] | None = None
    numbers: Callable[[Context], float | list[float]] | None = None
    texts: Callable[[Context], str | list[str]] | None = None


def as_number(code: Code) -> Callable[[Context], float]:
    """Return the closure that gives a number."""
    run = code.run
    if code.kind in ("number", "date"):
        return run
    if code.number is not None:
        return code.number
    if code.kind == "text":
        return lambda context: text_number(run(context), context.zone)
    return lambda context: to_number(run(context), context.zone)


def as_text(code: Code) -> Callable[[Context], str]:
    """Return the closure that gives a text."""
    run = code.run
    if code.kind == "text":
        return run
    if code.text is not None:
        return code.text
    if code.kind == "number":
        return lambda context: number_text(run(context))
    return lambda context: to_text(run(context))


def as_boolean(code: Code) -> Callable[[Context], bool]:
    """Return the closure that gives a truth."""
    run = code.run
    if code.kind == "boolean":
        return run
    if code.boolean is not None:
        return code.boolean
    return lambda context: to_boolean(run(context))


def as_answer(code: Code) -> Callable[[Context], Answer]:
    """Return the closure that gives an answer as the record holds it."""
    return code.answer if code.answer is not None else as_text(code)


def as_nodes(code: Code, name: str, offset: int) -> Callable[[Context], NodeSet]:
    """Return the closure that gives a node-set, or refuse what cannot give one.

    Raises:
        ExpressionError: ``expression.nodes``: ``name`` wants nodes here.
    """
    run = code.run
    if code.kind == "nodes":
        return run
    if code.kind != "any":
        raise fault("expression.nodes", name=name, offset=offset)

    def nodes(context: Context) -> NodeSet:
        value = run(context)
        if isinstance(value, NodeSet):
            return value
        raise fault("expression.nodes", name=name, offset=offset)

    return nodes
