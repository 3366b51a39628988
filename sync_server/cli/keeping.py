"""Keeping safe: backups, the way back, and looking after the server."""

from pathlib import Path
from typing import Annotated

import typer

from fieldkit.crypto.keys import Identity
from fieldkit.sync.envelope import keys_by_id
from sync_server.cli.place import iso_time, now_ms, opened
from sync_server.cli.speech import Json, note, print_rows, say, tell
from sync_server.keys import read_recovery

_FAULTY = 1


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    keep: Annotated[
        int,
        typer.Option(
            min=0,
            help=tell(
                "นับเฉพาะชุดสำรองล่าสุดกี่ชุด (0 = ทั้งหมด)",
                "Count only so many newest backups as kept (0 = all).",
            ),
        ),
    ] = 0,
) -> None:
    """Write everything into one sealed file, while the server runs."""
    from sync_server.backup import write_backup

    province = opened(ctx)
    storage = province.open_storage()
    try:
        made = write_backup(
            file, storage, province.ledger, province.keys.sealing, now_ms()
        )
    finally:
        storage.close()
    if keep:
        for old in province.ledger.generations()[:-keep]:
            province.ledger.forget_generation(old.number)
    say(
        f"สำรองชุดที่ {made.number} ถึงตำแหน่ง {made.head} ไว้ที่ {file} และอ่านทวนแล้ว",
        f"Backup {made.number}, up to position {made.head}, is in {file}; "
        "it was read back.",
    )


def backups(
    ctx: typer.Context,
    forget: Annotated[
        int | None, typer.Option(help=tell("เลิกนับชุดนี้", "Count this one no more."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the backups that count as kept."""
    ledger = opened(ctx).ledger
    if forget is not None:
        ledger.forget_generation(forget)
    rows = [
        {
            "number": one.number,
            "head": one.head,
            "batches": len(one.batches),
            "made_at": iso_time(one.made_at_ms),
            "path": one.path,
            "there": Path(one.path).exists(),
        }
        for one in ledger.generations()
    ]
    print_rows(rows, as_json=as_json)


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    recovery_key: Annotated[
        Path | None,
        typer.Option(help=tell("ไฟล์กุญแจกู้คืน", "The recovery key's file.")),
    ] = None,
) -> None:
    """Go back to a backup, as a new log; laptops fill the gap."""
    from sync_server.restoring import restore_province

    province = opened(ctx)
    extra: list[Identity] = [read_recovery(recovery_key)] if recovery_key else []
    keys = {**province.keys.sealing, **keys_by_id(*extra)}
    restored = restore_province(province, file, keys, now_ms())
    say(
        f"กู้คืนถึงตำแหน่ง {restored.head} เป็นบันทึกชุดที่ {restored.number}",
        f"Restored up to position {restored.head}, as log number {restored.number}.",
    )
    if restored.kept_aside is not None:
        note(
            f"ฐานข้อมูลเดิมเก็บไว้ที่ {restored.kept_aside}",
            f"The database that was there is kept in {restored.kept_aside}.",
        )


def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Open every batch again and build every record anew."""
    from sync_server.verifying import verify_province

    result = verify_province(opened(ctx))
    print_rows([result.summary()], as_json=as_json)
    for fault in result.faults:
        typer.secho(tell(*fault), fg="red", err=True)
    if result.faults:
        raise typer.Exit(_FAULTY)


def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """Look after the server; each finding says what to do."""
    from sync_server.cli.place import settings_of
    from sync_server.doctor import examine

    findings = examine(settings_of(ctx), now_ms())
    rows = [
        {
            "ok": finding.is_well,
            "what": finding.what,
            "said": tell(finding.thai, finding.english),
        }
        for finding in findings
    ]
    print_rows(rows, as_json=as_json)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(_FAULTY)
