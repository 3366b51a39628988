"""Bulk import: a file of 50,000 persons into a laptop, against ``raw``."""

from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import Measure, Run
from benchmarks.place import Town
from benchmarks.worker import run

RECORDS: Final = 50_000
MEASURES: Final = (
    Measure(
        name="import", unit="x raw", target=8,
        text="import of 50,000 records into a laptop",
    ),
    Measure(name="import_cpu", unit="x raw", text="the same, processor time alone"),
    Measure(name="import_us", unit="µs", digits=0, text="import of one record"),
)  # fmt: skip


def measure(bench: Bench) -> Run:
    """Return what one import costs; ``raw`` is measured before and after it."""
    rows = bench.rows(RECORDS)
    town = Town.founded(bench.folder / "province")
    laptop = bench.laptop(town, "laptop")
    before = bench.raw(rows, "before")
    cost = run("bring", laptop=laptop, rows=rows)
    after = bench.raw(rows, "after")
    assert cost["refused"] == 0, "every invented person fits the form"
    return {
        "import": cost["wall"] / ((before["wall"] + after["wall"]) / 2),
        "import_cpu": cost["cpu"] / ((before["cpu"] + after["cpu"]) / 2),
        "import_us": cost["wall"] / cost["saved"] * 1e6,
    }
