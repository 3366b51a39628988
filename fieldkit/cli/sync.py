"""``fieldkit sync``: send what was saved, and fetch what is new."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldkit.cli.screen import (
    Json,
    print_json,
    progress,
    say,
    show_error,
    show_warning,
)
from fieldkit.cli.speech import counted, tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.client.syncing import SyncReport


def sync(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(help=tell("ที่อยู่เซิร์ฟเวอร์", "The server's address.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Send what was saved, and fetch what is new."""
    from dataclasses import asdict

    from fieldkit.cli.notice import print_notices

    with place_of(ctx).open() as ws:
        with progress("กำลังซิงก์", "syncing") as bar:
            report = ws.sync(url, lambda _, done, total: bar(done, total))
        if as_json:
            items = asdict(report) | {"refused": [one.code for one in report.refused]}
            print_json(items)
            return
        _tell_report(report)
        if ws.conflicts():
            say(
                "มีเรื่องที่ต้องตัดสิน: fieldkit conflict list",
                "There is something to settle: fieldkit conflict list",
            )
        print_notices(ws, ws.new_notices())


def _tell_report(report: "SyncReport") -> None:
    say(
        f"ส่งแล้ว {report.sent} ชุด รับมา {report.received} ส่วน",
        f"Sent {counted(report.sent, 'batch')},"
        f" received {counted(report.received, 'part')}.",
    )
    if report.stored:
        say(
            f"ฝากไว้ที่จุดรับฝาก {report.stored} ชุด",
            f"Left with a relay: {counted(report.stored, 'batch')}.",
        )
    if report.delivered or report.fetched:
        up, down = report.delivered, report.fetched
        say(
            f"ส่งแทนผู้อื่น {up} ซอง รับมาให้ผู้อื่น {down} ซอง",
            f"For others: handed in {counted(up, 'envelope')}, fetched {down}.",
        )
    if not report.certified:
        show_warning(
            "จังหวัดยังไม่รับรองเครื่องนี้ งานที่ส่งไปถูกเก็บไว้ครบ"
            " กรุณาแจ้งผู้ประสานงานให้ตรวจ ระหว่างนี้ทำงานต่อได้",
            "The province has not certified this laptop; what was sent is kept."
            " Tell your coordinator to look at it, and go on working.",
        )
    for error in report.refused:
        show_error(error)
