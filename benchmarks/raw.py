"""The yardstick ``raw``: the same records, put as rows into plain SQLite."""

import sqlite3
from hashlib import sha256
from pathlib import Path

from benchmarks.clocks import Cost, measured


def raw(rows: Path, database: Path) -> Cost:
    """Return what one transaction of (id, JSON) rows costs.

    Only ``executemany`` and the commit are timed; reading, JSON and ids are not.
    """
    lines = [line.rstrip("\n") for line in rows.open(encoding="utf-8")]
    table = [(sha256(line.encode()).digest()[:16], line) for line in lines]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE records (id BLOB PRIMARY KEY, json TEXT)")
    with measured() as cost, connection:
        connection.executemany("INSERT INTO records VALUES (?, ?)", table)
    connection.close()
    return cost
