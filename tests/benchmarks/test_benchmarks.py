"""The benchmarks run: with few records, and no look at the times."""

import json
import subprocess
import sys

import pytest

from benchmarks.rows import compressed_bytes, read_rows, write_rows
from benchmarks.worker import run


def test_rows_are_the_same_on_every_run_and_go_on_where_others_end(tmp_path):
    whole = read_rows(write_rows(tmp_path / "whole", 30))
    first = read_rows(write_rows(tmp_path / "first", 20))
    rest = read_rows(write_rows(tmp_path / "rest", 10, skip=20))

    assert whole == first + rest


def test_raw_keeps_each_record_in_a_process_of_its_own(tmp_path):
    rows = write_rows(tmp_path / "rows", 50)

    cost = run("raw", rows=rows, database=tmp_path / "raw.db")

    assert cost["cpu"] > 0
    assert compressed_bytes(rows) < rows.stat().st_size


@pytest.mark.slow
def test_every_benchmark_runs_and_counts_the_bytes_that_it_should(tmp_path):
    command = [
        sys.executable, "-m", "benchmarks", "sync", "import", "bytes", "idle",
        "--runs", "1", "--scale", "0.01", "-o", str(tmp_path),
    ]  # fmt: skip

    subprocess.run(command, capture_output=True, timeout=300, check=False)

    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))["figures"]
    found = {one["name"]: one for one in figures}
    assert found["sync"]["median"] > 0
    for name in ("up_few", "up_edits", "idle_requests", "idle_up", "idle_down"):
        assert found[name]["holds"], found[name]
