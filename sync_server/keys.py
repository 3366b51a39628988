"""Keys on the server's disk: files that only their owner may read.

A key file is one line of text, ``fieldkit-key 1 <what> <hex> <check>``. The root keys
and the secret of the recovery key never lie here: they are written where the province
asks for, once, and are taken away.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.randomness import random_bytes
from fieldkit.crypto.secret import KEY_BYTES
from fieldkit.errors import AccessError, CryptoError, FieldKitError
from fieldkit.sync.envelope import keys_by_id
from sync_server.journal import open_private, sync_folder, write_down

FOLDER_MODE: Final = 0o700
FILE_BYTES_MAX: Final = 8_192

_MARK: Final = "fieldkit-key"
_VERSION: Final = "1"
_CHECK_DIGITS: Final = 8
_FIELDS: Final = 5
_SUITES: Final[Mapping[Suite, str]] = {
    Suite.X25519: "sealing-x25519",
    Suite.HYBRID: "sealing-hybrid",
}
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerKeys:
    """What a server starts with, unattended.

    Attributes:
        issuer: signs everyday roster entries.
        receipt: signs receipts, pages and answers.
        sealing: every key that opens envelopes, by key id.
        database: opens the database.
        ledger: locks the secrets of invitations.
    """

    issuer: SigningKey = field(repr=False)
    receipt: SigningKey = field(repr=False)
    sealing: Mapping[bytes, Identity] = field(repr=False)
    database: bytes = field(repr=False)
    ledger: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "ServerKeys":
        """Return new ones."""
        return cls(
            issuer=SigningKey.generate(),
            receipt=SigningKey.generate(),
            sealing=keys_by_id(*map(Identity.generate, Suite)),
            database=random_bytes(KEY_BYTES),
            ledger=random_bytes(KEY_BYTES),
        )


def write_keys(folder: Path, keys: ServerKeys) -> None:
    """Write ``keys`` into a new folder that only its owner may enter.

    Raises:
        AccessError: there are keys already.
    """
    make_private_folder(folder)
    write_key(folder / "issuer.key", "issuer", keys.issuer.raw)
    write_key(folder / "receipt.key", "receipt", keys.receipt.raw)
    write_key(folder / "database.key", "database", keys.database)
    write_key(folder / "ledger.key", "ledger", keys.ledger)
    for identity in keys.sealing.values():
        name = _SUITES[identity.suite]
        write_key(folder / f"{name}.key", name, identity.raw)


def read_keys(folder: Path) -> ServerKeys:
    """Return the keys in ``folder``; older sealing keys may lie there beside the new.

    Raises:
        AccessError: one is missing or damaged, or others may read it.
    """
    sealing = [
        Identity(read_key(path, path.stem.partition(".")[0]))
        for path in sorted(folder.glob("sealing-*.key"))
    ]
    return ServerKeys(
        issuer=SigningKey(read_key(folder / "issuer.key", "issuer")),
        receipt=SigningKey(read_key(folder / "receipt.key", "receipt")),
        sealing=keys_by_id(*sealing),
        database=read_key(folder / "database.key", "database"),
        ledger=read_key(folder / "ledger.key", "ledger"),
    )


def write_key(path: Path, what: str, raw: bytes) -> None:
    """Write one key to a new file that only its owner may read.

    Raises:
        AccessError: the file is there already; it was not touched.
    """
    if path.exists():
        raise AccessError("keys.exists", path=str(path))
    line = " ".join((_MARK, _VERSION, what, raw.hex(), _check(what, raw)))
    with open_private(path) as descriptor:
        write_down(descriptor, line.encode() + b"\n")
    sync_folder(path.parent)


def read_key(path: Path, what: str) -> bytes:
    """Return the raw key of a file.

    Raises:
        AccessError: it is missing or damaged, or others may read it.
    """
    check_private(path)
    try:
        words = path.read_bytes()[:FILE_BYTES_MAX].decode("ascii", "replace").split()
        if len(words) != _FIELDS or words[:3] != [_MARK, _VERSION, what]:
            raise AccessError("keys.damaged", path=str(path))
        raw = bytes.fromhex(words[3])
    except (OSError, ValueError) as error:
        raise AccessError("keys.damaged", path=str(path)) from error
    if words[4] != _check(what, raw):
        raise AccessError("keys.damaged", path=str(path))
    return raw


def check_private(path: Path) -> None:
    """Return if only its owner may read ``path``; Windows keeps that by its folder.

    Raises:
        AccessError: it is not there, or others may read it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise AccessError("keys.missing", path=str(path)) from error
    if os.name != "nt" and mode & _OTHERS:
        raise AccessError("keys.open", path=str(path))


def make_private_folder(folder: Path) -> None:
    """Create ``folder`` for its owner alone; one that is there keeps its rights."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


# --- Root keys ------------------------------------------------------------------------


def check_outside(path: Path, folder: Path) -> None:
    """Return if ``path`` is a new file outside ``folder``.

    Raises:
        AccessError: a root key beside the server would be no root key at all.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise AccessError("keys.root_inside", path=str(path), folder=str(folder))
    if path.exists():
        raise AccessError("keys.exists", path=str(path))


def recovery_path(root_path: Path) -> Path:
    """Return where the recovery key's secret is written: beside the root key."""
    return root_path.with_name(f"{root_path.name}.recovery")


def read_recovery(path: Path) -> Identity:
    """Return the recovery key's secret of a file."""
    try:
        return Identity(read_key(path, "recovery"))
    except CryptoError as error:
        raise AccessError("keys.damaged", path=str(path)) from error


def _check(what: str, raw: bytes) -> str:
    return sha256(what.encode() + b"\x00" + raw).hexdigest()[:_CHECK_DIGITS]


def find_fault(path: Path) -> FieldKitError | None:
    """Return what is wrong with the rights of a file or folder, or nothing."""
    try:
        check_private(path)
    except AccessError as error:
        return error
    return None
