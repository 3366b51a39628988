"""The tables, in numbered steps: a database of any earlier version becomes today's.

A 16-byte id is kept once, in ``records``; everywhere else a record is a small number.
A part is the row ``record number × 8 + class``; the eighth class stands, in ``texts``,
for what was written here and is not absorbed. A write is the row
``save × 64 + ordinal``.
"""

from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from fieldkit.errors import DamagedStoreError, NewerStoreError
from fieldkit.store.connection import Connection

APPLICATION_ID: Final = 0x464B4954
"""``FKIT``: another program's database, under our key, is not taken for ours."""

migrations = Migrations("fieldkit.store")

_FIRST = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

CREATE TABLE epochs (
    number INTEGER PRIMARY KEY,
    epoch BLOB NOT NULL UNIQUE,
    keys BLOB NOT NULL,
    base INTEGER NOT NULL,
    saved INTEGER NOT NULL DEFAULT 0,
    cut INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE seeds (
    epoch INTEGER NOT NULL, place INTEGER NOT NULL, seed BLOB NOT NULL,
    PRIMARY KEY (epoch, place)
) WITHOUT ROWID;
CREATE TABLE layouts (
    number INTEGER PRIMARY KEY,
    layout BLOB NOT NULL UNIQUE,
    wire BLOB NOT NULL,
    classes BLOB
);
CREATE TABLE form_names (number INTEGER PRIMARY KEY, form_id TEXT NOT NULL UNIQUE);

CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    record_id BLOB NOT NULL UNIQUE,
    form INTEGER,
    subject INTEGER
);
CREATE INDEX records_of ON records (subject) WHERE subject IS NOT NULL;
CREATE TABLE parts (
    key INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    several INTEGER NOT NULL,
    blob BLOB
);
CREATE INDEX parts_several ON parts (key) WHERE several > 0;
CREATE INDEX parts_gone ON parts (key) WHERE blob IS NULL;
CREATE TABLE leaving (key INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE history (
    number INTEGER PRIMARY KEY, part INTEGER NOT NULL, entry BLOB NOT NULL
);
CREATE INDEX history_of ON history (part);

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE writes (
    leaf INTEGER PRIMARY KEY,
    record INTEGER NOT NULL,
    classes INTEGER NOT NULL,
    disposition INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    absorbed INTEGER NOT NULL DEFAULT 0,
    reason TEXT
);
CREATE INDEX writes_open ON writes (record) WHERE absorbed = 0;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    travel INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    envelope BLOB NOT NULL
);
CREATE INDEX batches_on_the_way ON batches (number) WHERE travel < 2;
CREATE TABLE staged (upto INTEGER PRIMARY KEY, page BLOB NOT NULL);
CREATE TABLE notices (
    number INTEGER PRIMARY KEY,
    data BLOB NOT NULL UNIQUE,
    seen INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE drafts (
    number INTEGER PRIMARY KEY,
    form_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    record_id BLOB,
    opened BLOB NOT NULL,
    answers BLOB NOT NULL,
    place TEXT NOT NULL,
    started INTEGER NOT NULL
);
CREATE TABLE roster (version INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE forms (hash BLOB PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE lists (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, text BLOB NOT NULL
);
CREATE TABLE mail (
    number INTEGER PRIMARY KEY,
    envelope_id BLOB NOT NULL UNIQUE,
    recipient BLOB NOT NULL,
    kind INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    envelope BLOB NOT NULL
);

CREATE TABLE texts (key INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE unsearched (key INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE grams USING fts5(
    words, content='', contentless_delete=1, detail=none,
    tokenize='trigram case_sensitive 1'
);
"""


@migrations()
def m0001_first_tables(db: Database) -> None:
    """Lay the first tables."""
    _run(db, _FIRST, 1)


def _run(db: Database, script: str, version: int) -> None:
    """Run the statements of one step; its version is part of the same transaction."""
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {version}")


VERSION: Final = 1
"""The version that this program writes: the number of the last step."""


def check_ours(connection: Connection) -> None:
    """Return if this program may open the database; nothing is written.

    Raises:
        DamagedStoreError: an empty file, or another program's.
        NewerStoreError: a newer program wrote it.
    """
    if connection.value("PRAGMA application_id") != APPLICATION_ID:
        raise DamagedStoreError("store.damaged")
    version = connection.value("PRAGMA user_version")
    if version > VERSION:
        raise NewerStoreError("store.newer", version=version, known=VERSION)


def migrate(connection: Connection) -> None:
    """Bring the database to today's tables; each step is kept wholly or not at all."""
    if connection.value("PRAGMA user_version") < VERSION:
        with connection.steps() as db:
            migrations.apply(db)
