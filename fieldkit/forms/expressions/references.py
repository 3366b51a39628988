"""Compiling ``${name}``, ``.`` and ``$name``, the leaves of nearly every expression."""

from collections.abc import Callable

from fieldkit.forms.expressions.code import Code
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.functions_nodes import saved_answer
from fieldkit.forms.expressions.nodes import Answer, AnswerNode, everywhere, resolve
from fieldkit.forms.expressions.syntax import Reference, Variable
from fieldkit.forms.expressions.values import (
    NAN,
    NodeSet,
    Value,
    node_number,
    node_text,
    to_value,
)


def compile_reference(reference: Reference) -> Code:
    """Return the code of ``${name}``.

    A name that stands nowhere in the answers is blank, not absent: ``${x} = ''``
    holds for it, as it does for a question that was not asked.
    """
    name = reference.name
    if reference.saved:
        return Code(kind="text", run=lambda context: saved_answer(context, name))
    if reference.everywhere:
        return Code(
            kind="nodes", run=lambda context: NodeSet(everywhere(context.index, name))
        )
    if reference.answered:
        return _answered_code(name)
    return _reference_code(name)


def _answered_code(name: str) -> Code:
    def run(context: Context) -> NodeSet:
        nodes = _several(context, name)
        return NodeSet(node for node in nodes if node_text(node).strip())

    return Code(kind="nodes", run=run)


def _several(context: Context, name: str) -> list[AnswerNode]:
    return resolve(context.index, name, context.origin or context.node)


def _reference_code(name: str) -> Code:
    def number(context: Context) -> float:
        found = context.index.get(name)
        if type(found) is AnswerNode:
            return node_number(found, context.zone)
        nodes = _several(context, name)
        return node_number(nodes[0], context.zone) if nodes else NAN

    def text(context: Context) -> str:
        found = context.index.get(name)
        if type(found) is AnswerNode:
            return node_text(found)
        nodes = _several(context, name)
        return node_text(nodes[0]) if nodes else ""

    def run(context: Context) -> NodeSet:
        found = context.index.get(name)
        if type(found) is AnswerNode:
            return NodeSet((found,))
        return NodeSet(_several(context, name))

    return Code(
        kind="nodes", run=run, number=number, text=text,
        boolean=_boolean(name), answer=_answer(name),
        numbers=lambda context: _numbers(context, name),
        texts=lambda context: _texts(context, name),
    )  # fmt: skip


def _numbers(context: Context, name: str) -> float | list[float]:
    found = context.index.get(name)
    if type(found) is AnswerNode:
        return node_number(found, context.zone)
    nodes = _several(context, name)
    if len(nodes) > 1:
        return [node_number(node, context.zone) for node in nodes]
    return node_number(nodes[0], context.zone) if nodes else NAN


def _texts(context: Context, name: str) -> str | list[str]:
    found = context.index.get(name)
    if type(found) is AnswerNode:
        value = found.value
        return value if type(value) is str else node_text(found)
    nodes = _several(context, name)
    if len(nodes) > 1:
        return [node_text(node) for node in nodes]
    return node_text(nodes[0]) if nodes else ""


def _boolean(name: str) -> Callable[[Context], bool]:
    """Return what tells whether the answer holds something, as JavaRosa reads it.

    A bare ``${name}`` as a condition means "was answered", not "stands in the form".
    """

    def boolean(context: Context) -> bool:
        found = context.index.get(name)
        nodes = [found] if type(found) is AnswerNode else _several(context, name)
        if len(nodes) != 1:
            return bool(nodes)
        value = nodes[0].value
        if isinstance(value, bool | int | float):
            return value == value and value != 0  # noqa: PLR0124 - NaN is not an answer
        return bool(nodes[0].children) or node_text(nodes[0]) != ""

    return boolean


def _answer(name: str) -> Callable[[Context], Answer]:
    def answer(context: Context) -> Answer:
        found = context.index.get(name)
        if type(found) is AnswerNode and not found.children:
            return found.value
        nodes = _several(context, name)
        return node_text(nodes[0]) if nodes else None

    return answer


def compile_self() -> Code:
    """Return the code of ``.``: the node we are at."""

    def answer(context: Context) -> Answer:
        node = context.node
        return node_text(node) if node.children else node.value

    return Code(
        kind="nodes",
        run=lambda context: NodeSet((context.node,)),
        number=lambda context: node_number(context.node, context.zone),
        text=lambda context: node_text(context.node),
        boolean=lambda _: True,
        answer=answer,
        numbers=lambda context: node_number(context.node, context.zone),
        texts=lambda context: node_text(context.node),
    )


def compile_variable(variable: Variable) -> Code:
    """Return the code of ``$name``, which the caller sets."""
    name = variable.name

    def run(context: Context) -> Value:
        if name not in context.variables:
            raise fault("expression.unavailable", name="$" + name)
        return to_value(context.variables[name])

    return Code(kind="any", run=run)
