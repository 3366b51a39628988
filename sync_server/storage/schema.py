"""The database's version: brought up to this program's, never down, never past it."""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from fieldkit.errors import NewerStoreError
from sync_server.storage.drivers import WRITER

_FOLDER: Final = Path(__file__).parent / "migrations"


@cache
def revisions() -> tuple[str, ...]:
    """Return every version this program knows, oldest first."""
    walked = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in walked]))


def version(engine: Engine) -> str | None:
    """Return the version of the database; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def bring_up_to_date(engine: Engine) -> None:
    """Give the database this program's tables, in one transaction.

    Raises:
        NewerStoreError: a newer program wrote it; nothing was touched.
    """
    found = version(engine)
    if found is not None and found not in revisions():
        raise NewerStoreError("storage.newer", version=found)
    if found != revisions()[-1]:
        with engine.begin() as connection:
            upgrade(connection, revisions()[-1])


def upgrade(connection: Connection, revision: str) -> None:
    """Bring the database of ``connection`` up to ``revision``."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:number)")
        connection.execute(lock, {"number": WRITER})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
