"""Next steps: what a form's actions propose, in words a person can act on."""

from typing import Final

from fieldkit.forms.question import Action, Label
from fieldkit.forms.registry import Forms

TARGETS: Final = "referral_target"
URGENCIES: Final = "urgency"
TASKS: Final = "follow_up_task"


def describe(action: Action, forms: Forms) -> Label:
    """Return what ``action`` proposes; a code that no list knows stands for itself."""
    if action.kind == "open":
        return _around(_title(action.target, forms), ("ทำแบบ", "Fill in"))
    if action.kind == "follow_up":
        task = _choice(TASKS, action.target, forms)
        return _within(_around(task, ("นัดติดตาม:", "Follow up:")), action.within_days)
    target = _around(_choice(TARGETS, action.target, forms), ("ส่งต่อ", "Refer to"))
    if action.urgency is None:
        return target
    urgency = _choice(URGENCIES, action.urgency, forms)
    return Label(th=f"{target.th} — {urgency.th}", en=f"{target.en} — {urgency.en}")


def _title(form_id: str, forms: Forms) -> Label:
    """Return a form's title, or its id if it is not here."""
    if not forms.versions(form_id):
        return Label(th=form_id, en=form_id)
    return forms.latest(form_id).title


def _choice(list_id: str, code: str, forms: Forms) -> Label:
    """Return the label of a code in the newest version of a list."""
    versions = [
        int(name.rpartition("/")[2])
        for name in forms.lists
        if name.startswith(f"{list_id}/")
    ]
    if versions:
        for choice in forms.lists[f"{list_id}/{max(versions)}"].choices:
            if choice.name == code:
                return Label(th=choice.label.th, en=choice.label.en)
    return Label(th=code, en=code)


def _around(label: Label, before: tuple[str, str]) -> Label:
    thai, english = before
    return Label(th=f"{thai} {label.th}", en=f"{english} {label.en or label.th}")


def _within(label: Label, days: int | None) -> Label:
    if days is None:
        return label
    plural = "day" if days == 1 else "days"
    return Label(
        th=f"{label.th} (ภายใน {days} วัน)", en=f"{label.en} (within {days} {plural})"
    )
