"""Expressions by the line: a question a line in, an answer a line out."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from fieldkit.client.clock import BANGKOK, SystemClock, moment_of
from fieldkit.crypto.randomness import random_bytes
from fieldkit.errors import FieldKitError, FormError
from fieldkit.exchange.answer_xml import path_of, read_xml
from fieldkit.forms.expressions import (
    AnswerNode,
    Context,
    DayNumber,
    Expression,
    NodeSet,
    Value,
    parse,
    to_boolean,
    to_number,
    to_text,
)
from fieldkit.forms.expressions.values import node_text

_WHOLE_MAX: Final = 1 << 53
_KINDS: Final = frozenset({"string", "number", "boolean", "nodeset", "any"})
_OFFSET_LENGTH: Final = len("+07:00")


def evaluate_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield for each line ``{"value": …}`` or ``{"error": {"code", "message"}}``."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line), ensure_ascii=False, allow_nan=False)


def _answer(line: str) -> dict[str, object]:
    try:
        return {"value": _evaluate(_read(line))}
    except FieldKitError as error:
        return {"error": {"code": error.code, "message": error.message("en")}}
    except RecursionError:
        return {"error": {"code": "expression.too_deep", "message": "too deep"}}


def _read(line: str) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormError("eval.line") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("expression"), str):
        raise FormError("eval.line")
    if asked.get("as", "any") not in _KINDS:
        raise FormError("eval.line")
    return asked


def _evaluate(asked: Mapping[str, Any]) -> object:
    expression = parse(asked["expression"])
    xml = asked.get("xml")
    document = _answers(asked) if xml is None else read_xml(str(xml))
    now = _now(asked)
    context = _context(document, document, now, asked)
    if asked.get("root"):
        context = _context(_find(str(asked["root"]), context), document, now, asked)
    if asked.get("node"):
        context.node = _find(
            str(asked["node"]), _context(document, document, now, asked)
        )
    elif xml is None:
        context.node = document.children[0]
    return _result(expression, context, asked)


def _answers(asked: Mapping[str, Any]) -> AnswerNode:
    """Return the answers as a tree: objects are groups, lists of them repeats."""
    document = AnswerNode.document()
    answers = asked.get("answers") or {}
    if not isinstance(answers, dict):
        raise FormError("eval.line")
    _plant(document.add("data"), answers)
    return document


def _plant(node: AnswerNode, answers: Mapping[str, Any]) -> None:
    for path, value in answers.items():
        *groups, name = str(path).split("/")
        at = node
        for group in groups:
            found = (child for child in at.children if child.name == group)
            at = next(found, None) or at.add(group)
        if isinstance(value, dict):
            _plant(at.add(name), value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one in value:
                _plant(at.add(name, repeat=True), one)
        else:
            at.add(name, value)


def _context(
    root: AnswerNode, document: AnswerNode, now: datetime, asked: Mapping[str, Any]
) -> Context:
    def instance(list_id: str) -> AnswerNode | None:
        return _instance(document, list_id)

    return Context(
        node=root, root=root, now=now, namespaces=asked.get("namespaces") or {},
        instance=instance, random=_chance, uuid=_uuid,
    )  # fmt: skip


def _instance(node: AnswerNode, list_id: str) -> AnswerNode | None:
    """Return the ``<instance id="…">`` of that id, wherever the document has it."""
    for child in node.children:
        if child.name.rpartition(":")[2] == "instance" and any(
            a.name == "id" and a.value == list_id for a in child.attributes
        ):
            return child
        if (found := _instance(child, list_id)) is not None:
            return found
    return None


def _find(path: str, context: Context) -> AnswerNode:
    found = parse(path).evaluate(context)
    node = found[0] if isinstance(found, NodeSet) and found else None
    if not isinstance(node, AnswerNode):
        raise FormError("eval.node", path=path)
    return node


def _now(asked: Mapping[str, Any]) -> datetime:
    zone = _zone(asked.get("tz"))
    if not asked.get("now"):
        return moment_of(SystemClock().now_ms()).astimezone(zone)
    try:
        said = datetime.fromisoformat(str(asked["now"]))
    except ValueError as error:
        raise FormError("eval.line") from error
    return said.replace(tzinfo=zone) if said.tzinfo is None else said.astimezone(zone)


def _zone(name: object) -> tzinfo:
    if not name:
        return BANGKOK
    text = str(name)
    try:
        if text[0] in "+-" and len(text) == _OFFSET_LENGTH:
            ahead = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
            return timezone(-ahead if text[0] == "-" else ahead)
        return ZoneInfo(text)
    except (ValueError, LookupError, OSError) as error:
        raise FormError("eval.line") from error


def _result(
    expression: Expression, context: Context, asked: Mapping[str, Any]
) -> object:
    value = expression.evaluate(context)
    kind = asked.get("as", "any")
    if kind == "string":
        return to_text(value)
    if kind == "number":
        return _number(to_number(value, context.zone))
    if kind == "boolean":
        return to_boolean(value)
    if isinstance(value, NodeSet):
        listed = kind == "nodeset" or asked.get("xml") is not None
        return _nodes(value) if listed else _single(value)
    if kind == "nodeset":
        raise FormError("eval.node", path=expression.text)
    return _plain(value)


def _plain(value: Value) -> object:
    if isinstance(value, DayNumber):
        return value.text
    return _number(value) if type(value) is float else value


def _number(number: float) -> object:
    if not math.isfinite(number):
        name = "NaN" if math.isnan(number) else "Infinity"
        return {"num": f"-{name}" if number < 0 else name}
    whole = number.is_integer() and abs(number) < _WHOLE_MAX
    return int(number) if whole else float(number)


def _single(nodes: NodeSet) -> object:
    """Return the answer that a reference names, or nothing."""
    value = nodes[0].value if nodes else None
    return list(value) if isinstance(value, tuple) else value


def _nodes(nodes: NodeSet) -> list[dict[str, str]]:
    return [
        {"path": path_of(node), "text": node_text(node)}
        for node in nodes
        if isinstance(node, AnswerNode)
    ]


def _chance() -> float:
    return int.from_bytes(random_bytes(6)) / (1 << 48)


def _uuid() -> str:
    drawn = bytearray(random_bytes(16))
    drawn[6] = drawn[6] & 0x0F | 0x40  # version 4, RFC 9562
    drawn[8] = drawn[8] & 0x3F | 0x80
    text = drawn.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
