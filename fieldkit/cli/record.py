"""``fieldkit record``: add, show, edit, find, bring in and give out records."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldkit.cli.screen import (
    Json,
    print_json,
    print_table,
    progress,
    read_json,
    say,
    wrong_use,
)
from fieldkit.cli.speech import counted, tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.client.importing import ImportReport
    from fieldkit.client.workspace import Workspace
    from fieldkit.records.history import Event
    from fieldkit.records.record import Record

app = typer.Typer(no_args_is_help=True, help=tell("รายการที่บันทึก", "Records."))
FormId = Annotated[
    str, typer.Argument(metavar="FORM", help=tell("รหัสแบบฟอร์ม", "The form's id."))
]
RecordId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help=tell("รหัสรายการ หรือต้นรหัส", "The record's id or its beginning."),
    ),
]
_REFUSED_SHOWN = 20


@app.command(help=tell("บันทึกรายการใหม่", "Add a record."))
def add(
    ctx: typer.Context,
    form_id: FormId,
    answers: Annotated[
        str,
        typer.Option(
            metavar="FILE|-",
            help=tell("คำตอบเป็น JSON; ไม่ระบุจะถามทีละข้อ", "Answers as JSON; else asks."),
        ),
    ] = "",
    subject: Annotated[
        str,
        typer.Option(metavar="ID", help=tell("เป็นของรายการใด", "Whose record it is.")),
    ] = "",
    as_json: Json = False,
) -> None:
    """Keep a new record: of a file's answers, or asking question by question."""
    from fieldkit.cli.interviewing import ask_form

    with place_of(ctx).open() as ws:
        if answers:
            given = _read_answers(answers)
            record_id: bytes | None = ws.add(form_id, given, subject or None)
        else:
            form = ws.form(form_id)
            asked = subject or (_ask_subject(form.subject) if form.subject else "")
            whose = ws.subject_of(form, asked) if form.subject else None
            record_id = ask_form(ws, form, whose)
    if record_id is None:
        return
    if as_json:
        print_json({"id": record_id})
    else:
        say(f"บันทึกแล้ว รหัส {record_id.hex()}", f"Saved as {record_id.hex()}.")


def _ask_subject(kind: str) -> str:
    asked: str = typer.prompt(
        tell(f"รหัสของ {kind} (ค้นด้วย fieldkit record find)", f"Id of the {kind}")
    )
    return asked


def _read_answers(name: str) -> Mapping[str, object]:
    text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    value = read_json(text)
    if not isinstance(value, dict):
        wrong_use("คำตอบต้องเป็น JSON แบบ {…}", "Answers are a JSON object: {…}.")
    return value


@app.command(help=tell("แสดงรายการ", "Show a record."))
def show(
    ctx: typer.Context,
    record_id: RecordId,
    history: Annotated[
        bool, typer.Option("--history", help=tell("ใครแก้อะไรเมื่อใด", "Who wrote what."))
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a record says, or who wrote what in it."""
    with place_of(ctx).open() as ws:
        record = ws.record(record_id)
        if history:
            _show_history(ws, record, as_json=as_json)
        elif as_json:
            print_json(_record_items(ws, record))
        else:
            _show_record(ws, record)


def _show_record(ws: "Workspace", record: "Record") -> None:
    from fieldkit.cli.showing import label_of, mark_text, value_text

    form = ws.form_or_none(record.form_id)
    said = ws.said(record)
    life = "" if said.life == "live" else f" [{said.life}]"
    typer.echo(f"{record.form_id} {record.id.hex()}{life}")
    if record.subject is not None:
        say(f"ของ {record.subject.hex()}", f"of {record.subject.hex()}")
    for register, value in said.answers.items():
        if value is None:
            continue
        marks = {mark_text(s.mark) for s in record.siblings(register)} - {""}
        note = f"  ({', '.join(sorted(marks))})" if marks else ""
        text = value_text(form, register, value)
        typer.echo(f"  {label_of(form, register)}: {text}{note}")
    for found in ws.records_of(record.id):
        typer.echo(f"  → {found.form_id} {found.id.hex()}")


def _record_items(ws: "Workspace", record: "Record") -> dict[str, Any]:
    from fieldkit.client.exporting import plain
    from fieldkit.merge.policies import Contested

    said = ws.said(record)
    answers = {
        name: {"contested": [plain(one) for one in value.values]}
        if isinstance(value, Contested)
        else plain(value)
        for name, value in said.answers.items()
    }
    marks = {
        name: sorted({s.mark for s in siblings})
        for name, siblings in record.registers.items()
        if any(s.mark != "applied" for s in siblings)
    }
    return {
        "id": record.id,
        "form_id": record.form_id,
        "subject": record.subject,
        "life": said.life,
        "label": ws.label(record),
        "answers": answers,
        "marks": marks,
        "conflicts": [one.id for one in ws.conflicts(record.id)],
        "records": [
            {"id": f.id, "form_id": f.form_id} for f in ws.records_of(record.id)
        ],
    }


def _show_history(ws: "Workspace", record: "Record", *, as_json: bool) -> None:
    from fieldkit.cli.showing import label_of, person_and_time, value_text

    form = ws.form_or_none(record.form_id)
    events = ws.history(record.id)
    if as_json:
        print_json([_event_items(ws, event) for event in events])
        return
    for e in events:
        if e.after is None and not e.before:
            continue
        before = " / ".join(value_text(form, e.register, one) for one in e.before)
        after = value_text(form, e.register, e.after)
        who = person_and_time(ws, e.person, e.role, e.shown_at)
        why = f" “{e.because}”" if e.because else ""
        change = f"{before} → {after}" if before else after
        typer.echo(f"{who}  {label_of(form, e.register)}: {change}{why}")


def _event_items(ws: "Workspace", event: "Event") -> dict[str, Any]:
    from fieldkit.cli.showing import iso_time
    from fieldkit.client.exporting import plain

    return {
        "register": event.register,
        "before": plain(event.before),
        "after": plain(event.after),
        "person": ws.name_of(event.person),
        "role": event.role,
        "at": iso_time(event.shown_at),
        "because": event.because,
        "dot": str(event.dot),
    }


@app.command(help=tell("แก้รายการ", "Edit a record."))
def edit(
    ctx: typer.Context,
    record_id: RecordId,
    values: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="NAME=VALUE", help=tell("ข้อ=ค่าใหม่", "A new answer.")
        ),
    ],
) -> None:
    """Write new answers over those that are shown."""
    pairs = [one.partition("=") for one in values]
    if not all(sign for _, sign, _ in pairs):
        wrong_use("เขียนเป็น --set ข้อ=ค่า", "Write --set name=value.")
    with place_of(ctx).open() as ws:
        is_new = ws.open_for_edit(record_id).save({n: v for n, _, v in pairs})
    if is_new:
        say("บันทึกแล้ว", "Saved.")
    else:
        say("ไม่มีอะไรเปลี่ยน", "Nothing is new.")


@app.command(help=tell("ค้นหา พิมพ์ส่วนใดของคำก็ได้", "Find, by any part of a word."))
def find(
    ctx: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="TEXT")],
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    as_json: Json = False,
) -> None:
    """Print the records in which every word stands."""
    with place_of(ctx).open() as ws:
        found = ws.find(" ".join(text), limit)
    if as_json:
        print_json(
            [{"id": f.id, "form_id": f.form_id, "label": f.label} for f in found]
        )
        return
    headings = (tell("รหัส", "id"), tell("แบบฟอร์ม", "form"), "")
    print_table(headings, [(f.id.hex(), f.form_id, f.label) for f in found])
    if not found:
        say("ไม่พบ", "Nothing was found.")


@app.command("import", help=tell("นำเข้าจากไฟล์ JSONL หรือ CSV", "Bring in JSONL or CSV."))
def bring_in(
    ctx: typer.Context,
    form_id: FormId,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Keep a record for each row that fits; exit code 4 if any was refused."""
    from fieldkit.exchange.spreadsheets import count_lines, read_rows

    with place_of(ctx).open() as ws, progress("กำลังนำเข้า", "bringing in") as bar:
        total = count_lines(file)
        report = ws.import_rows(form_id, read_rows(file), bar, total)
    if as_json:
        refused = [{"line": r.line, "th": r.reason_th, "en": r.reason_en}
                   for r in report.refused]  # fmt: skip
        ids = [one.hex() for one in report.ids]
        print_json({"saved": report.saved, "ids": ids, "refused": refused})
    else:
        _tell_report(report)
    if report.refused:
        raise typer.Exit(4)


def _tell_report(report: "ImportReport") -> None:
    saved = counted(report.saved, "record")
    say(f"นำเข้าแล้ว {report.saved} รายการ", f"Brought in {saved}.")
    for one in report.refused[:_REFUSED_SHOWN]:
        say(f"บรรทัด {one.line}: {one.reason_th}", f"line {one.line}: {one.reason_en}")
    if len(report.refused) > _REFUSED_SHOWN:
        more = len(report.refused) - _REFUSED_SHOWN
        say(f"และอีก {more} บรรทัด (ดูด้วย --json)", f"and {more} more (see --json)")
    if count := len(report.refused):
        say(
            f"ไม่ได้นำเข้า {count} บรรทัด แก้แล้วนำเข้าเฉพาะบรรทัดเหล่านั้น",
            f"{counted(count, 'line')} refused; correct and bring in only those.",
        )


@app.command(help=tell("ส่งออกเป็นไฟล์ JSONL หรือ CSV", "Give out as JSONL or CSV."))
def export(
    ctx: typer.Context,
    form_id: FormId,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")],
) -> None:
    """Write the records of a form; the file is not encrypted."""
    from fieldkit.client.exporting import columns_of
    from fieldkit.client.files import write_whole
    from fieldkit.exchange.spreadsheets import csv_pieces, jsonl_pieces, kind_of

    kind = kind_of(output)
    with place_of(ctx).open() as ws:
        rows = ws.export_rows(form_id)
        columns = columns_of(ws.form(form_id))
        pieces = csv_pieces(rows, columns) if kind == "csv" else jsonl_pieces(rows)
        write_whole(output, pieces)
    say(
        f"เขียนแล้ว {output} ไฟล์นี้ไม่ได้เข้ารหัส กรุณาเก็บให้ปลอดภัย",
        f"Wrote {output}. This file is not encrypted: keep it safe.",
    )
