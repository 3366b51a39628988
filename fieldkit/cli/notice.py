"""``fieldkit notice``: values of ours that were not kept; put away, or brought back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from fieldkit.cli.screen import Json, print_json, say, wrong_use
from fieldkit.cli.speech import tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.client.workspace import Workspace
    from fieldkit.sync.replica import Notice

app = typer.Typer(
    no_args_is_help=True,
    help=tell("ค่าของท่านที่ไม่ได้เก็บไว้", "Your values that were not kept."),
)


@app.command("list", help=tell("แสดงทั้งหมด", "List them."))
def list_notices(
    ctx: typer.Context,
    also_seen: Annotated[
        bool,
        typer.Option("--all", help=tell("รวมที่เก็บไปแล้ว", "Those put away, too.")),
    ] = False,
    as_json: Json = False,
) -> None:
    """Print which values of ours were not kept, by whom and why."""
    with place_of(ctx).open() as ws:
        found = ws.notices(seen=also_seen)
        if as_json:
            print_json([_items(ws, number, one) for number, one in found.items()])
            return
        print_notices(ws, found)
    if not found:
        say("ไม่มีเรื่องแจ้ง", "Nothing to tell.")


@app.command(help=tell("รับทราบและเก็บไป", "Put away what you have read."))
def seen(
    ctx: typer.Context,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="NUMBER…", help=tell("หมายเลข", "Which.")),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=tell("ทั้งหมด", "All of them."))
    ] = False,
) -> None:
    """Put notices away; they can still be listed with ``--all``."""
    if bool(numbers) == everything:
        wrong_use("ระบุหมายเลข หรือ --all", "Give numbers, or --all.")
    with place_of(ctx).open() as ws:
        chosen = list(ws.notices()) if everything else numbers or []
        for number in chosen:
            ws.see_notice(number)
    say(f"เก็บแล้ว {len(chosen)} เรื่อง", f"Put away: {len(chosen)}.")


@app.command(help=tell("นำค่าของท่านกลับมา", "Bring your value back."))
def restore(
    ctx: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", help=tell("หมายเลข", "Which."))
    ],
    because: Annotated[
        str | None,
        typer.Option("--because", metavar="TEXT", help=tell("เหตุผล", "Why.")),
    ] = None,
) -> None:
    """Put a value that was not kept beside the decision, to be looked at again."""
    with place_of(ctx).open() as ws:
        record = ws.bring_back(number, because)
        say(
            f"นำกลับมาแล้ว ผู้ประสานงานจะดูอีกครั้ง {record.hex()[:8]}",
            f"Brought back; it will be looked at again: {record.hex()[:8]}.",
        )


def print_notices(ws: "Workspace", notices: "Mapping[int, Notice]") -> None:
    """Print notices, and what can be done about them."""
    from fieldkit.cli.showing import label_of, time_text

    for number, one in notices.items():
        record = ws.record(one.record_id)
        form = ws.form_or_none(record.form_id)
        names = ", ".join(label_of(form, register) for register in one.registers)
        who, when = ws.name_of(one.person), time_text(one.at)
        say(
            f" {number}) {ws.label(record)}: {who} ไม่ได้เก็บค่าของท่านในข้อ {names}"
            f" ({when}) เพราะ “{one.because or '—'}”",
            f" {number}) {ws.label(record)}: {who} did not keep your {names}"
            f" ({when}), because “{one.because or '—'}”",
        )
    if notices:
        say(
            "รับทราบ: fieldkit notice seen หมายเลข"
            " · นำค่ากลับมา: fieldkit notice restore หมายเลข",
            "Put away: fieldkit notice seen NUMBER"
            " · bring your value back: fieldkit notice restore NUMBER",
        )


def _items(ws: "Workspace", number: int, one: "Notice") -> dict[str, object]:
    from fieldkit.cli.showing import iso_time

    return {
        "number": number,
        "record": one.record_id,
        "registers": one.registers,
        "person": ws.name_of(one.person),
        "because": one.because,
        "at": iso_time(one.at),
        "dot": str(one.dot),
    }
