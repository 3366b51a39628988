"""Enrolment: an invitation and a PIN make a folder ready for work, with no network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fieldkit.client.clock import SystemClock
from fieldkit.client.files import PRIVATE_FOLDER, read_whole, told, write_whole
from fieldkit.client.installation import Installation
from fieldkit.client.library import text_hash
from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import BOX_BYTES_MAX, NORMAL, KeyBox, Strength
from fieldkit.crypto.randomness import random_bytes
from fieldkit.errors import NotFoundError, StoreError, StoreLockedError
from fieldkit.ports import Clock
from fieldkit.store.store import Store
from fieldkit.sync.invitation import Welcome, open_invitation

DATABASE: Final = "fieldkit.db"
KEY_BOX: Final = "fieldkit.key"
URLS: Final = "server urls"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a workspace takes from outside: the time, and what a guess must cost."""

    clock: Clock = field(default_factory=SystemClock)
    strength: Strength = NORMAL


def enrol(
    directory: Path,
    invitation: bytes,
    pin: str,
    passphrase: str,
    means: Means,
) -> None:
    """Make ``directory`` a workspace for the person whom ``invitation`` names.

    Raises:
        AccessError: wrong PIN, expired or damaged invitation.
        StoreError: there is a workspace already; it was not touched.
    """
    now_ms, strength = means.clock.now_ms(), means.strength
    welcome = open_invitation(invitation, pin, now_ms, strength=strength)
    with told():
        directory.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    database = directory / DATABASE
    if database.exists():
        raise StoreError("store.exists", path=str(database))
    issued = welcome.invitation.issued
    key = random_bytes(_KEY_BYTES)
    box = KeyBox().with_passphrase(key, issued.name, passphrase, strength)
    for recipient in welcome.roster.recovery.values():
        box = box.with_recovery(key, recipient)
    # The key comes first: a database without its key would be lost, a key without
    # its database is only replaced by the next attempt.
    write_whole(directory / KEY_BOX, [box.encode()])
    with Store.create(database, key) as store, store.transaction():
        _furnish(store, welcome)
        Installation(store, database).begin(issued, welcome.roster)


def unlock(
    directory: Path, passphrase: str, person: str | None, strength: Strength
) -> bytes:
    """Return the key of the database in ``directory``.

    Raises:
        NotFoundError: there is no workspace.
        StoreLockedError: wrong passphrase, or nobody of that name.
    """
    path = directory / KEY_BOX
    if not path.exists():
        raise NotFoundError("workspace.missing", path=str(directory))
    box = KeyBox.decode(read_whole(path, bytes_max=BOX_BYTES_MAX))
    names = box.names if person is None else (person,)
    for name in names[:-1]:
        try:
            return box.unlock(name, passphrase, strength)
        except StoreLockedError:
            continue
    return box.unlock(names[-1] if names else "", passphrase, strength)


def server_urls(store: Store) -> tuple[str, ...]:
    """Return where the province's server may be reached."""
    kept = store.setting(URLS)
    return () if kept is None else tuple(decode(kept, bytes_max=1 << 20))


def set_server_urls(store: Store, urls: tuple[str, ...]) -> None:
    """Keep where the province's server may be reached."""
    store.set_setting(URLS, encode(list(urls)))


def _furnish(store: Store, welcome: Welcome) -> None:
    """Put all that the invitation brings on the shelf."""
    invitation = welcome.invitation
    store.add_roster_entries(invitation.roster_entries)
    set_server_urls(store, invitation.server_urls)
    for text in (*invitation.forms, *invitation.lists):
        store.add_form(text_hash(text), text)
