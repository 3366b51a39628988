"""The tables of the server: what each keeps, and the few indexes that are worth it.

Columns stand in the order of the rows of ``contract.py``. A batch, a part, a run of
verdicts is one row each: a change or a field never has a row of its own.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA: Final = MetaData()

# SQLite keeps a table by its INTEGER key itself, without a second index.
_KEY: Final = BigInteger().with_variant(Integer(), "sqlite")
# Compared byte by byte everywhere, so that an index finds a prefix.
_CODE: Final = Text().with_variant(Text(collation="C"), "postgresql")


def _key(name: str) -> Column[Any]:
    return Column(name, _KEY, primary_key=True, autoincrement=False)


def _number(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False, unique: bool = False) -> Column[Any]:
    return Column(name, LargeBinary, nullable=nullable, unique=unique)


def _text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


FACTS: Final = Table(
    "facts", METADATA, Column("name", Text, primary_key=True), _bytes("value")
)

LOG: Final = Table(
    "log",
    METADATA,
    _key("position"),
    _bytes("epoch"),
    _number("first"),
    _number("size"),
    _bytes("hash", unique=True),
    _bytes("previous"),
    _bytes("data"),
    _number("received_at"),
    Index("log_of_epoch", "epoch", "first"),
)

VERDICTS: Final = Table(
    "verdicts",
    METADATA,
    _number("position"),
    _bytes("epoch"),
    _bytes("batch_hash"),
    _number("place"),
    _number("size"),
    _text("disposition"),
    _text("reason"),
    Index("verdicts_of_epoch", "epoch", "position"),
    Index("verdicts_of_batch", "batch_hash"),
)

PARKED: Final = Table(
    "parked",
    METADATA,
    Column("change_hash", LargeBinary, primary_key=True),
    _bytes("batch_hash"),
    _number("place"),
    _text("disposition"),
    _text("reason"),
    _bytes("waits_for", nullable=True),
    Index("parked_for", "waits_for"),
)

RECORDS: Final = Table(
    "records",
    METADATA,
    _key("number"),
    _bytes("record_id", unique=True),
    _text("form_id"),
    _bytes("subject", nullable=True),
    _number("owner"),
    Index("records_of_owner", "owner"),
)

PARTS: Final = Table(
    "parts",
    METADATA,
    _key("key"),
    _number("position"),
    _bytes("blob"),
    Index("parts_position", "position", "key"),
)

# ``born`` is where the owner's first span began: moves are what began later.
AREAS: Final = Table(
    "areas",
    METADATA,
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("area", _CODE, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    _number("until", nullable=True),
    _number("born"),
    sqlite_with_rowid=False,
)
for _name, _column, _where in (
    ("areas_now", "area", "until IS NULL"),
    ("areas_begun", "since", "since > born"),
    ("areas_ended", "until", "until IS NOT NULL"),
):
    Index(
        _name,
        AREAS.c[_column],
        sqlite_where=text(_where),
        postgresql_where=text(_where),
    )

ENVELOPES: Final = Table(
    "envelopes",
    METADATA,
    Column("envelope_id", LargeBinary, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    _number("received"),
    _number("total"),
    _bytes("data"),
)

HELD: Final = Table(
    "held",
    METADATA,
    Column("batch_hash", LargeBinary, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    _bytes("epoch"),
    _bytes("data"),
    Index("held_of_epoch", "epoch", "number"),
)

MAIL: Final = Table(
    "mail",
    METADATA,
    _key("number"),
    _bytes("key_id"),
    _bytes("envelope"),
    Index("mail_of_key", "key_id", "number"),
)
