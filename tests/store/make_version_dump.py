"""Write today's tables down, for the tests of all versions to come.

``python -m tests.store.make_version_dump`` makes ``version_<n>.sql.txt`` from a store
with a few saves; commit it with each new migration, and never change an old one.
"""

import sys
import tempfile
from pathlib import Path

from fieldkit.store.connection import Connection
from fieldkit.store.migrations import APPLICATION_ID, VERSION
from tests.store.desk import HEALTH, Desk, hanging, state, theirs

HERE = Path(__file__).parent
PERSON = b"\x01" * 16


def fill(desk: Desk) -> None:
    """Make a little of everything."""
    own = desk.new(first="สมหญิง", last="ใจดี", note="เดินเองได้")
    desk.save(hanging(own, score=2))
    desk.cut()
    desk.edit(own, [desk.dot(0)], first="สมศรี")
    desk.store.put_parts([state(desk.store, PERSON, (theirs(1), {"first": "อับดุล"}))])
    desk.store.put_parts(
        [
            state(desk.store, PERSON, (theirs(2), {"first": "ฮาลิม"}), position=2),
            state(desk.store, PERSON, (theirs(1), {"score": 7}), class_number=HEALTH),
        ]
    )
    desk.open_form(own)
    desk.store.add_roster_entries([b"entry"])


def dump() -> str:
    """Return tables and rows as SQL; the search index, empty, makes its own."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk.at(Path(folder) / "work.db")
        fill(desk)
        lines = [f"PRAGMA application_id = {APPLICATION_ID}"]
        lines += [f"PRAGMA user_version = {VERSION}"]
        schema = desk.store._db.rows(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'grams^_%' ESCAPE '^'"
            " AND name NOT LIKE 'sqlite^_%' ESCAPE '^'"
        )
        for kind, name, sql in schema:
            lines.append(sql)
            if kind == "table" and name != "grams":
                lines += _rows(desk.store._db, name)
        desk.store.close()
    return ";\n".join(lines) + ";\n"


def _rows(database: Connection, table: str) -> list[str]:
    columns = [row[1] for row in database.rows(f"PRAGMA table_info({table})")]
    quoted = ", ".join(f"quote({column})" for column in columns)
    rows = database.rows(f"SELECT {quoted} FROM {table}")  # noqa: S608
    return [f"INSERT INTO {table} VALUES ({', '.join(row)})" for row in rows]  # noqa: S608


if __name__ == "__main__":
    path = HERE / f"version_{VERSION}.sql.txt"
    path.write_text(dump(), "utf-8")
    sys.stdout.write(f"{path}\n")
