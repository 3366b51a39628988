"""The doctor: looks after a server, and says of each finding what to do."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from fieldkit.errors import FieldKitError
from fieldkit.sync.entries import read_entry
from sync_server.core.core import ENROLMENTS
from sync_server.keys import find_fault
from sync_server.opening import Opened, open_province
from sync_server.settings import Settings
from sync_server.storage.contract import Storage

DAY_MS: Final = 86_400_000
EXPIRY_DAYS: Final = 60
BACKUP_DAYS: Final = 7
CLOCK_SLACK_MS: Final = 600_000
_ROOT_MARKS: Final = (b"fieldkit-key 1 root ", b"fieldkit-key 1 recovery ")


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        what: a stable word for programs.
        is_well: whether nothing has to be done.
        thai: what was found, and what to do.
        english: the same.
    """

    what: str
    is_well: bool
    thai: str
    english: str


def examine(settings: Settings, now_ms: int) -> list[Finding]:
    """Return what was found; a province that does not open is one finding."""
    findings = list(_files(settings))
    try:
        province = open_province(settings)
        storage = province.open_storage()
    except FieldKitError as error:
        return [*findings, _of_error("open", error)]
    try:
        looks: tuple[Callable[[Opened, Storage, int], Finding], ...] = (
            _clock, _roster, _disk, _agreement, _backups, _waiting,
        )  # fmt: skip
        findings += [look(province, storage, now_ms) for look in looks]
    finally:
        storage.close()
    return findings


def _of_error(what: str, error: FieldKitError) -> Finding:
    thai = f"{error.message('th')} {error.hint('th')}"
    return Finding(what, False, thai, str(error))


def _files(settings: Settings) -> Iterator[Finding]:
    places = [settings.keys_folder, *sorted(settings.keys_folder.glob("*.key"))]
    faults = [fault for path in places if (fault := find_fault(path))]
    yield from (_of_error("permissions", fault) for fault in faults)
    if not faults:
        yield Finding(
            "permissions",
            True,
            "กุญแจอ่านได้เฉพาะเจ้าของ",
            "Only the owner reads the keys.",
        )
    # A root key left here by mistake undoes what roots are for.
    left = [path for path in settings.dir.rglob("*") if _is_root_key(path)]
    for path in left:
        yield Finding(
            "root_key", False,
            f"พบกุญแจหลัก {path} ในเครื่องแม่ข่าย ให้ย้ายออกไปเก็บที่อื่น",
            f"There is a root key in {path}. Take it away from this machine.",
        )  # fmt: skip


def _is_root_key(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > 1_024:  # noqa: PLR2004
        return False
    return path.read_bytes().startswith(_ROOT_MARKS)


def _clock(province: Opened, _storage: Storage, now_ms: int) -> Finding:
    last = read_entry(province.ledger.roster_entries()[-1]).issued_at_ms
    if now_ms + CLOCK_SLACK_MS >= last:
        return Finding("clock", True, "นาฬิกาเดินปกติ", "The clock is well.")
    return Finding(
        "clock", False,
        "นาฬิกาของเครื่องช้ากว่ารายการล่าสุดในทะเบียน ให้ตั้งเวลาใหม่",
        "The clock is behind the roster's last entry. Set it.",
    )  # fmt: skip


def _roster(province: Opened, _storage: Storage, now_ms: int) -> Finding:
    days = (province.ledger.roster().expires_ms - now_ms) // DAY_MS
    if days > EXPIRY_DAYS:
        return Finding(
            "roster",
            True,
            f"ทะเบียนใช้ได้อีก {days} วัน",
            f"The roster is good for {days} days.",
        )
    return Finding(
        "roster", False,
        f"ทะเบียนจะหมดอายุใน {max(days, 0)} วัน ให้ผู้ถือกุญแจหลักต่ออายุ งานเก็บข้อมูลยังทำต่อได้",
        f"The roster expires in {max(days, 0)} days. Ask who holds the root keys to "
        "renew it; data entry goes on.",
    )  # fmt: skip


def _disk(province: Opened, _storage: Storage, _now_ms: int) -> Finding:
    free = shutil.disk_usage(province.settings.dir).free
    mib = free >> 20
    if free >= province.settings.disk_free_bytes_min:
        return Finding("disk", True, f"ดิสก์ว่าง {mib} MiB", f"{mib} MiB free.")
    return Finding(
        "disk", False,
        f"ดิสก์เหลือ {mib} MiB ให้ลบไฟล์อื่นหรือเพิ่มดิสก์ อย่าลบโฟลเดอร์ของ FieldKit",
        f"Only {mib} MiB free. Add a disk, or delete files that are not FieldKit's.",
    )  # fmt: skip


def _agreement(province: Opened, storage: Storage, _now_ms: int) -> Finding:
    """Tell whether the database lies within what the ledger remembers."""
    followed = len(storage.get("roster_positions") or b"") // 8
    known = len(province.ledger.roster_entries())
    log = province.ledger.incarnations()
    if followed <= known and log and log[-1][1] <= storage.head():
        return Finding(
            "agreement", True, "สมุดทะเบียนกับฐานข้อมูลตรงกัน", "Ledger and database agree."
        )
    return Finding(
        "agreement", False,
        "ฐานข้อมูลไม่ตรงกับสมุดทะเบียน อาจมีการคัดลอกไฟล์กลับ ให้กู้คืนด้วยคำสั่ง restore เท่านั้น",
        "Database and ledger do not agree: perhaps a file was copied back. "
        "Go back with `restore` only.",
    )  # fmt: skip


def _backups(province: Opened, _storage: Storage, now_ms: int) -> Finding:
    kept = province.ledger.generations()
    missing = [one for one in kept if not Path(one.path).exists()]
    if missing:
        one = missing[0]
        return Finding(
            "backups", False,
            f"ไม่พบไฟล์สำรองชุดที่ {one.number} ({one.path}) "
            f"หากทิ้งแล้วให้สั่ง backups --forget {one.number}",
            f"Backup {one.number} is not at {one.path}. If it is gone for good, "
            f"run `backups --forget {one.number}`.",
        )  # fmt: skip
    if kept and now_ms - kept[-1].made_at_ms <= BACKUP_DAYS * DAY_MS:
        return Finding("backups", True, "มีชุดสำรองล่าสุด", "There is a recent backup.")
    return Finding(
        "backups", False,
        "ไม่มีชุดสำรองใน 7 วันนี้ ให้สั่ง backup ไปยังดิสก์อื่น",
        "No backup within 7 days. Run `backup` to another disk.",
    )  # fmt: skip


def _waiting(province: Opened, storage: Storage, now_ms: int) -> Finding:
    """Tell whether a laptop asks to be certified and nobody has looked."""
    count = len(province.office.waiting(storage.facts(ENROLMENTS).values(), now_ms))
    if not count:
        return Finding("waiting", True, "ไม่มีเครื่องที่รอการรับรอง", "No laptop waits.")
    return Finding(
        "waiting", False,
        f"มี {count} เครื่องรอการรับรอง ดูด้วย fieldkit-server roster waiting",
        f"{count} waiting to be certified: see `fieldkit-server roster waiting`.",
    )  # fmt: skip
