"""Version 1: the first tables of the server."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def key(name: str) -> sa.Column[Any]:
    return sa.Column(name, KEY, primary_key=True, autoincrement=False)


def part_of_key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def bytes_(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary, nullable=nullable) for name in names]


def texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    facts_and_log()
    verdicts_and_parked()
    records_and_parts()
    areas()
    travelling()


def facts_and_log() -> None:
    op.create_table("facts", part_of_key("name", sa.Text), *bytes_("value"))
    op.create_table(
        "log",
        key("position"),
        *bytes_("epoch"),
        *numbers("first", "size"),
        *bytes_("hash", "previous", "data"),
        *numbers("received_at"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("log_of_epoch", "log", ["epoch", "first"])


def verdicts_and_parked() -> None:
    op.create_table(
        "verdicts",
        *numbers("position"),
        *bytes_("epoch", "batch_hash"),
        *numbers("place", "size"),
        *texts("disposition", "reason"),
    )
    op.create_index("verdicts_of_epoch", "verdicts", ["epoch", "position"])
    op.create_index("verdicts_of_batch", "verdicts", ["batch_hash"])
    op.create_table(
        "parked",
        part_of_key("change_hash", sa.LargeBinary),
        *bytes_("batch_hash"),
        *numbers("place"),
        *texts("disposition", "reason"),
        *bytes_("waits_for", nullable=True),
    )
    op.create_index("parked_for", "parked", ["waits_for"])


def records_and_parts() -> None:
    op.create_table(
        "records",
        key("number"),
        *bytes_("record_id"),
        *texts("form_id"),
        *bytes_("subject", nullable=True),
        *numbers("owner"),
        sa.UniqueConstraint("record_id"),
    )
    op.create_index("records_of_owner", "records", ["owner"])
    op.create_table("parts", key("key"), *numbers("position"), *bytes_("blob"))
    op.create_index("parts_position", "parts", ["position", "key"])


def areas() -> None:
    op.create_table(
        "areas",
        part_of_key("owner", sa.BigInteger),
        part_of_key("area", CODE),
        part_of_key("since", sa.BigInteger),
        sa.Column("until", sa.BigInteger),
        *numbers("born"),
        sqlite_with_rowid=False,
    )
    for name, column, where in (
        ("areas_now", "area", sa.text("until IS NULL")),
        ("areas_begun", "since", sa.text("since > born")),
        ("areas_ended", "until", sa.text("until IS NOT NULL")),
    ):
        op.create_index(
            name, "areas", [column], sqlite_where=where, postgresql_where=where
        )


def travelling() -> None:
    op.create_table(
        "envelopes",
        part_of_key("envelope_id", sa.LargeBinary),
        *numbers("number", "received", "total"),
        *bytes_("data"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "held",
        part_of_key("batch_hash", sa.LargeBinary),
        *numbers("number"),
        *bytes_("epoch", "data"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("held_of_epoch", "held", ["epoch", "number"])
    op.create_table("mail", key("number"), *bytes_("key_id", "envelope"))
    op.create_index("mail_of_key", "mail", ["key_id", "number"])
