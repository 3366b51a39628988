"""People: inviting them, and the roster."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fieldkit.records.layout import CLASSES
from sync_server.cli.place import now_ms, opened
from sync_server.cli.speech import Json, note, print_json, print_rows, say, tell
from sync_server.issuing import INVITATION_DAYS, ROLES, Offer, new_pin


def invite(
    ctx: typer.Context,
    role: Annotated[str, typer.Option(metavar="|".join(ROLES))],
    area: Annotated[
        str, typer.Option(help=tell("รหัสพื้นที่ 2–8 หลัก", "Area code, 2 to 8 digits."))
    ],
    name: Annotated[str, typer.Option(help=tell("ชื่อผู้ได้รับเชิญ", "Whom to invite."))],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")],
    pin: Annotated[
        str, typer.Option(help=tell("PIN 6 หลัก", "Six digits; drawn if not given."))
    ] = "",
    url: Annotated[
        list[str] | None, typer.Option(help=tell("ที่อยู่ของเครื่องแม่ข่าย", "Address."))
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="|".join(CLASSES))
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365)] = INVITATION_DAYS,
) -> None:  # fmt: skip
    """Write an invitation file; its PIN is told by mouth."""
    province = opened(ctx)
    offer = Offer(
        role=role,
        area=area,
        name=name,
        classes=tuple(class_ or ()),
        days=days,
        urls=tuple(url or province.settings.urls),
    )
    chosen = pin or new_pin()
    file = province.office.invite(offer, chosen, now_ms())
    write_private(output, file)
    note(
        f"เขียน {output} แล้ว บอก PIN นี้ด้วยปาก ไม่ส่งไปกับไฟล์ จะไม่แสดงอีก:",
        f"Wrote {output}. Tell this PIN by mouth, never with the file; "
        "it is not shown again:",
    )
    typer.echo(chosen)


def write_private(path: Path, data: bytes) -> None:
    """Write a new file, wholly or not at all, that only its owner may read."""
    beside = path.with_name(f".{path.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def roster(ctx: typer.Context, as_json: Json = False) -> None:
    """Show people, roles and laptops."""
    province = opened(ctx)
    found = province.ledger.roster()
    rows = [
        {
            "name": found.people.get(span.person, ""),
            "role": span.role,
            "area": span.area,
            "classes": ",".join(CLASSES[number] for number in span.classes),
            "devices": sum(
                device.revoked is None for device in found.devices_of(span.person)
            ),
            "person": span.person.hex(),
        }
        for spans in found.grants.values()
        for span in spans
        if span.until is None
    ]
    if as_json:
        print_json(
            {
                "name": found.name,
                "area": found.area,
                "fingerprint": found.fingerprint.hex(),
                "version": found.version,
                "invitations": len(found.invitations),
                "people": rows,
            }
        )
        return
    say(f"{found.name} รุ่นที่ {found.version}", f"{found.name}, version {found.version}")
    print_rows(rows, as_json=False)
