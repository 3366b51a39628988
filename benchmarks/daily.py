"""Everyday work: a search and a save among 100,000 records, and the first help."""

import subprocess
import sys
import time
from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import Measure, Run
from benchmarks.place import Town
from benchmarks.worker import run

RECORDS: Final = 100_000
MEASURES: Final = (
    Measure(
        name="find_ms", unit="ms", target=50, digits=1,
        text="a search in 100,000 records, the slowest of ten kinds",
    ),
    Measure(name="find_first_ms", unit="ms", digits=1, text="  the first one of a day"),
    Measure(
        name="save_ms", unit="ms", target=20, digits=1, text="a save among them"
    ),
    Measure(name="save_slow_ms", unit="ms", digits=1, text="  the slowest of 50"),
    Measure(name="help_s", unit="s", target=0.4, text="fieldkit --help"),
)  # fmt: skip


def measure(bench: Bench) -> Run:
    """Return how long a person waits."""
    rows = bench.rows(RECORDS)
    town = Town.founded(bench.folder / "province")
    laptop = bench.laptop(town, "laptop")
    run("bring", laptop=laptop, rows=rows)
    found, saved = run("find", laptop=laptop), run("save", laptop=laptop, rows=rows)
    return {**found, **saved, "help_s": _help_s()}


def _help_s() -> float:
    command = [sys.executable, "-m", "fieldkit", "--help"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # compiles
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
