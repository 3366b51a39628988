"""What an expression may look at: a place in the answers, the time, and look-ups.

Nothing here reads a clock or draws a random number: the caller hands in both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from fieldkit.forms.expressions.nodes import AnswerNode, Node
from fieldkit.forms.expressions.values import DayNumber, Value, local_midnight, zone_of

_NOTHING: Mapping[str, AnswerNode | list[AnswerNode]] = {}


@dataclass(slots=True, kw_only=True)
class Context:
    """The place and the look-ups; keep one for a record and move its ``node``.

    ``origin`` is the node of the question where that is not ``node``: a choice filter
    runs at a choice, and its ``${name}`` and ``current()`` still mean the question's.
    A look-up that is missing is an error only if an expression calls for it.
    """

    node: Node
    root: Node
    now: datetime
    origin: Node | None = None
    functions: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    choice_label: Callable[[str, str], str] | None = None  # (code, question) -> label
    itext: Callable[[str], str] | None = None  # (text id) -> text
    instance: Callable[[str], Node | None] | None = None  # (list id) -> its document
    last_saved: Callable[[str], object] | None = None  # (question) -> its last answer
    property_of: Callable[[str], str] | None = (
        None  # (name) -> "deviceid", "username" …
    )
    random: Callable[[], float] | None = None  # () -> 0 <= number < 1
    uuid: Callable[[], str] | None = None
    form_version: str = ""
    language: str = "en"  # of month and day names
    position: int = 0  # within a predicate, from 1; else 0
    size: int = 0
    zone: tzinfo = field(init=False)
    index: Mapping[str, AnswerNode | list[AnswerNode]] = field(init=False)
    _today: DayNumber | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.zone = zone_of(self.now)
        index = self.root.index if isinstance(self.root, AnswerNode) else None
        self.index = _NOTHING if index is None else index

    @property
    def today(self) -> DayNumber:
        """The day number of today's first moment."""
        if self._today is None:
            self._today = local_midnight(self.now.date(), self.zone)
        return self._today
