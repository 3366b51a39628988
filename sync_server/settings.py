"""Settings: what an operator may choose, by the environment; everything has a default.

A name here is a variable ``FIELDKIT_SERVER_<NAME>`` there.
"""

from pathlib import Path
from typing import Final

from pydantic import Field, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "FIELDKIT_SERVER_"
_MIB: Final = 1 << 20


class Settings(BaseSettings):
    """How a server runs.

    Attributes:
        dir: the folder that holds keys, ledger and, by default, the data.
        database: URL of the database; empty for a SQLite file in ``dir``.
        urls: addresses under which laptops reach this server; told in invitations.
        envelope_bytes_max: the largest envelope that is taken.
        parts_bytes_max: room for envelopes that arrive in parts; the oldest give way.
        waiting_bytes_max: room for whole envelopes that wait for the core.
        mail_max: envelopes that one mailbox holds; the oldest give way.
        page_parts_max: how many parts one page holds; fewer for very weak lines.
        disk_free_bytes_min: less than this is told by ``doctor``.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    dir: Path = Path()
    database: str = ""
    urls: tuple[str, ...] = ()
    envelope_bytes_max: PositiveInt = 16 * _MIB
    parts_bytes_max: PositiveInt = 256 * _MIB
    waiting_bytes_max: PositiveInt = 1024 * _MIB
    mail_max: PositiveInt = 256
    page_parts_max: PositiveInt = 10_000
    disk_free_bytes_min: int = Field(default=1024 * _MIB, ge=0)

    @property
    def keys_folder(self) -> Path:
        """Return where the server's keys lie."""
        return self.dir / "keys"

    @property
    def ledger_folder(self) -> Path:
        """Return where lies what never goes back."""
        return self.dir / "ledger"

    @property
    def data_folder(self) -> Path:
        """Return where the SQLite file lies."""
        return self.dir / "data"

    @property
    def database_file(self) -> Path | None:
        """Return the SQLite file, or None for another database."""
        return None if self.database else self.data_folder / "province.db"

    @property
    def database_url(self) -> str:
        """Return the URL of the database."""
        return self.database or f"sqlite:///{self.data_folder / 'province.db'}"
