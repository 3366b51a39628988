"""``fieldkit form``: see the forms, check one, try expressions."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldkit.cli.screen import Json, print_json, print_table, read_json, say
from fieldkit.cli.speech import language, tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.forms.check import Finding
    from fieldkit.forms.form import Form
    from fieldkit.forms.question import Label, Question
    from fieldkit.forms.registry import Forms

app = typer.Typer(
    no_args_is_help=True, help=tell("แบบฟอร์มและสูตร", "Forms and their expressions.")
)

FormId = Annotated[
    str, typer.Argument(metavar="FORM", help=tell("รหัสแบบฟอร์ม", "The form's id."))
]
Version = Annotated[
    int | None,
    typer.Option(
        "--form-version", help=tell("รุ่นของแบบฟอร์ม", "A version; else the newest.")
    ),
]


@app.command("list", help=tell("แสดงแบบฟอร์มทั้งหมด", "List the forms."))
def list_forms(ctx: typer.Context, as_json: Json = False) -> None:
    """Print each form with its newest version and title."""
    forms = _forms(ctx)
    found = [forms.latest(form_id) for form_id in forms]
    if as_json:
        print_json([_summary(form) for form in found])
        return
    headings = (tell("รหัส", "id"), tell("รุ่น", "version"), tell("ชื่อ", "title"))
    print_table(headings, [(f.form_id, f.version, _text(f.title)) for f in found])


@app.command(help=tell("แสดงคำถามของแบบฟอร์ม", "Show a form's questions."))
def show(
    ctx: typer.Context, form_id: FormId, version: Version = None, as_json: Json = False
) -> None:
    """Print every question of a form, in order."""
    forms = _forms(ctx)
    form = forms.get(form_id, version) if version else forms.latest(form_id)
    if as_json:
        questions = [_question(question) for question in form.questions]
        print_json(_summary(form) | {"questions": questions})
        return
    typer.echo(f"{form.form_id}/{form.version}  {_text(form.title)}")
    for question in form.questions:
        mark = "*" if question.required is not None else " "
        typer.echo(f"{mark} {question.path} [{question.type}] {_text(question.label)}")
        for choice in question.choices:
            typer.echo(f"      {choice.name} = {_text(choice.label)}")


@app.command(help=tell("ตรวจไฟล์แบบฟอร์มก่อนเผยแพร่", "Check a form file."))
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Print what keeps a form from being published; exit code 3 if there is anything.

    Lists may lie beside it, in ``lists/<list_id>/<version>.yaml`` above its folder.
    """
    from fieldkit.client.clock import SystemClock, moment_of
    from fieldkit.forms.check import check_form

    forms = _forms(ctx)
    lists = _with_lists_beside(forms, file).lists
    now = moment_of(SystemClock().now_ms())
    text = file.read_text("utf-8", errors="surrogateescape")
    known = _published(forms) if place_of(ctx).directory else {}
    found = check_form(text, lists=lists, now=now, published=known)
    if as_json:
        print_json([_finding(one) for one in found])
    else:
        for one in found:
            said = f"{one.error.message(language())} {one.error.hint(language())}"
            typer.echo(f"{file}:{one.row}:{one.column}: {one.code} {said}", err=True)
        if not found:
            say(f"{file} ใช้ได้", f"{file} is sound.")
    if found:
        raise typer.Exit(3)


@app.command(
    "eval", help=tell("คำนวณสูตร", "Evaluate expressions.")
)  # the name a user types; `eval` itself is Python's
def evaluate(
    expression: Annotated[str | None, typer.Argument(metavar="[EXPRESSION]")] = None,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help=tell(
                "อ่านบรรทัด JSON จาก stdin", "Read a JSON object a line from stdin."
            ),
        ),
    ] = False,
    answers: Annotated[
        str, typer.Option(metavar="JSON", help=tell("คำตอบ", "Answers, as JSON."))
    ] = "{}",
) -> None:
    """Print the value of an expression, or one for each line."""
    import json

    from fieldkit.cli.form_eval import evaluate_lines

    if jsonl:
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        for line in evaluate_lines(sys.stdin):
            typer.echo(line)
        return
    if expression is None:
        raise typer.BadParameter(tell("ขาดสูตร", "No expression was given."))
    asked = {"expression": expression, "answers": read_json(answers)}
    said = next(iter(evaluate_lines([json.dumps(asked)])))
    typer.echo(said)
    if "error" in json.loads(said):
        raise typer.Exit(3)


def _finding(found: "Finding") -> dict[str, object]:
    told = {
        "message": found.error.message(language()),
        "hint": found.error.hint(language()),
    }
    return {"code": found.code, "path": found.path, "row": found.row} | {
        "column": found.column,
        **told,
    }


def _forms(ctx: typer.Context) -> "Forms":
    """Return the workspace's forms, or those that ship with the program."""
    from fieldkit.client.library import shipped_forms

    place = place_of(ctx)
    if not place.directory:
        return shipped_forms()
    with place.open() as workspace:
        return workspace.forms()


def _published(forms: "Forms") -> Mapping[tuple[str, int], bytes]:
    keys = [(form_id, v) for form_id in forms for v in forms.versions(form_id)]
    return {key: forms.get(*key).hash for key in keys}


def _with_lists_beside(forms: "Forms", file: Path) -> "Forms":
    """Return ``forms`` and the lists that lie in the same library as ``file``."""
    beside = file.resolve().parent.parent.parent / "lists"
    found = [path for path in sorted(beside.glob("*/*.yaml")) if path.stem.isdigit()]
    texts = {path.as_posix(): path.read_text("utf-8") for path in found}
    return forms.with_texts(texts) if texts else forms


def _text(label: "Label") -> str:
    return label.in_language(language())


def _summary(form: "Form") -> dict[str, object]:
    return {
        "form_id": form.form_id,
        "version": form.version,
        "title": _label(form.title),
        "kind": form.kind,
        "subject": form.subject,
        "hash": form.hash,
    }


def _label(label: "Label") -> dict[str, str]:
    return {"th": label.th, "en": label.en, **dict(label.others)}


def _question(question: "Question") -> dict[str, object]:
    rules = {
        name: expression.text
        for name in ("required", "relevant", "constraint", "calculation", "default")
        if (expression := getattr(question, name)) is not None
    }
    choices = [{"name": c.name, "label": _label(c.label)} for c in question.choices]
    return {
        "path": question.path,
        "type": question.type,
        "label": _label(question.label),
        "hint": _label(question.hint) if question.hint else None,
        **rules,
        "choices": choices,
        "merge": question.merge,
        "sensitivity": question.sensitivity,
    }
