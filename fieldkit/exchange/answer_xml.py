"""XML as a tree of answers, so that cases of other form engines can be run on ours."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from fieldkit.errors import FormError
from fieldkit.forms.expressions import AnswerNode

DEPTH_MAX: Final = 256
_XML: Final = "http://www.w3.org/XML/1998/namespace"


@dataclass(slots=True)
class _Element:
    """An element as it was read: its children are elements, texts, comments."""

    name: str
    spaces: dict[str, str]
    attributes: list[tuple[str, str]] = field(default_factory=list)
    children: list["_Element | tuple[str, str, str]"] = field(default_factory=list)


def read_xml(text: str) -> AnswerNode:
    """Return the document that ``text`` holds, its elements as groups and answers.

    Names keep their prefix; of several like-named elements that hold others, each is
    an instance of a repeat.

    Raises:
        FormError: it is not well-formed, too deep, or declares a document type.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        row, column = _place_of(error)
        raise FormError("xml.malformed", row=row, column=column) from error
    document = AnswerNode.document()
    _fill(document, reader.document)
    document.reindex()
    return document


def path_of(node: AnswerNode) -> str:
    """Return where a node stands: ``/*[1]/*[2]``, counting elements from 1."""
    steps: list[str] = []
    at: AnswerNode | None = node
    while at is not None and at.parent is not None:
        steps.append(_step(at, at.parent))
        at = at.parent
    return "/" + "/".join(reversed(steps))


def _step(node: AnswerNode, parent: AnswerNode) -> str:
    if node.kind == "attribute":
        return f"@{node.name}"
    alike = [child for child in parent.children if child.kind == node.kind]
    place = next(n for n, child in enumerate(alike, 1) if child is node)
    test = {"text": "text()", "comment": "comment()"}.get(node.kind, "*")
    if node.kind == "instruction":
        test = "processing-instruction()"
    return f"{test}[{place}]"


def _place_of(error: Exception) -> tuple[int, int]:
    if isinstance(error, expat.ExpatError):
        return error.lineno, error.offset + 1
    return 1, 1


class _Reader:
    """What the parser tells, kept as it comes."""

    def __init__(self) -> None:
        self.document = _Element("", {"xml": _XML})
        self._open = [self.document]
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _: self._open.pop()
        parser.CharacterDataHandler = lambda text: self._add("text", "", text)
        parser.CommentHandler = lambda text: self._add("comment", "", text)
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, given: list[str]) -> None:
        if len(self._open) > DEPTH_MAX:
            self._refuse()
        pairs = list(zip(given[::2], given[1::2], strict=True))
        above = self._open[-1].spaces
        declared = {n.partition(":")[2]: v for n, v in pairs if _declares(n)}
        spaces = above | declared if declared else above
        element = _Element(name, spaces, [p for p in pairs if not _declares(p[0])])
        self._open[-1].children.append(element)
        self._open.append(element)

    def _add(self, kind: str, name: str, text: str) -> None:
        if kind != "text" or len(self._open) > 1:
            self._open[-1].children.append((kind, name, text))

    def _instruction(self, target: str, text: str) -> None:
        self._add("instruction", target, text)

    def _refuse(self, *_: object) -> None:
        # Entities could fill the memory with a few bytes; no form's answers need them.
        row, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber
        raise FormError("xml.refused", row=row, column=column + 1)


def _declares(name: str) -> bool:
    return name == "xmlns" or name.startswith("xmlns:")


def _namespace(name: str, spaces: dict[str, str], *, attribute: bool = False) -> str:
    prefix, sign, _ = name.partition(":")
    if attribute and not sign:
        return ""
    return spaces.get(prefix if sign else "", "")


def _fill(node: AnswerNode, source: _Element) -> None:
    """Put below ``node`` what ``source`` holds."""
    elements = [child for child in source.children if isinstance(child, _Element)]
    counts = Counter(child.name for child in elements)
    for child in source.children:
        if not isinstance(child, _Element):
            kind, name, text = child
            node.add(name, text, kind=kind)
            continue
        holds = any(isinstance(one, _Element) for one in child.children)
        space = _namespace(child.name, child.spaces)
        repeat = holds and counts[child.name] > 1
        below = node.add(child.name, namespace=space, repeat=repeat)
        for name, value in child.attributes:
            known = _namespace(name, child.spaces, attribute=True)
            below.set_attribute(name, value, namespace=known)
        _fill(below, child)
