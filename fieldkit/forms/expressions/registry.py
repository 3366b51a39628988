"""The table of functions: what each takes, gives and is written in.

A signature is a list of words: what an argument is turned into before the call
(``number text boolean any nodes answer``), ``?`` behind those that may be left out,
``*`` behind a last one that may come any number of times. ``context`` first asks
for the Context. Only ``if`` is not in the table: it does not look at all it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Kind = Literal["number", "date", "text", "boolean", "nodes", "any"]
Body = TypeVar("Body", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the language."""

    name: str
    takes: tuple[str, ...]
    rest: str  # what each further argument is turned into; empty: there is none
    count_min: int
    gives: Kind
    context: bool
    body: Callable[..., Any]

    @property
    def count_max(self) -> int | None:
        """How many arguments it takes at most; none: any number."""
        return None if self.rest else len(self.takes)

    def conversion(self, position: int) -> str:
        """Return what the argument at ``position`` is turned into."""
        return self.takes[position] if position < len(self.takes) else self.rest


FUNCTIONS: dict[str, Function] = {}


def function(names: str, takes: str, gives: Kind) -> Callable[[Body], Body]:
    """Enter the decorated body in the table under each of ``names``."""

    def enter(body: Body) -> Body:
        words = takes.split()
        context = words[:1] == ["context"]
        words = words[1:] if context else words
        rest = words.pop()[:-1] if words and words[-1].endswith("*") else ""
        for name in names.split():
            FUNCTIONS[name] = Function(
                name=name,
                takes=tuple(word.rstrip("?") for word in words),
                rest=rest,
                count_min=sum(not word.endswith("?") for word in words),
                gives=gives,
                context=context,
                body=body,
            )
        return body

    return enter
