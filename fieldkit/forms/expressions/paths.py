"""Walking the tree of answers: axes, node tests and document order."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from fieldkit.forms.expressions.nodes import Node
from fieldkit.forms.expressions.values import NodeSet

Axis = Callable[[Node], Iterable[Node]]
Test = Callable[[Node, Mapping[str, str]], bool]


def _ancestors(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _ancestors_or_self(node: Node) -> Iterator[Node]:
    yield node
    yield from _ancestors(node)


def _descendants(node: Node) -> Iterator[Node]:
    waiting = list(reversed(node.children))
    while waiting:
        below = waiting.pop()
        yield below
        waiting.extend(reversed(below.children))


def _descendants_or_self(node: Node) -> Iterator[Node]:
    yield node
    yield from _descendants(node)


def _siblings(node: Node) -> tuple[list[Node], int]:
    """Return a node's parent's children and its own place; -1 where it has none."""
    if node.parent is None or node.kind == "attribute":
        return [], -1
    children = list(node.parent.children)
    place = next((at for at, child in enumerate(children) if child is node), -1)
    return children, place


def _following_siblings(node: Node) -> list[Node]:
    children, place = _siblings(node)
    return children[place + 1 :] if place >= 0 else []


def _preceding_siblings(node: Node) -> list[Node]:
    children, place = _siblings(node)
    return children[:place][::-1] if place >= 0 else []


def _following(node: Node) -> Iterator[Node]:
    if node.kind == "attribute" and node.parent is not None:
        yield from _descendants(node.parent)
        node = node.parent
    for at in _ancestors_or_self(node):
        for sibling in _following_siblings(at):
            yield from _descendants_or_self(sibling)


def _preceding(node: Node) -> Iterator[Node]:
    if node.kind == "attribute" and node.parent is not None:
        node = node.parent
    for at in _ancestors_or_self(node):
        for sibling in _preceding_siblings(at):
            yield from reversed(list(_descendants_or_self(sibling)))


def _parent(node: Node) -> tuple[Node, ...]:
    return () if node.parent is None else (node.parent,)


AXES: Mapping[str, Axis] = {
    "ancestor": _ancestors,
    "ancestor-or-self": _ancestors_or_self,
    "attribute": lambda node: node.attributes,
    "child": lambda node: node.children,
    "descendant": _descendants,
    "descendant-or-self": _descendants_or_self,
    "following": _following,
    "following-sibling": _following_siblings,
    "namespace": lambda _: (),
    "parent": _parent,
    "preceding": _preceding,
    "preceding-sibling": _preceding_siblings,
    "self": lambda node: (node,),
}
REVERSE_AXES = frozenset(
    ("ancestor", "ancestor-or-self", "preceding", "preceding-sibling")
)


def local_name(node: Node) -> str:
    """Return a node's name without its prefix."""
    return node.name.rpartition(":")[2]


def node_test(axis: str, test: str) -> Test:
    """Return what tells whether a node on ``axis`` fits ``test``."""
    principal = "attribute" if axis == "attribute" else "element"
    if test.endswith(")"):
        return _type_test(test)
    if test == "*":
        return lambda node, _: node.kind == principal
    prefix, _, local = test.rpartition(":")
    if prefix:
        return _prefixed_test(prefix, local, principal)
    return lambda node, spaces: (
        node.name == local
        and node.kind == principal
        and (not spaces or spaces.get("", "") == node.namespace)
    )


def _prefixed_test(prefix: str, local: str, principal: str) -> Test:
    """Return a test by namespace, or by the prefix as written where none is known."""

    def fits(node: Node, spaces: Mapping[str, str]) -> bool:
        if node.kind != principal or local not in ("*", local_name(node)):
            return False
        if prefix in spaces:
            return node.namespace == spaces[prefix]
        return node.name.startswith(prefix + ":")

    return fits


def _type_test(test: str) -> Test:
    name, _, target = test[:-1].partition("(")
    if name == "node":
        return lambda _node, _spaces: True
    if name == "text":
        # The text of a question lies in its node: there is none below it.
        return lambda node, _: node.kind == "text"
    if name == "comment":
        return lambda node, _: node.kind == "comment"
    return lambda node, _: node.kind == "instruction" and target in ("", node.name)


def in_document_order(nodes: Iterable[Node]) -> NodeSet:
    """Return each node once, in document order."""
    once = {id(node): node for node in nodes}
    if len(once) < 2:  # noqa: PLR2004 - one node is in order
        return NodeSet(once.values())
    places: dict[int, dict[int, int]] = {}
    return NodeSet(sorted(once.values(), key=lambda node: _place(node, places)))


def _place(
    node: Node, places: dict[int, dict[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Return where a node stands: its place among its siblings, from the top down."""
    steps = []
    at = node
    while at.parent is not None:
        above = at.parent
        if id(above) not in places:
            order = [*above.attributes, *above.children]
            places[id(above)] = {id(child): place for place, child in enumerate(order)}
        steps.append((1, places[id(above)].get(id(at), 0)))
        at = above
    steps.append((0, id(at)))  # nodes of two trees: one tree before the other
    return tuple(reversed(steps))
