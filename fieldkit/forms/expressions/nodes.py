"""The tree of answers that an expression walks, and the look-up of ``${name}`` in it.

An answer tree is a document, its elements, and their attributes, as XPath knows
them. A group is an element with children, a question one with a value, an instance
of a repeat one made with ``repeat=True``. The document and every instance keep an
index of the names below them, so ``${name}`` costs one look-up wherever the name
stands once and outside repeats.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

Answer: TypeAlias = str | int | float | bool | bytes | Sequence[object] | None
Index: TypeAlias = "dict[str, AnswerNode | list[AnswerNode]]"


class Node(Protocol):
    """What paths need to know of a node; ``AnswerNode`` is our own."""

    @property
    def name(self) -> str:
        """The name as written, with its prefix."""

    @property
    def namespace(self) -> str:
        """The namespace address, or an empty string."""

    @property
    def kind(self) -> str:
        """One of document, element, attribute, text, comment, instruction."""

    @property
    def value(self) -> Answer:
        """The answer of a leaf, as the record holds it."""

    @property
    def parent(self) -> "Node | None":
        """The node above; an attribute's is its element."""

    @property
    def children(self) -> "Sequence[Node]":
        """The nodes below, in document order, without attributes."""

    @property
    def attributes(self) -> "Sequence[Node]":
        """The attributes of an element."""


class AnswerNode:
    """A node of a record's answers; ``value`` may be set again at any time."""

    __slots__ = (
        "attributes",
        "children",
        "index",
        "kind",
        "name",
        "namespace",
        "parent",
        "repeat",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: Answer = None,
        *,
        kind: str = "element",
        namespace: str = "",
    ) -> None:
        self.name = name
        self.value = value
        self.kind = kind
        self.namespace = namespace
        self.parent: AnswerNode | None = None
        self.children: list[AnswerNode] = []
        self.attributes: list[AnswerNode] = []
        self.repeat: AnswerNode | None = None
        self.index: Index | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.value!r}>"

    @classmethod
    def document(cls) -> "AnswerNode":
        """Return an empty document: what ``/`` means."""
        node = cls("", kind="document")
        node.index = {}
        return node

    def add(
        self,
        name: str,
        value: Answer = None,
        *,
        repeat: bool = False,
        kind: str = "element",
        namespace: str = "",
    ) -> "AnswerNode":
        """Return a new last child; ``repeat`` marks an instance of a repeat."""
        node = AnswerNode(name, value, kind=kind, namespace=namespace)
        node.parent = self
        node.repeat = node if repeat else self.repeat
        if repeat:
            node.index = {}
        self.children.append(node)
        if kind == "element":
            _enter(node)
        return node

    def set_attribute(
        self, name: str, value: str, *, namespace: str = ""
    ) -> "AnswerNode":
        """Return a new attribute of this element."""
        node = AnswerNode(name, value, kind="attribute", namespace=namespace)
        node.parent = self
        node.repeat = self.repeat
        self.attributes.append(node)
        return node

    def remove(self, child: "AnswerNode") -> None:
        """Take ``child`` and all below it out of the tree."""
        self.children.remove(child)
        child.parent = None
        self.reindex()

    def reindex(self) -> None:
        """Index the whole tree again, after ``children`` were changed by hand."""
        top = self
        while top.parent is not None:
            top = top.parent
        for node in (top, *descendants(top)):
            if node.index is not None:
                node.index.clear()
        for node in descendants(top):
            if node.kind == "element":
                _enter(node)


def _enter(node: AnswerNode) -> None:
    """Enter ``node`` in the index of each instance around it and of its document."""
    parent = node.parent
    around = parent.repeat if parent is not None else None
    while around is not None and around.parent is not None:
        if around.index is not None:
            _entry(around.index, node)
        around = around.parent.repeat
    top = node
    while top.parent is not None:
        top = top.parent
    if top.index is not None and top is not node:
        if node.repeat is None and node.name not in top.index:
            top.index[node.name] = node
        else:
            _entry(top.index, node)


def _entry(index: Index, node: AnswerNode) -> None:
    found = index.get(node.name)
    if found is None:
        index[node.name] = [node]
    elif isinstance(found, AnswerNode):
        index[node.name] = [found, node]
    else:
        found.append(node)


def descendants(node: AnswerNode) -> Iterator[AnswerNode]:
    """Yield all below ``node``, in document order."""
    waiting = list(reversed(node.children))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def everywhere(
    index: Mapping[str, AnswerNode | list[AnswerNode]], name: str
) -> list[AnswerNode]:
    """Return all nodes of that name or ``group/name``, in the order they were added."""
    path = name.split("/")
    found = index.get(path[-1])
    if found is None:
        return []
    nodes = [found] if isinstance(found, AnswerNode) else list(found)
    return nodes if len(path) == 1 else [node for node in nodes if _lies_at(node, path)]


def _lies_at(node: AnswerNode, path: list[str]) -> bool:
    at: AnswerNode | None = node
    for name in reversed(path):
        if at is None or at.name != name:
            return False
        at = at.parent
    return True


def resolve(
    index: Mapping[str, AnswerNode | list[AnswerNode]], name: str, origin: Node
) -> list[AnswerNode]:
    """Return what ``${name}`` means at ``origin``.

    Inside an instance of a repeat it is the node of the same instance; outside it is
    the node of every instance (XLSForm reference, "Repeats").
    """
    around = _instance_of(origin)
    while around is not None:
        found = everywhere(around.index or {}, name)
        if found:
            return found
        if _belongs_to(around, everywhere(index, name)):
            return []
        above = around.parent
        around = above.repeat if above is not None else None
    return everywhere(index, name)


def _instance_of(node: Node) -> AnswerNode | None:
    return node.repeat if isinstance(node, AnswerNode) else None


def _belongs_to(instance: AnswerNode, nodes: Iterable[AnswerNode]) -> bool:
    """Tell whether ``nodes`` stand in another instance of the same repeat."""
    template = _template(instance)
    first = next(iter(nodes), None)
    at = first.parent.repeat if first is not None and first.parent is not None else None
    while at is not None:
        if _template(at) == template:
            return True
        at = at.parent.repeat if at.parent is not None else None
    return False


def _template(node: AnswerNode) -> list[str]:
    names = []
    at: AnswerNode | None = node
    while at is not None:
        names.append(at.name)
        at = at.parent
    return names


def list_instance(items: Iterable[Mapping[str, str]]) -> AnswerNode:
    """Return a list of items as ``instance('list')`` wants it: ``root/item/column``."""
    instance = AnswerNode.document()
    root = instance.add("root")
    for item in items:
        row = root.add("item")
        for column, value in item.items():
            row.add(column, value)
    return instance
