"""What a name in a form stands for, and what must be reckoned again after an answer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from fieldkit.forms.expressions import Expression
from fieldkit.forms.question import Group, Question

Node = Question | Group


@dataclass(frozen=True, slots=True)
class Names:
    """Every path of a form, found by path or by bare name."""

    by_path: Mapping[str, Node]
    by_name: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> "Names":
        """Return the names of ``nodes``."""
        by_path: dict[str, Node] = {}
        by_name: dict[str, tuple[str, ...]] = {}
        for node in nodes:
            by_path.setdefault(node.path, node)
            by_name[node.name] = (*by_name.get(node.name, ()), node.path)
        return cls(by_path, by_name)

    def find(self, name: str) -> tuple[str, ...]:
        """Return the paths that ``name`` may mean: one, when all is well.

        ``*`` is what a path without names may reach: every stored question.
        """
        if name == "*":
            nodes = self.by_path.items()
            return tuple(p for p, n in nodes if isinstance(n, Question) and n.is_stored)
        return (name,) if name in self.by_path else self.by_name.get(name, ())


def names_in(node: Node) -> frozenset[str]:
    """Return the names that decide the value of ``node``, or whether it has one."""
    expressions = [node.relevant]
    if isinstance(node, Question):
        expressions.append(node.calculation)
    else:
        expressions.append(node.repeat_count)
    return frozenset().union(*(e.names for e in expressions if e is not None))


def expressions_of(node: Node) -> Iterator[tuple[str, Expression]]:
    """Yield each expression of ``node`` with its key."""
    for key in (
        "relevant",
        "calculation",
        "constraint",
        "choice_filter",
        "required",
        "read_only",
        "default",
        "repeat_count",
    ):
        expression = getattr(node, key, None)
        if expression is not None:
            yield key, expression


def graph(names: Names) -> dict[str, frozenset[str]]:
    """Return for each path the paths whose values it is made from."""
    found: dict[str, frozenset[str]] = {}
    for path, node in names.by_path.items():
        used = {p for name in names_in(node) for p in names.find(name)}
        inside = {node.path} if "*" in names_in(node) else set()
        parent = {node.group} if node.group else set()
        found[path] = frozenset((used - inside) | parent)
    return found


def evaluation_order(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return all paths so that each comes after what it is made from.

    Raises:
        CycleError: Some paths need each other; its second argument is the cycle.
    """
    return tuple(TopologicalSorter(needs).static_order())


def find_cycle(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return paths that need each other, in a ring, or nothing."""
    try:
        evaluation_order(needs)
    except CycleError as error:
        return tuple(error.args[1])
    return ()


def inputs_of(path: str, needs: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return every path that ``path`` is made from, however far back."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        new = needs.get(waiting.pop(), frozenset()) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)
