"""Functions of nodes: counting, places, repeats, lists, and the caller's look-ups."""

import hashlib
import math
from collections.abc import Callable, Iterator

from fieldkit.errors import ExpressionError
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.nodes import AnswerNode, Node
from fieldkit.forms.expressions.paths import in_document_order, local_name
from fieldkit.forms.expressions.registry import function
from fieldkit.forms.expressions.values import (
    NAN,
    NodeSet,
    Value,
    answer_text,
    node_text,
    to_number,
    to_text,
)

_SEED_MODULUS = 2_147_483_647
_SEED_FACTOR = 16_807
_NAMED = frozenset(("element", "attribute", "instruction"))


def unavailable(name: str) -> ExpressionError:
    """Return the error for a look-up that the caller did not hand in."""
    return fault("expression.unavailable", name=name)


@function("count", "nodes", "number")
def count(nodes: NodeSet) -> float:
    """Return how many nodes there are."""
    return float(len(nodes))


@function("count-non-empty", "nodes", "number")
def count_non_empty(nodes: NodeSet) -> float:
    """Return how many nodes hold something."""
    return float(sum(node_text(node) != "" for node in nodes))


@function("last", "context", "number")
def last(context: Context) -> float:
    """Return how many nodes the predicate looks at."""
    return float(context.size or 1)


@function("position", "context nodes?", "number")
def position(context: Context, nodes: NodeSet | None = None) -> float:
    """Return the place in the predicate, or of a node among its like (the repeat)."""
    if nodes is None:
        return float(context.position or _place(context.node))
    return float(_place(nodes[0])) if nodes else NAN


def _place(node: Node) -> int:
    """Return which of its parent's children of that name the node is, from 1."""
    if node.parent is None:
        return 1
    same = [child for child in node.parent.children if child.name == node.name]
    return next((place for place, child in enumerate(same, 1) if child is node), 1)


@function("index", "context", "number")
def index(context: Context) -> float:
    """Return which instance of the innermost repeat we are in, from 1."""
    node = context.origin or context.node
    instance = node.repeat if isinstance(node, AnswerNode) else None
    return float(_place(instance)) if instance is not None else NAN


@function("current", "context", "nodes")
def current(context: Context) -> NodeSet:
    """Return the node of the question itself."""
    return NodeSet((context.origin or context.node,))


@function("name", "context nodes?", "text")
def name(context: Context, nodes: NodeSet | None = None) -> str:
    """Return the first node's name as written."""
    node = _first(context, nodes)
    return node.name if node is not None and node.kind in _NAMED else ""


@function("local-name", "context nodes?", "text")
def local(context: Context, nodes: NodeSet | None = None) -> str:
    """Return the first node's name without its prefix."""
    node = _first(context, nodes)
    return local_name(node) if node is not None and node.kind in _NAMED else ""


@function("namespace-uri", "context nodes?", "text")
def namespace_uri(context: Context, nodes: NodeSet | None = None) -> str:
    """Return the first node's namespace address."""
    node = _first(context, nodes)
    return node.namespace if node is not None else ""


def _first(context: Context, nodes: NodeSet | None) -> Node | None:
    if nodes is None:
        return context.node
    return nodes[0] if nodes else None


def _below(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(at.children)


@function("id", "context any", "nodes")
def by_id(context: Context, value: Value) -> NodeSet:
    """Return the elements with those ids."""
    texts = map(node_text, value) if isinstance(value, NodeSet) else [to_text(value)]
    wanted = {word for text in texts for word in text.split()}
    return in_document_order(
        node
        for node in _below(context.root)
        if any(
            a.name in ("id", "xml:id") and a.value in wanted for a in node.attributes
        )
    )


@function("lang", "context text", "boolean")
def lang(context: Context, language: str) -> bool:
    """Tell whether the node is written in ``language`` (``xml:lang``)."""
    at: Node | None = context.node
    while at is not None:
        for attribute in at.attributes:
            if attribute.name == "xml:lang":
                found, wanted = node_text(attribute).lower(), language.lower()
                return found == wanted or found.startswith(wanted + "-")
        at = at.parent
    return False


@function("indexed-repeat", "context nodes nodes number any*", "nodes")
def indexed_repeat(
    context: Context, target: NodeSet, repeat: NodeSet, place: float, *more: Value
) -> NodeSet:
    """Return the target's nodes within the instances at the given places."""
    pairs = [(repeat, place)]
    for nodes, at in zip(more[::2], more[1::2], strict=False):
        if not isinstance(nodes, NodeSet):
            raise fault("expression.nodes", name="indexed-repeat")
        pairs.append((nodes, to_number(at, context.zone)))
    if len(more) % 2:
        raise fault(
            "expression.arity", name="indexed-repeat",
            count=3 + len(more), expected="3, 5, 7",
        )  # fmt: skip
    return _within(target, sorted(pairs, key=lambda pair: _depth(pair[0])))


def _within(target: NodeSet, pairs: list[tuple[NodeSet, float]]) -> NodeSet:
    """Return the targets below the chosen instance of each repeat, outermost first."""
    chosen: Node | None = None
    for nodes, at in pairs:
        inside = [n for n in nodes if chosen is None or _is_below(n, chosen)]
        if not 1 <= at <= len(inside):  # also NaN: no such instance
            return NodeSet()
        chosen = inside[int(at) - 1]
    return NodeSet(n for n in target if chosen is not None and _is_below(n, chosen))


def _depth(nodes: NodeSet) -> int:
    depth, at = 0, nodes[0].parent if nodes else None
    while at is not None:
        depth, at = depth + 1, at.parent
    return depth


def _is_below(node: Node, top: Node) -> bool:
    at: Node | None = node
    while at is not None:
        if at is top:
            return True
        at = at.parent
    return False


@function("instance", "context text", "nodes")
def instance(context: Context, list_id: str) -> NodeSet:
    """Return the document of a list, or nothing where there is none of that id."""
    if context.instance is None:
        raise unavailable("instance")
    found = context.instance(list_id)
    return NodeSet() if found is None else NodeSet((found,))


@function("pulldata", "context text text text text", "text")
def pulldata(context: Context, *words: str) -> str:
    """Return a column of the first row of a list whose key column holds the key."""
    list_id, column, key_column, key = words
    for root in instance(context, list_id):
        for row in _below_in_order(root):
            if any(c.name == key_column and node_text(c) == key for c in row.children):
                return next(
                    (node_text(c) for c in row.children if c.name == column), ""
                )
    return ""


def _below_in_order(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _below_in_order(child)


@function("jr:choice-name choice-label", "context text text", "text")
def choice_name(context: Context, code: str, question: str) -> str:
    """Return the label of a question's choice in the language shown."""
    if context.choice_label is None:
        raise unavailable("jr:choice-name")
    return context.choice_label(code, question)


@function("jr:itext itext", "context text", "text")
def itext(context: Context, text_id: str) -> str:
    """Return a form's text in the language shown."""
    if context.itext is None:
        raise unavailable("jr:itext")
    return context.itext(text_id)


@function("version", "context", "text")
def version(context: Context) -> str:
    """Return the form's version."""
    return context.form_version


@function("property", "context text", "text")
def property_text(context: Context, key: str) -> str:
    """Return a property of the device or the person; nothing for an unknown one."""
    if context.property_of is None:
        raise unavailable("property")
    return context.property_of(key)


@function("device-info", "context", "text")
def device_info(context: Context) -> str:
    """Return what the caller tells of the device."""
    return property_text(context, "device-info")


@function("duration", "context", "number")
def duration(context: Context) -> float:
    """Return the seconds this form has been open."""
    return to_number(property_text(context, "duration"), context.zone)


@function("randomize", "context nodes any?", "nodes")
def randomize(context: Context, nodes: NodeSet, seed: Value | None = None) -> NodeSet:
    """Return the nodes shuffled, always alike for one seed (Park and Miller)."""
    if seed is not None:
        return _shuffled(nodes, _seeded(_seed(context, seed)))
    if context.random is None:
        raise unavailable("randomize")
    return _shuffled(nodes, context.random)


def _seed(context: Context, value: Value) -> int:
    """Return a seed as JavaRosa makes it: a number's whole part, or a text's hash."""
    seed = to_number(value, context.zone)
    text = to_text(value)
    if math.isnan(seed):
        if not text or isinstance(value, float):
            return 0
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:8], "big", signed=True)
    return (
        int(max(-(2.0**63), min(seed, 2.0**63 - 1024)))
        if math.isfinite(seed)
        else _endless(seed)
    )


def _endless(seed: float) -> int:
    return 2**63 - 1 if seed > 0 else -(2**63)


def _seeded(seed: int) -> Callable[[], float]:
    state = (
        int(math.fmod(seed, _SEED_MODULUS)) if abs(seed) < 2**53 else _remainder(seed)
    )
    state = state + _SEED_MODULUS - 1 if state <= 0 else state

    def draw() -> float:
        nonlocal state
        state = state * _SEED_FACTOR % _SEED_MODULUS
        return (state - 1) / (_SEED_MODULUS - 1)

    return draw


def _remainder(seed: int) -> int:
    """Return the remainder with the sign of ``seed``, as Java has it."""
    remainder = abs(seed) % _SEED_MODULUS
    return -remainder if seed < 0 else remainder


def _shuffled(nodes: NodeSet, draw: Callable[[], float]) -> NodeSet:
    shuffled: list[Node] = []
    for place, node in enumerate(nodes):
        swap = math.floor(draw() * (place + 1))
        shuffled.append(node)
        shuffled[place], shuffled[swap] = shuffled[swap], node
    return NodeSet(shuffled)


def saved_answer(context: Context, question: str) -> str:
    """Return the last saved answer to a question (``${last-saved#name}``)."""
    if context.last_saved is None:
        raise unavailable("last-saved")
    answer = context.last_saved(question)
    known = answer is None or isinstance(
        answer, str | int | float | bytes | list | tuple
    )
    return answer_text(answer) if known else str(answer)  # type: ignore[arg-type]
