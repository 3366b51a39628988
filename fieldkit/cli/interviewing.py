"""An interview in the terminal: one question at a time, a draft at each answer."""

from typing import TYPE_CHECKING, Final

import typer

from fieldkit.cli.screen import say
from fieldkit.cli.showing import value_text
from fieldkit.cli.speech import language, tell
from fieldkit.forms.form import template_of

if TYPE_CHECKING:
    from fieldkit.client.interview import Interview, Step
    from fieldkit.client.recording import Draft
    from fieldkit.client.workspace import Workspace
    from fieldkit.forms.form import Form
    from fieldkit.forms.registry import Forms

BACK: Final = "<"
QUIT: Final = "!"
_YES: Final = frozenset({"y", "yes", "1", "ใช่", "มี", "๑"})


def ask_form(ws: "Workspace", form: "Form", subject: bytes | None) -> bytes | None:
    """Ask a form to its end and keep it; return the record's id, or None if left."""
    from fieldkit.client.interview import Interview

    draft = _draft(ws, form, subject)
    interview = Interview(form, ws.now(), draft.answers, draft.place)
    _explain(form)
    while True:
        left = _ask_all(ws, interview, draft)
        if left:
            say("เก็บร่างไว้แล้ว ทำต่อได้ภายหลัง", "The draft is kept; go on any time.")
            return None
        if not interview.problems:
            break
        for one in interview.problems:
            typer.secho(one.message.in_language(language()), fg="red")
        interview = Interview(form, ws.now(), draft.answers, interview.problems[0].path)
    _show_score(interview, ws.forms())
    return ws.add(
        form.form_id, interview.answers, draft.opened.subject, draft=draft.number
    )


def _draft(ws: "Workspace", form: "Form", subject: bytes | None) -> "Draft":
    """Return an unfinished draft if the person wants it, else a new one, kept."""
    for draft in reversed(ws.drafts(form.form_id)):
        same = draft.version == form.version and not draft.opened.id
        if not same or (subject is not None and draft.opened.subject != subject):
            continue
        asked = tell("มีแบบที่ทำค้างไว้ ทำต่อหรือไม่ (ใช่/ไม่)", "Go on with the draft? (y/n)")
        if _is_yes(_read(asked)):
            return draft
    return ws.new_draft(form, subject)


def _ask_all(ws: "Workspace", interview: "Interview", draft: "Draft") -> bool:
    """Ask until the end; return whether the person left before."""
    group = ""
    while (step := interview.step) is not None:
        ws.keep_answers(draft, interview.answers, step.path)
        if step.question is not None and not step.question.is_stored:
            typer.secho(step.question.label.in_language(language()), fg="cyan")
            interview.pass_over(step)
            continue
        group = _show_group(interview, step.path, group)
        _show(interview, step)
        typed = _read(_prompt(interview, step))
        if typed == QUIT:
            return True
        if typed == BACK:
            if not interview.back():
                say("นี่คือข้อแรก", "This is the first question.")
            continue
        _take(interview, step, typed)
    ws.keep_answers(draft, interview.answers, "")
    return False


def _take(interview: "Interview", step: "Step", typed: str) -> None:
    if step.question is None:
        interview.answer(step, _is_yes(typed))
        return
    shown = interview.answers.get(step.path)
    # Nothing typed keeps what is shown in brackets; a dash clears it.
    answer: object = shown if typed == "" else "" if typed == "-" else typed
    found = interview.answer(step, answer)
    if found is not None:
        typer.secho(found.message.in_language(language()), fg="red")


def _show_group(interview: "Interview", path: str, shown: str) -> str:
    """Print the words over a group where it begins; return the group's path."""
    above = template_of(path).rpartition("/")[0]
    group = next((one for one in interview.form.groups if one.path == above), None)
    if group is not None and group.label is not None and above != shown:
        typer.echo()
        typer.secho(group.label.in_language(language()), fg="cyan")
    return above


def _show(interview: "Interview", step: "Step") -> None:
    done, total = interview.progress
    typer.echo()
    if step.question is None:
        assert step.repeat is not None
        label = step.repeat.label
        name = label.in_language(language()) if label else step.repeat.name
        say(
            f"[{done + 1}/{total}] เพิ่ม “{name}” อีกหรือไม่",
            f"[{done + 1}/{total}] Add “{name}”?",
        )
        return
    question = step.question
    star = " *" if interview.evaluation.is_required(step.path) else ""
    label_text = question.label.in_language(language())
    typer.secho(f"[{done + 1}/{total}] {label_text}{star}", bold=True)
    if question.hint is not None:
        typer.secho(f"    {question.hint.in_language(language())}", dim=True)
    choices = interview.choices(step)
    numbers = all(choice.name.isdecimal() for choice in choices)
    for place, choice in enumerate(choices, 1):
        sign = choice.name if numbers else place
        typer.echo(f"    {sign}) {choice.label.in_language(language())}")


def _prompt(interview: "Interview", step: "Step") -> str:
    if step.question is None:
        return tell("(ใช่/ไม่)", "(y/n)")
    value = interview.answers.get(step.path)
    if value is None:
        return ""
    return f"[{value_text(interview.form, step.path, value)}]"


def _read(prompt: str) -> str:
    typed: str = typer.prompt(
        prompt, default="", show_default=False, prompt_suffix=" > " if prompt else "> "
    )
    return typed.strip()


def _is_yes(typed: str) -> bool:
    return typed.lower() in _YES


def _explain(form: "Form") -> None:
    typer.secho(form.title.in_language(language()), bold=True)
    say(
        f"ตอบแล้วกด Enter · {BACK} ย้อนกลับ · - ลบคำตอบ · {QUIT} พักไว้ก่อน"
        " · เลือกได้หลายข้อให้เว้นวรรค",
        f"Enter to answer · {BACK} back · - clears · {QUIT} leaves, keeping the draft"
        " · several choices with spaces",
    )


def _show_score(interview: "Interview", forms: "Forms") -> None:
    """Print score, band, red flags and what to do next in plain words."""
    from fieldkit.forms.next_steps import describe
    from fieldkit.forms.score import band_of

    score, rule = interview.score, interview.form.score
    band = band_of(interview.form, score.value)
    typer.echo()
    if rule is not None and score.value is not None:
        name = f" — {band.label.in_language(language())}" if band else ""
        say(f"คะแนนรวม {score.value}{name}", f"Score {score.value}{name}")
        say(
            "เป็นผลคัดกรอง ไม่ใช่การวินิจฉัย",
            "This is a screening result, not a diagnosis.",
        )
        if band is not None and band.advice is not None:
            typer.echo(band.advice.in_language(language()))
    for flag in rule.red_flags if rule is not None else ():
        if flag.code in score.red_flags:
            text = flag.label.in_language(language())
            typer.secho(
                tell(f"⚠ ด่วน: {text}", f"⚠ Urgent: {text}"), fg="red", bold=True
            )
    for action in score.actions:
        typer.echo(f"→ {describe(action, forms).in_language(language())}")
