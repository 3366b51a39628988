"""A process killed at any moment loses nothing that it had saved."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldkit.store.store import Store
from tests.house.source import ROOT
from tests.store.desk import KEY, PersonFacts

# Says the number of each save after it was made, and is killed in the midst of one.
SAVER = """
import os, signal, sys
from pathlib import Path
from fieldkit.store.connection import Connection
from tests.store.desk import Desk, write

desk = Desk.at(Path(sys.argv[1]))
point, after = sys.argv[2], int(sys.argv[3])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

run = Connection.run
def watched(self, sql, values=()):
    if desk.counter > after and sql.startswith(point):
        die()
    done = run(self, sql, values)
    if desk.counter > after and point == "after " + sql:
        die()
    return done
Connection.run = watched

many = Connection.many
def watched_many(self, sql, rows):
    rows = list(rows)
    done = many(self, sql, rows)
    if desk.counter > after and rows and sql.startswith(point):
        die()
    return done
Connection.many = watched_many

while True:
    desk.new(first=f"คนที่{desk.counter + 1}")
    print(desk.counter, flush=True)
"""


def killed_while_saving(path: Path, point: str, after: int) -> int:
    """Return how many saves were made, as the process said before it was killed."""
    command = [sys.executable, "-c", SAVER, str(path), point, str(after)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    return len(run.stdout.split())


@pytest.mark.parametrize(
    "point",
    [
        "BEGIN",
        "UPDATE epochs",
        "INSERT INTO records",
        "INSERT INTO changes",
        "INSERT INTO writes",
        "INSERT INTO texts",
        "COMMIT",
        "after COMMIT",
    ],
)
def test_a_killed_process_loses_nothing_it_had_saved(
    tmp_path: Path, point: str
) -> None:
    path = tmp_path / "work.db"

    said = killed_while_saving(path, point, after=7)

    with Store.open(path, KEY, PersonFacts()) as store:
        store.verify()
        kept = [one.counter for one in store.uncut(99)]
        found = store.find("คนที่", limit=99)
    # The save during which it was killed is there wholly or not at all.
    assert kept == list(range(1, said + 1 + (point == "after COMMIT")))
    assert len(found) == len(kept)


def test_a_process_killed_between_two_statements_of_its_own_choice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "work.db"
    command = [sys.executable, "-c", SAVER, str(path), "never", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as run:
        assert run.stdout is not None
        for _ in range(40):
            run.stdout.readline()
        run.send_signal(signal.SIGKILL)
        said = 40 + len(run.stdout.read().split())

    with Store.open(path, KEY, PersonFacts()) as store:
        kept = [one.counter for one in store.uncut(10_000)]
    assert kept[:said] == list(range(1, said + 1))
    assert len(kept) <= said + 1


def test_a_store_killed_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    (tmp_path / "work.db.new").write_bytes(b"half")

    with Store.create(path, KEY, PersonFacts()) as store:
        store.verify()

    assert not (tmp_path / "work.db.new").exists()
