"""The province: founding it, its villages, its forms."""

import csv
import re
from pathlib import Path
from typing import Annotated

import typer

from fieldkit.errors import FormError
from fieldkit.thai.areas import areas
from sync_server.cli.place import now_ms, opened
from sync_server.cli.speech import Json, note, print_json, say, tell
from sync_server.issuing import Text
from sync_server.keys import recovery_path
from sync_server.settings import Settings

areas_app = typer.Typer(
    no_args_is_help=True, help=tell("หมู่บ้านของจังหวัด", "The province's villages.")
)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    province: Annotated[
        str, typer.Option(help=tell("รหัสจังหวัด 2 หลัก", "Two-digit code."))
    ],
    name: Annotated[str, typer.Option(help=tell("ชื่อศูนย์", "The name of its centre."))],
    root_key: Annotated[
        list[Path],
        typer.Option(
            help=tell(
                "ไฟล์กุญแจหลัก อยู่นอก DIR ใช้ซ้ำได้หลายครั้ง",
                "Where to write a root key, outside DIR; may be repeated.",
            )
        ),
    ],
    threshold: Annotated[
        int,
        typer.Option(
            min=1, help=tell("ต้องใช้กุญแจหลักกี่ดอก", "How many root keys must sign.")
        ),
    ] = 1,
) -> None:
    """Found a province."""
    from sync_server.founding import Foundation, found

    place = areas().get(province)
    foundation = Foundation(
        area=place.code, name=name, root_paths=root_key, threshold=threshold
    )
    roster = found(Settings(dir=folder), foundation, now_ms())
    mark, recovery = roster.fingerprint.hex(), recovery_path(root_key[0])
    say(
        f"ตั้งเครื่องแม่ข่ายจังหวัด{place.th}แล้ว ลายนิ้วมือ {mark}",
        f"Founded {place.en}. Fingerprint {mark}",
    )
    note(
        f"เก็บ {', '.join(map(str, root_key))} และ {recovery} ไว้นอกเครื่องนี้ ในที่ปลอดภัย",
        f"Take {', '.join(map(str, root_key))} and {recovery} away from this machine, "
        "to a safe place.",
    )


@areas_app.command("import", help=tell("นำเข้าหมู่บ้านจาก CSV", "Import a CSV file."))
def import_areas(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="VILLAGES.CSV")]
) -> None:
    """Add villages of a CSV file (code, th, en)."""
    province = opened(ctx)
    count = province.office.add_villages(read_villages(file), now_ms())
    say(f"เพิ่ม {count} หมู่บ้าน", f"{count} villages added.")


@areas_app.command("list", help=tell("แสดงหมู่บ้าน", "List the villages."))
def list_areas(ctx: typer.Context, as_json: Json = False) -> None:
    """List the villages that were added."""
    found = opened(ctx).ledger.roster().areas
    if as_json:
        rows = [{"code": one, "th": th, "en": en} for one, (th, en) in found.items()]
        print_json(rows)
        return
    for code, names in sorted(found.items()):
        typer.echo("\t".join((code, *names)))


def read_villages(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file: ``code``, ``th``, perhaps ``en``."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            {str(key): value or "" for key, value in row.items() if key}
            for row in csv.DictReader(lines)
        ]
    if any(not row.keys() >= {"code", "th"} for row in rows):
        raise typer.BadParameter(
            tell("ไฟล์ต้องมีคอลัมน์ code และ th", "The file needs the columns code and th.")
        )
    return rows


def publish(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FORM.YAML…")],
) -> None:
    """Publish forms or lists; a published version never changes."""
    texts = sorted(
        (read_text(file) for file in files), key=lambda one: one[0] == "form"
    )
    new = opened(ctx).office.publish(texts, now_ms())
    for kind, name, version, _ in new:
        say(f"เผยแพร่ {kind} {name} รุ่น {version}", f"Published {kind} {name} {version}")
    if not new:
        say("เผยแพร่ไว้แล้วทั้งหมด", "All of it was published before.")


_HEAD = re.compile(r"^(form_id|list_id|version):\s*['\"]?([\w-]+)", re.MULTILINE)


def read_text(file: Path) -> Text:
    """Return a form or list file as it is published.

    Raises:
        FormError: it says neither what it is nor which version.
    """
    text = file.read_bytes()
    head = dict(_HEAD.findall(text.decode("utf-8", "replace")))
    kind = "form" if "form_id" in head else "list"
    if f"{kind}_id" not in head or not head.get("version", "").isdecimal():
        raise FormError("form.not_a_form", path=str(file), row=1, column=1)
    return kind, head[f"{kind}_id"], int(head["version"]), text
