"""The worker: one piece of work in a fresh process, its cost as a line of JSON.

It imports what a laptop has and nothing of the server: its memory is measured.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.clocks import Cost, measured
from benchmarks.raw import raw
from benchmarks.rows import read_rows
from fieldkit.client.workspace import Workspace

FORM: Final = "person"
PIN: Final = "123456"
PASSPHRASE: Final = "a passphrase for measuring"  # noqa: S105 - of an invented laptop
_FAILED: Final = "a worker failed"


def run(task: str, **arguments: object) -> Cost:
    """Return what a task costs in a process of its own.

    Raises:
        RuntimeError: it failed; its last words are on standard error.
    """
    given = json.dumps({name: _plain(value) for name, value in arguments.items()})
    command = [sys.executable, "-m", "benchmarks.worker", task, given]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"{_FAILED}: {task} {given}")
    cost: Cost = json.loads(done.stdout.splitlines()[-1])
    return cost


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


# --- Tasks ----------------------------------------------------------------------------


def _raw(rows: str, database: str) -> Cost:
    return raw(Path(rows), Path(database))


def _enrol(laptop: str, invitation: str) -> Cost:
    with measured() as cost:
        Workspace.enrol(laptop, Path(invitation).read_bytes(), PIN, PASSPHRASE)
    return cost


def _bring(laptop: str, rows: str) -> Cost:
    """Import a file, from its bytes on the disk to the last commit."""
    with _open(laptop) as workspace:
        workspace.form(FORM)
        with measured() as cost:
            report = workspace.import_rows(FORM, _lines(Path(rows)))
        cost["saved"], cost["refused"] = report.saved, len(report.refused)
    return cost


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            yield number, json.loads(line)


def _sync(laptop: str, url: str, text: str = "") -> Cost:
    """Sync, and find ``text`` then; ``up`` ends with the last receipt."""
    cost: Cost = {}

    def told(way: str, done: int, total: int) -> None:
        if way == "up" and done == total:
            cost.setdefault("up", time.perf_counter() - began)

    with _open(laptop) as workspace, measured() as whole:
        began = time.perf_counter()
        workspace.sync(url, told)
        cost["found"] = len(workspace.find(text)) if text else 0
    cost.setdefault("up", whole["wall"])
    return whole | cost


def _count(laptop: str) -> Cost:
    with _open(laptop) as workspace:
        return {"records": sum(1 for _ in workspace.store.records(FORM))}


def _edit(laptop: str, rows: str, count: int) -> Cost:
    """Change one answer in each of so many records."""
    with _open(laptop) as workspace, measured() as cost:
        for one in _some_of(workspace, Path(rows), count):
            workspace.open_for_edit(one).save({"nickname": "ใหม่"})
    return cost


def _some_of(workspace: Workspace, rows: Path, count: int) -> list[bytes]:
    """Return the ids of records spread over a file, found by their citizen ids."""
    wanted = [row["citizen_id"] for row in read_rows(rows) if "citizen_id" in row]
    step = max(1, len(wanted) // count)
    found = (workspace.find(one, limit=1) for one in wanted[::step][:count])
    return [records[0].id for records in found]


# Of each kind one: rare and common, one letter and many, two words, digits, nothing.
_SEARCHES: Final = (
    *("สมศรี", "กาซอ", "มู", "ก", "สมศรี ใจดี", "ฟาติมะห์", "060-123", "๐๖๐", "zzz"),
    "ไม่มีใครชื่อนี้",
)


def _find(laptop: str) -> Cost:
    """Search for each thing three times; the middle one counts, the slowest is told."""
    with _open(laptop) as workspace:
        first = _ms(lambda: workspace.find(_SEARCHES[0]))
        each = [
            statistics.median(_ms(lambda: workspace.find(text)) for _ in range(3))  # noqa: B023 - called at once
            for text in _SEARCHES
        ]
    print(dict(zip(_SEARCHES, each, strict=True)), file=sys.stderr)
    return {"find_ms": max(each), "find_first_ms": first}


def _save(laptop: str, rows: str, count: int = 50) -> Cost:
    """Save new persons one by one."""
    answers = read_rows(Path(rows))[:count]
    with _open(laptop) as workspace:
        workspace.form(FORM)
        each = [_ms(lambda: workspace.add(FORM, one)) for one in answers]  # noqa: B023 - called at once
    return {"save_ms": statistics.median(each), "save_slow_ms": max(each)}


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _open(laptop: str) -> Workspace:
    return Workspace.open(laptop, PASSPHRASE)


TASKS: Final[dict[str, Callable[..., Cost]]] = {
    "raw": _raw,
    "enrol": _enrol,
    "bring": _bring,
    "sync": _sync,
    "count": _count,
    "edit": _edit,
    "find": _find,
    "save": _save,
}


def main() -> None:
    """Do the task that the command line names."""
    task, given = sys.argv[1:]
    print(json.dumps(TASKS[task](**json.loads(given))))


if __name__ == "__main__":
    main()
