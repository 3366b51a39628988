"""The problem: what is wrong with an answer, in words for who gave it."""

from typing import Final, Literal, NamedTuple

from fieldkit.forms.question import Label, Question

Kind = Literal["required", "constraint", "type", "choice"]


class Problem(NamedTuple):
    """An answer that is missing or does not fit; ``path`` names the instance."""

    path: str
    kind: Kind
    message: Label


_MESSAGES: Final[dict[Kind, Label]] = {
    "required": Label("กรุณาตอบข้อ “{th}”", "Please answer “{en}”"),
    "constraint": Label(
        "คำตอบข้อ “{th}” อยู่นอกเกณฑ์", "The answer to “{en}” is out of range"
    ),
    "type": Label(
        "คำตอบข้อ “{th}” ผิดชนิด ตรวจตัวเลขหรือวันที่อีกครั้ง",
        "The answer to “{en}” is of the wrong kind; check its digits or date",
    ),
    "choice": Label(
        "คำตอบข้อ “{th}” ไม่มีอยู่ในตัวเลือก",
        "The answer to “{en}” is not among the choices",
    ),
}


def problem(question: Question, kind: Kind, path: str | None = None) -> Problem:
    """Return the problem of that kind with ``question``."""
    message = question.constraint_message if kind == "constraint" else None
    if message is None:
        words = question.label
        th, en = _MESSAGES[kind][:2]
        message = Label(th.format(th=words.th), en.format(en=words.en or words.th))
    return Problem(path or question.path, kind, message)


def kind_of_misfit(question: Question) -> Kind:
    """Return what is wrong when a value does not pass its question's test."""
    return "choice" if question.list_name else "type"
