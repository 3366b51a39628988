"""The whole way: 50,000 records, laptop to HTTP to server to a second laptop."""

from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import Measure, Run
from benchmarks.worker import run

RECORDS: Final = 50_000
MEASURES: Final = (
    Measure(
        name="sync", unit="x raw", target=15,
        text="sync of 50,000 records to a second laptop, one after the other",
    ),
    Measure(name="sync_up", unit="x raw", text="  of it: cut, sealed, sent, judged"),
    Measure(name="sync_down", unit="x raw", text="  of it: fetched, kept, searched"),
    Measure(name="sync_s", unit="s", text="  in seconds"),
    Measure(
        name="sync_home", unit="x raw",
        text="beside it: the author's own records come home",
    ),
    Measure(name="sync_cpu", unit="x raw", text="all of it in processor time"),
    Measure(
        name="pull_mib", unit="MiB", target=100, digits=0,
        text="memory of the pulling laptop, at most",
    ),
)  # fmt: skip


def measure(bench: Bench) -> Run:
    """Return what one sync costs, from the first request to the first search."""
    rows = bench.rows(RECORDS)
    with bench.province() as (town, server):
        first, second = bench.laptop(town, "first"), bench.laptop(town, "second")
        run("sync", laptop=first, url=server.url)  # enrolled, nothing to do yet
        run("sync", laptop=second, url=server.url)
        run("bring", laptop=first, rows=rows)
        before = bench.raw(rows, "before")
        served = server.cpu()
        up = run("sync", laptop=first, url=server.url)
        down = run("sync", laptop=second, url=server.url, text="บ้าน")
        served = server.cpu() - served
        after = bench.raw(rows, "after")
    held = run("count", laptop=second)["records"]
    assert held == bench.count(RECORDS), f"the second laptop holds {held} records"
    wall = (before["wall"] + after["wall"]) / 2
    cpu = (before["cpu"] + after["cpu"]) / 2
    return {
        "sync": (up["up"] + down["wall"]) / wall,
        "sync_up": up["up"] / wall,
        "sync_down": down["wall"] / wall,
        "sync_s": up["up"] + down["wall"],
        "sync_home": (up["wall"] - up["up"]) / wall,
        "sync_cpu": (up["cpu"] + down["cpu"] + served) / cpu,
        "pull_mib": down["peak_mib"],
    }
