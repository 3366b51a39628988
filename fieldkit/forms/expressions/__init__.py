"""The ODK XForms expression language: parsed once, compiled to closures.

>>> from datetime import UTC, datetime
>>> document = AnswerNode.document()
>>> weight, height = document.add("weight", 62), document.add("height", 1.58)
>>> context = Context(
...     node=weight, root=document, now=datetime(2026, 1, 30, tzinfo=UTC)
... )
>>> parse("round(${weight} div pow(${height}, 2), 1)").evaluate(context)
24.8
>>> parse(". > 0 and . < 300").evaluate_boolean(context)
True
"""

from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.expression import EXTRAS, Expression, parse
from fieldkit.forms.expressions.nodes import Answer, AnswerNode, Node, list_instance
from fieldkit.forms.expressions.registry import FUNCTIONS
from fieldkit.forms.expressions.values import (
    DayNumber,
    NodeSet,
    Value,
    answer_text,
    to_boolean,
    to_number,
    to_text,
)

__all__ = [
    "EXTRAS",
    "FUNCTIONS",
    "Answer",
    "AnswerNode",
    "Context",
    "DayNumber",
    "Expression",
    "Node",
    "NodeSet",
    "Value",
    "answer_text",
    "list_instance",
    "parse",
    "to_boolean",
    "to_number",
    "to_text",
]
