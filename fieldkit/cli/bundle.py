"""``fieldkit bundle``: work on a stick, our own and what we carry for others."""

from pathlib import Path
from typing import Annotated

import typer

from fieldkit.cli.screen import Json, print_json, say, show_error
from fieldkit.cli.speech import counted, tell
from fieldkit.cli.workspace import place_of

app = typer.Typer(
    no_args_is_help=True,
    help=tell("ส่งงานทางไฟล์หรือแฟลชไดรฟ์", "Send work in a file, on a stick."),
)


@app.command("out", help=tell("เขียนชุดข้อมูลลงไฟล์", "Write a bundle."))
def bundle_out(
    ctx: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=tell("ไฟล์หรือโฟลเดอร์", "File or folder.")),
    ],
    as_json: Json = False,
) -> None:
    """Write what is to travel, our own and what we carry for others."""
    with place_of(ctx).open() as ws:
        path, count = ws.bundle_out(target)
    if as_json:
        print_json({"path": str(path), "envelopes": count})
    else:
        how_many = counted(count, "envelope")
        say(f"เขียนแล้ว {path} ({count} ซอง)", f"Wrote {path} ({how_many}).")


@app.command("in", help=tell("รับชุดข้อมูลจากไฟล์", "Take a bundle in."))
def bundle_in(
    ctx: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=tell("ไฟล์หรือโฟลเดอร์", "File or folder.")),
    ],
    as_json: Json = False,
) -> None:
    """Take in what is ours, and keep the rest to be carried on."""
    from fieldkit.cli.notice import print_notices

    with place_of(ctx).open() as ws:
        brought = ws.bundle_in(source)
        if as_json:
            codes = [one.code for one in brought.faults]
            print_json(
                {"ours": brought.ours, "carried": brought.carried, "faults": codes}
            )
        else:
            ours, others = brought.ours, brought.carried
            say(
                f"รับแล้ว ของเครื่องนี้ {ours} ซอง ถือต่อให้ผู้อื่น {others} ซอง",
                f"Took in {ours} of ours, carrying {others} for others.",
            )
            print_notices(ws, ws.new_notices())
    for error in brought.faults:
        show_error(error)
    if brought.faults:
        raise typer.Exit(brought.faults[0].exit_code)
