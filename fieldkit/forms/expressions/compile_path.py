"""Compiling paths and predicates."""

from collections.abc import Callable, Sequence

from fieldkit.forms.expressions.code import Code, Run, as_boolean
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.nodes import Node
from fieldkit.forms.expressions.paths import (
    AXES,
    REVERSE_AXES,
    in_document_order,
    node_test,
)
from fieldkit.forms.expressions.syntax import Path, Step
from fieldkit.forms.expressions.values import NodeSet, to_boolean

Walk = Callable[[Context, Sequence[Node]], Sequence[Node]]
_LEVEL_AXES = frozenset(("child", "attribute", "self"))


def compile_path(start: Run, steps: Sequence[tuple[Step, list[Code]]]) -> Code:
    """Return the code of the steps, each with its compiled predicates."""
    walks = _walks(list(steps))

    def run(context: Context) -> NodeSet:
        nodes: Sequence[Node] = start(context)
        for walk in walks:
            nodes = walk(context, nodes)
        return NodeSet(nodes)

    return Code(kind="nodes", run=run)


def start_of(path: Path) -> Run:
    """Return what gives the node that a path without a base starts from."""
    if path.start is None:
        return lambda context: (context.node,)
    return lambda context: (context.root,)


def _walks(steps: list[tuple[Step, list[Code]]]) -> list[Walk]:
    walks = []
    level = True  # all nodes so far are of one level: none lies below another
    for step, predicates in _shortened(steps):
        walks.append(_walk(step, predicates, level=level))
        level = level and step.axis in _LEVEL_AXES
    return walks


def _shortened(steps: list[tuple[Step, list[Code]]]) -> list[tuple[Step, list[Code]]]:
    """Return ``//name`` as one step: it is asked for often and much quicker."""
    short: list[tuple[Step, list[Code]]] = []
    for step, predicates in steps:
        any_below = short and short[-1][0] == Step("descendant-or-self", "node()")
        if any_below and step.axis == "child" and not predicates:
            short[-1] = (Step("descendant", step.test), [])
        else:
            short.append((step, predicates))
    return short


def _walk(step: Step, predicates: list[Code], *, level: bool) -> Walk:
    axis, test = AXES[step.axis], node_test(step.axis, step.test)
    filters = [compile_predicate(code) for code in predicates]
    reverse = step.axis in REVERSE_AXES
    ordered = level and step.axis in _LEVEL_AXES

    def walk(context: Context, nodes: Sequence[Node]) -> Sequence[Node]:
        spaces = context.namespaces
        found: list[Node] = []
        for node in nodes:
            here: Sequence[Node] = [n for n in axis(node) if test(n, spaces)]
            for keep in filters:
                here = keep(context, here)
            found.extend(here)
        if len(nodes) == 1:
            return found[::-1] if reverse else found
        return found if ordered else in_document_order(found)

    return walk


def compile_predicate(code: Code) -> Walk:
    """Return what keeps the nodes that fit: by place for a number, else by truth."""
    if code.kind in ("number", "date"):
        number = code.run
        return _keeping(lambda context: number(context) == context.position)
    if code.kind != "any":
        return _keeping(as_boolean(code))
    run = code.run

    def fits(context: Context) -> bool:
        value = run(context)
        if isinstance(value, float) and not isinstance(value, bool):
            return value == context.position
        return to_boolean(value)

    return _keeping(fits)


def _keeping(fits: Callable[[Context], bool]) -> Walk:
    def keep(context: Context, nodes: Sequence[Node]) -> Sequence[Node]:
        before = context.node, context.position, context.size
        kept = []
        try:
            context.size = len(nodes)
            for place, node in enumerate(nodes, 1):
                context.node, context.position = node, place
                if fits(context):
                    kept.append(node)
        finally:
            context.node, context.position, context.size = before
        return kept

    return keep


def compile_filter(base: Run, predicates: list[Code]) -> Code:
    """Return the code of a node-set with predicates behind it."""
    filters = [compile_predicate(code) for code in predicates]

    def run(context: Context) -> NodeSet:
        nodes: Sequence[Node] = base(context)
        for keep in filters:
            nodes = keep(context, nodes)
        return NodeSet(nodes)

    return Code(kind="nodes", run=run)
