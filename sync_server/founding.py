"""Founding a province: its keys, and the first entries of its roster."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.errors import AccessError
from fieldkit.sync.acts import Act
from fieldkit.sync.roster import Roster, fold, make_entry
from sync_server.issuing import Office
from sync_server.keys import (
    ServerKeys,
    check_outside,
    make_private_folder,
    recovery_path,
    write_key,
    write_keys,
)
from sync_server.ledger import Ledger
from sync_server.settings import Settings

DAY_MS: Final = 86_400_000
YEARS_VALID: Final = 2

Text = tuple[str, str, int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What a province begins with.

    Attributes:
        area: the province's two-digit code.
        name: of its centre.
        root_paths: where each root key is written: outside the server's folder.
        threshold: how many of them must sign together.
    """

    area: str
    name: str
    root_paths: Sequence[Path]
    threshold: int = 1


def found(settings: Settings, foundation: Foundation, now_ms: int) -> Roster:
    """Make keys, ledger and roster in an empty folder; return the roster.

    Raises:
        AccessError: there is a province already, or a root key would lie in it.
        CodecError: no such area, or a name that is none.
    """
    for path in (*foundation.root_paths, *map(recovery_path, foundation.root_paths)):
        check_outside(path, settings.dir)
    if settings.keys_folder.exists() or settings.ledger_folder.exists():
        raise AccessError("province.exists", folder=str(settings.dir))
    roots = [SigningKey.generate() for _ in foundation.root_paths]
    recovery, keys = Identity.generate(Suite.HYBRID), ServerKeys.generate()
    acts = _first_acts(foundation, roots, recovery, keys, now_ms)
    first = make_entry(Roster.empty(), acts, now_ms, roots)
    fold(Roster.empty(), [first])  # refuses what nobody could use, before any file
    make_private_folder(settings.dir)
    make_private_folder(settings.data_folder)
    _write_roots(foundation, roots, recovery)
    write_keys(settings.keys_folder, keys)
    ledger = Ledger(settings.ledger_folder, keys.ledger)
    ledger.add_roster_entry(first)
    ledger.open_incarnation((), 0)
    Office(ledger, keys.issuer).publish(shipped_texts(), now_ms)
    return ledger.roster()


def _first_acts(
    foundation: Foundation,
    roots: Sequence[SigningKey],
    recovery: Identity,
    keys: ServerKeys,
    now_ms: int,
) -> list[Act]:
    expires = now_ms + YEARS_VALID * 365 * DAY_MS
    publics = [root.verify_key.raw for root in roots]
    sealing = [
        ["sealing_key", int(one.suite), one.recipient.raw[1:]]
        for one in keys.sealing.values()
    ]
    return [
        ["province", foundation.name, foundation.area, expires],
        ["roots", foundation.threshold, publics],
        ["issuer", keys.issuer.verify_key.raw],
        ["receipt_key", keys.receipt.verify_key.raw],
        *sealing,
        ["recovery_key", int(recovery.suite), recovery.recipient.raw[1:]],
    ]


def _write_roots(
    foundation: Foundation, roots: Sequence[SigningKey], recovery: Identity
) -> None:
    for path, root in zip(foundation.root_paths, roots, strict=True):
        make_private_folder(path.parent)
        write_key(path, "root", root.raw)
    write_key(recovery_path(foundation.root_paths[0]), "recovery", recovery.raw)


def shipped_texts() -> list[Text]:
    """Return the forms and lists that ship with the program, lists first."""
    schemas = resources.files("schemas")
    return [
        (kind, folder.name, int(file.name.removesuffix(".yaml")), file.read_bytes())
        for kind in ("list", "form")
        for folder in _sorted(schemas / f"{kind}s")
        if folder.is_dir() and folder.name[0] not in "._"
        for file in _sorted(folder)
        if file.name.endswith(".yaml")
    ]


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda one: one.name)
