"""Opening: a province's folder becomes a running core, with nobody at the keyboard."""

import time
from dataclasses import dataclass, field

from fieldkit.errors import AccessError
from fieldkit.sync.roster import Roster
from sync_server.core.core import Core
from sync_server.core.province import Province
from sync_server.core.seams import CoreKeys
from sync_server.issuing import FormReader, Office
from sync_server.keys import ServerKeys, check_private, read_keys
from sync_server.ledger import Ledger
from sync_server.relay import Quotas, Relay
from sync_server.settings import Settings
from sync_server.storage.engines import open_storage
from sync_server.storage.sql import SqlStorage


class SystemClock:
    """The time, as this machine believes it."""

    def now_ms(self) -> int:
        """Return the milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A province's folder: its keys, and what never goes back.

    Attributes:
        settings: where everything lies.
        keys: read from files that only their owner may read.
        ledger: the folder's ledger.
    """

    settings: Settings
    keys: ServerKeys = field(repr=False)
    ledger: Ledger

    @property
    def office(self) -> Office:
        """Return who speaks for the province."""
        return Office(self.ledger, self.keys.issuer)

    def open_storage(self) -> SqlStorage:
        """Return the database; it is created if it is not there yet."""
        return open_storage(self.settings.database_url, self.keys.database)

    def open_core(self, storage: SqlStorage) -> Core:
        """Return the core over a storage, in step with the ledger."""
        province = Province(storage, Roster.empty(), {})
        keys = CoreKeys(
            sealing=self.keys.sealing,
            receipt=self.keys.receipt,
            issuer=self.keys.issuer,
        )
        core = Core(province, keys, self.ledger, FormReader(self.ledger))
        core.page_parts_max = self.settings.page_parts_max
        return core

    def open_relay(self, storage: SqlStorage) -> Relay:
        """Return the relay over a storage."""
        one = self.settings
        quotas = Quotas(
            envelope_bytes_max=one.envelope_bytes_max,
            parts_bytes_max=one.parts_bytes_max,
            waiting_bytes_max=one.waiting_bytes_max,
            mail_max=one.mail_max,
        )
        return Relay(storage, quotas)


def open_province(settings: Settings) -> Opened:
    """Return the province that lies in the folder.

    Raises:
        AccessError: there is none, a key is missing, or others may read the keys.
        DamagedStoreError: the ledger was altered.
    """
    if not settings.keys_folder.is_dir():
        raise AccessError("province.missing", folder=str(settings.dir.resolve()))
    check_private(settings.keys_folder)
    keys = read_keys(settings.keys_folder)
    ledger = Ledger(settings.ledger_folder, keys.ledger)
    return Opened(settings=settings, keys=keys, ledger=ledger)
