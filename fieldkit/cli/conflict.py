"""``fieldkit conflict``: see what people say differently, decide, and undo."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldkit.cli.screen import Json, print_json, print_table, say, wrong_use
from fieldkit.cli.speech import tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.client.workspace import Workspace
    from fieldkit.merge.conflict import Conflict

app = typer.Typer(
    no_args_is_help=True,
    help=tell("เรื่องที่บันทึกไว้ต่างกัน", "What people say differently."),
)
Name = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help=tell(
            "รหัสของเรื่องหรือของรายการ พิมพ์เพียงต้นรหัสได้",
            "Of the conflict or its record, or its beginning.",
        ),
    ),
]
Field = Annotated[
    str, typer.Option("--field", metavar="NAME", help=tell("ข้อใด", "Which question."))
]
Reason = Annotated[
    str | None, typer.Option("--because", metavar="TEXT", help=tell("เหตุผล", "Why."))
]


@app.command("list", help=tell("แสดงทุกเรื่อง", "List all."))
def list_conflicts(ctx: typer.Context, as_json: Json = False) -> None:
    """Print what only a person can settle."""
    from fieldkit.cli.showing import conflict_items, kind_text, label_of

    with place_of(ctx).open() as ws:
        found = ws.conflicts()
        if as_json:
            print_json([conflict_items(ws, one) for one in found])
            return
        rows = [
            (
                one.id.hex(),
                ws.label(ws.record(one.record_id)),
                label_of(ws.form_or_none(one.form_id), one.registers[0]),
                kind_text(one.kind),
            )
            for one in found
        ]
        headings = tell("รหัส รายการ ข้อ เรื่อง", "id record question matter").split()
        print_table(headings, rows)
        if not found:
            say("ไม่มีเรื่องที่ต้องตัดสิน", "Nothing to settle.")


@app.command(help=tell("แสดงเรื่องหนึ่ง", "Show one."))
def show(
    ctx: typer.Context, name: Name, field: Field = "", as_json: Json = False
) -> None:
    """Print what each person says, side by side."""
    from fieldkit.cli.showing import conflict_items

    with place_of(ctx).open() as ws:
        one = ws.conflict(name, field)
        if as_json:
            print_json(conflict_items(ws, one))
        else:
            _print_card(ws, one)


def _print_card(ws: "Workspace", one: "Conflict") -> None:
    from fieldkit.cli.showing import kind_text, label_of, person_and_time, value_text

    form = ws.form_or_none(one.form_id)
    label = ws.label(ws.record(one.record_id))
    typer.echo(f"{one.id.hex()}  {label}  ({one.form_id} {one.record_id.hex()[:8]})")
    typer.echo(kind_text(one.kind))
    for place, alternative in enumerate(one.alternatives, 1):
        lead = alternative.lead
        who = person_and_time(ws, lead.person, lead.role, lead.shown_at)
        typer.echo(f" {place}) {lead.dot}  {who}")
        for register, value in zip(one.registers, alternative.values, strict=True):
            typer.echo(
                f"      {label_of(form, register)}: {value_text(form, register, value)}"
            )
        if lead.because:
            typer.echo(f"      “{lead.because}”")


@app.command(help=tell("ตัดสิน", "Settle one."))
def resolve(  # noqa: PLR0913, PLR0917 - a command line has as many parts as it has
    ctx: typer.Context,
    name: Name,
    because: Annotated[
        str, typer.Option("--because", metavar="TEXT", help=tell("เหตุผล", "Why."))
    ],
    field: Field = "",
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="DOT", help=tell("เก็บค่าใด: ลำดับหรือรหัส", "Keep this: place or dot.")
        ),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="V", help=tell("ค่าใหม่ หรือ ข้อ=ค่า", "A new value, or name=value.")
        ),
    ] = None,
) -> None:
    """Write a decision that has seen every value."""
    if (keep is None) == (not value):
        wrong_use("ระบุ --keep หรือ --value อย่างใดอย่างหนึ่ง", "Give --keep or --value.")
    with place_of(ctx).open() as ws:
        values = _values(ws.conflict(name, field), value or [])
        record = ws.resolve(
            name, register=field, keep=keep, values=values, because=because
        )
        say(f"ตัดสินแล้ว {record.hex()[:8]}", f"Settled: {record.hex()[:8]}.")


def _values(conflict: "Conflict", given: list[str]) -> dict[str, object]:
    """Return the values by register: one alone is that of a single register."""
    if len(given) == 1 and len(conflict.registers) == 1:
        name, sign, rest = given[0].partition("=")
        register = conflict.registers[0]
        known = sign and name in {register, register.rpartition("/")[2]}
        return {register: rest if known else given[0]}
    pairs = [one.partition("=") for one in given]
    if not all(sign for _, sign, _ in pairs):
        names = ", ".join(conflict.registers)
        wrong_use(f"ระบุทุกข้อเป็น ข้อ=ค่า: {names}", f"Give each as name=value: {names}.")
    return {_register(conflict, name): value for name, _, value in pairs}


def _register(conflict: "Conflict", name: str) -> str:
    found = [r for r in conflict.registers if name in {r, r.rpartition("/")[2]}]
    return found[0] if found else name


@app.command(help=tell("ยกเลิกการตัดสิน", "Undo a decision."))
def undo(
    ctx: typer.Context, name: Name, field: Field = "", because: Reason = None
) -> None:
    """Bring the former values back side by side."""
    with place_of(ctx).open() as ws:
        record = ws.undo(name, because, field)
        say(
            f"ยกเลิกแล้ว ค่าเดิมกลับมาทั้งหมด {record.hex()[:8]}",
            f"Undone; the former values are back: {record.hex()[:8]}.",
        )
