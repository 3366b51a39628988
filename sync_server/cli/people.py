"""People: inviting them, and the roster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fieldkit.errors import FieldKitError, NotFoundError
from fieldkit.records.layout import CLASSES
from sync_server.cli.place import now_ms, opened
from sync_server.cli.speech import (
    Json,
    language,
    note,
    print_json,
    print_rows,
    say,
    tell,
)
from sync_server.issuing import INVITATION_DAYS, ROLES, Offer, Office, Waiting, new_pin

roster_app = typer.Typer(
    help=tell("แสดงรายชื่อ บทบาท และเครื่อง", "Show people, roles and laptops.")
)


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


@roster_app.callback(invoke_without_command=True)
def roster(ctx: typer.Context, as_json: Json = False) -> None:
    """Show people, roles and laptops."""
    if ctx.invoked_subcommand is not None:
        return
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


@roster_app.command(help=tell("เครื่องที่รอการรับรอง", "Laptops that wait for a look."))
def waiting(ctx: typer.Context, as_json: Json = False) -> None:
    """Show the laptops that nobody has certified, and why."""
    with _waiting(ctx) as (_, found, batches):
        rows = [
            {
                "device": one.enrolment.epoch.hex(),
                "name": one.issued.name if one.issued else "",
                "batches": count,
                "reason": one.reason,
                "may_be_certified": one.may_be_certified,
                "said": FieldKitError(one.reason).message(language())
                if one.reason
                else "",
            }
            for one, count in zip(found, batches, strict=True)
        ]
    print_rows(rows, as_json=as_json)
    if rows and not as_json:
        note(
            "ถามเจ้าของเครื่องก่อน แล้วรับรองด้วย fieldkit-server roster certify รหัส",
            "Ask whose it is, then certify it with fieldkit-server roster certify ID.",
        )
    elif not as_json:
        note("ไม่มีเครื่องที่รอ", "No laptop waits.")


@roster_app.command(help=tell("รับรองเครื่องที่รออยู่", "Certify a laptop that waits."))
def certify(
    ctx: typer.Context,
    device: Annotated[
        str,
        typer.Argument(
            metavar="ID", help=tell("รหัสเครื่อง หรือต้นรหัส", "Its id or its beginning.")
        ),
    ],
) -> None:
    """Certify a laptop after asking whose it is; what it sent is taken in."""
    with _waiting(ctx) as (office, found, _):
        chosen = [
            one for one in found if one.enrolment.epoch.hex().startswith(device.lower())
        ]
        if len(chosen) != 1:
            raise NotFoundError("enrolment.unknown", device=device)
        roster = office.certify(chosen[0], now_ms())
    name = roster.people[chosen[0].enrolment.person]
    say(
        f"รับรองเครื่องของ {name} แล้ว งานที่ส่งมาจะเข้าระบบเอง",
        f"Certified a laptop of {name}; what it sent will be taken in.",
    )


@contextmanager
def _waiting(
    ctx: typer.Context,
) -> Iterator[tuple[Office, list[Waiting], list[int]]]:
    """Give the office, who waits, and how many batches each has sent."""
    from sync_server.core.core import ENROLMENTS

    province = opened(ctx)
    storage = province.open_storage()
    try:
        asked = storage.facts(ENROLMENTS).values()
        found = province.office.waiting(asked, now_ms())
        yield (
            province.office,
            found,
            [len(storage.held(one.enrolment.epoch)) for one in found],
        )
    finally:
        storage.close()
