"""``fieldkit status``: what waits, what was accepted, and what to look at."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldkit.cli.screen import Json, print_json, say, show_warning
from fieldkit.cli.speech import counted, tell
from fieldkit.cli.workspace import place_of

if TYPE_CHECKING:
    from fieldkit.client.standing import Status


def status(
    ctx: typer.Context,
    digests: Annotated[
        list[str] | None,
        typer.Option(
            "--digest",
            metavar="AREA",
            help=tell("แสดงลายนิ้วมือข้อมูลของพื้นที่", "Show the digest of an area."),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print where this person's work stands."""
    from fieldkit.cli.notice import print_notices

    with place_of(ctx).open() as ws:
        stands = ws.status()
        found = ws.digests(digests) if digests else {}
        if as_json:
            print_json(_items(stands) | {"digests": found})
            return
        _print_status(stands)
        for area, digest in found.items():
            typer.echo(f"{area}  {digest}")
        print_notices(ws, ws.notices())


def _items(stands: "Status") -> dict[str, object]:
    from dataclasses import asdict

    from fieldkit.cli.showing import iso_time

    items = asdict(stands)
    oldest, expires = items.pop("oldest_ms"), items.pop("expires_ms")
    items["oldest"] = None if oldest is None else iso_time(oldest)
    items["expires"] = iso_time(expires)
    return items


def _print_status(stands: "Status") -> None:
    from fieldkit.cli.showing import role_text, time_text

    role = role_text(stands.role)
    typer.echo(f"{stands.name} · {role} · {stands.province} · {_areas(stands)}")
    here = counted(stands.records, "record")
    say(f"ข้อมูลในเครื่อง {stands.records} รายการ", f"{here} here")
    waits = stands.local + stands.travelling
    since = f" ({time_text(stands.oldest_ms)})" if stands.oldest_ms is not None else ""
    say(
        f"รอส่ง {stands.local}{since} · อยู่ระหว่างทาง {stands.travelling}"
        f" · จังหวัดรับแล้ว {stands.accepted} · สำรองแล้ว {stands.durable}",
        f"to send {stands.local}{since} · on the way {stands.travelling}"
        f" · accepted {stands.accepted} · backed up {stands.durable}",
    )
    if waits == 0:
        say("ส่งครบทุกรายการแล้ว", "Everything was sent.")
    _print_warnings(stands)


def _print_warnings(stands: "Status") -> None:
    from fieldkit.cli.showing import time_text
    from fieldkit.client.clock import SystemClock
    from fieldkit.client.standing import WARN_MS

    if not stands.certified:
        say(
            "จังหวัดยังไม่รู้จักเครื่องนี้ ซิงก์หรือส่งแฟลชไดรฟ์ก่อน"
            " ถ้าส่งแล้วยังเห็นข้อความนี้ กรุณาแจ้งผู้ประสานงาน",
            "The province does not know this laptop yet. Sync or send a stick first;"
            " if you have, tell your coordinator.",
        )
    if stands.waiting:
        say(f"รอการตรวจ {stands.waiting}", f"{stands.waiting} wait for a look")
    if stands.conflicts:
        say(
            f"มี {stands.conflicts} เรื่องที่ต้องตัดสิน (fieldkit conflict list)",
            f"{stands.conflicts} to settle (fieldkit conflict list)",
        )
    if stands.drafts:
        unfinished = counted(stands.drafts, "unfinished form")
        say(f"แบบฟอร์มที่ทำค้างไว้ {stands.drafts}", unfinished)
    if stands.letters:
        say(
            f"ถือซองของผู้อื่นอยู่ {stands.letters} ซอง",
            f"carrying {counted(stands.letters, 'envelope')} of others",
        )
    if stands.doubtful_clock:
        show_warning(
            "นาฬิกาของเครื่องนี้ไม่ถูกต้อง งานยังบันทึกได้ กรุณาตั้งวันเวลาใหม่",
            "This computer's clock is wrong; work is saved anyway. Please set it.",
        )
    if SystemClock().now_ms() > stands.expires_ms - WARN_MS:
        day = time_text(stands.expires_ms)
        show_warning(
            f"รายชื่อของจังหวัดหมดอายุ {day} งานยังบันทึกได้ แจ้งผู้ประสานงาน",
            f"The roster expires {day}; work goes on. Tell your coordinator.",
        )


def _areas(stands: "Status") -> str:
    return ", ".join(stands.areas) or "—"
