"""Showing: answers, siblings and times in the words of a form, for people to read."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fieldkit.cli.speech import language, tell

if TYPE_CHECKING:
    from fieldkit.client.workspace import Workspace
    from fieldkit.forms.form import Form
    from fieldkit.merge.conflict import Conflict
    from fieldkit.merge.policies import Alternative


def label_of(form: "Form | None", register: str) -> str:
    """Return a question's label, or the register where the form has none."""
    question = form.question_at(register) if form is not None else None
    if question is None:
        return {"_life": tell("สถานะของรายการ", "Life of the record")}.get(
            register.rpartition("/")[2], register
        )
    return question.label.in_language(language())


def value_text(form: "Form | None", register: str, value: object) -> str:
    """Return an answer as people read it: labels of choices, Buddhist years."""
    from fieldkit.merge.policies import Contested

    if isinstance(value, Contested):
        said = " / ".join(value_text(form, register, one) for one in value.values)
        return tell(f"ยังไม่ตรงกัน: {said}", f"people differ: {said}")
    if value is None:
        return "—"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(form, register, one) for one in value)
    question = form.question_at(register) if form is not None else None
    if question is not None and question.choices:
        found = (c.label for c in question.choices if c.name == value)
        label = next(found, None)
        return label.in_language(language()) if label is not None else str(value)
    if question is not None and question.type == "date" and isinstance(value, str):
        return date_text(value)
    return _plain_text(value)


def date_text(iso: str) -> str:
    """Return a day as people write it: Buddhist years in Thai."""
    from fieldkit.thai.dates import format_date

    if language() == "en":
        return iso
    try:
        return format_date(iso[:10])
    except ValueError:
        return iso


def _plain_text(value: object) -> str:
    if value is True:
        return tell("ใช่", "yes")
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def time_text(shown_at: int) -> str:
    """Return a moment in Thailand as people write it."""
    from fieldkit.client.clock import moment_of

    moment = moment_of(shown_at)
    return f"{date_text(moment.date().isoformat())} {moment:%H:%M}"


def iso_time(shown_at: int) -> str:
    """Return a moment in Thailand as programs read it (ISO 8601)."""
    from fieldkit.client.clock import moment_of

    return moment_of(shown_at).isoformat(timespec="milliseconds")


def person_and_time(ws: "Workspace", person: bytes, role: str, shown_at: int) -> str:
    """Return who said something, in which role, and when."""
    return f"{ws.name_of(person)} ({role_text(role)}) {time_text(shown_at)}"


def role_text(role: str) -> str:
    """Return a role in the language that is spoken."""
    names = {
        "volunteer": "อาสาสมัคร",
        "officer": "เจ้าหน้าที่",
        "coordinator": "ผู้ประสานงาน",
        "data_manager": "ผู้ดูแลข้อมูล",
        "auditor": "ผู้ตรวจสอบ",
        "protection_officer": "เจ้าหน้าที่คุ้มครอง",
    }
    return tell(names.get(role, role), role.replace("_", " "))


def mark_text(mark: str) -> str:
    """Return what a mark of a value means, or nothing for an ordinary one."""
    texts = {
        "local": tell("ยังไม่ได้ส่ง", "not sent yet"),
        "review": tell("รอการตรวจ", "waits for a look"),
        "quarantined": tell("พักไว้ รอผู้ประสานงาน", "held back until someone looks"),
    }
    return texts.get(mark, "")


def alternative_items(ws: "Workspace", found: Iterable["Alternative"]) -> list[Any]:
    """Return alternatives as JSON: values, and who says so."""
    from fieldkit.client.exporting import plain
    from fieldkit.client.settling import label_of as dot_text

    return [
        {
            "values": [plain(value) for value in one.values],
            "dot": dot_text(one.lead),
            "person": ws.name_of(one.lead.person),
            "role": one.lead.role,
            "at": iso_time(one.lead.shown_at),
            "because": one.lead.because,
            "mark": one.lead.mark,
        }
        for one in found
    ]


def kind_text(kind: str) -> str:
    """Return what is the matter in a conflict."""
    texts = {
        "contested": ("บันทึกไว้ต่างกัน", "people differ"),
        "worst": ("แสดงค่าที่หนักกว่าไว้ก่อน", "the worse is shown meanwhile"),
        "withdrawn": ("คนหนึ่งลบ อีกคนแก้", "withdrawn against edited"),
        "inconsistent": ("คำตอบขัดกันเอง", "answers contradict each other"),
        "illegal_transition": ("ขั้นตอนไม่ต่อกัน", "a step that does not follow"),
        "proposal": ("มีผู้เสนอค่าอื่น", "someone proposes another value"),
    }
    return tell(*texts.get(kind, (kind, kind)))


def conflict_items(ws: "Workspace", one: "Conflict") -> dict[str, Any]:
    """Return a conflict as JSON."""
    return {
        "id": one.id,
        "kind": one.kind,
        "urgency": one.urgency,
        "record": one.record_id,
        "form_id": one.form_id,
        "label": ws.label(ws.record(one.record_id)),
        "registers": list(one.registers),
        "because": list(one.because),
        "alternatives": alternative_items(ws, one.alternatives),
    }
