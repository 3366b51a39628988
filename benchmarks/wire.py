"""The wire: bytes up and down, sealed, signed, padded, against zstd of JSON lines."""

from pathlib import Path
from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import Measure, Run
from benchmarks.rows import compressed_bytes
from benchmarks.wiretap import Traffic, tapped
from benchmarks.worker import run

MANY, SOME, FEW, EDITS = 50_000, 500, 5, 100
MEASURES: Final = (
    Measure(
        name="up_many", unit="x zstd-9", target=0.95, digits=3,
        text="bytes up for 50,000 records",
    ),
    Measure(
        name="up_some", unit="x zstd-9", target=1.1, digits=3,
        text="bytes up for 500 records",
    ),
    Measure(
        name="up_few", unit="bytes", target=2_048, digits=0,
        text="bytes up for 5 records",
    ),
    Measure(
        name="down_many", unit="x zstd-9", target=1.25, digits=3,
        text="bytes down for 50,000 records",
    ),
    Measure(
        name="up_edits", unit="bytes", target=8_000, digits=0,
        text="bytes up for 100 one-field edits",
    ),
    Measure(
        name="down_edits", unit="bytes", target=12_000, digits=0,
        text="bytes down for 100 one-field edits",
    ),
)  # fmt: skip


def measure(bench: Bench) -> Run:
    """Return the bytes of bodies that real syncs sent; headers are left out."""
    few, some = bench.rows(FEW / bench.scale), bench.rows(SOME / bench.scale, skip=FEW)
    many = bench.rows(MANY, skip=FEW + SOME)
    with bench.province() as (town, server):
        first, second = bench.laptop(town, "first"), bench.laptop(town, "second")
        sync(first, server.url)  # enrolment is done
        sync(second, server.url)
        up_few = send(first, few, server.url)
        up_some = send(first, some, server.url)
        sync(second, server.url)
        up_many = send(first, many, server.url)
        down_many = sync(second, server.url)
        run("edit", laptop=first, rows=many, count=EDITS)
        up_edits = sync(first, server.url)
        down_edits = sync(second, server.url)
    return {
        "up_few": up_few.up.body_bytes,
        "up_some": up_some.up.body_bytes / compressed_bytes(some),
        "up_many": up_many.up.body_bytes / compressed_bytes(many),
        "down_many": down_many.down.body_bytes / compressed_bytes(many),
        "up_edits": up_edits.up.body_bytes,
        "down_edits": down_edits.down.body_bytes,
    }


def send(laptop: Path, rows: Path, url: str) -> Traffic:
    """Import rows, sync them, and return what the sync carried."""
    run("bring", laptop=laptop, rows=rows)
    return sync(laptop, url)


def sync(laptop: Path, url: str) -> Traffic:
    """Sync in a fresh process and return what went up and down."""
    with tapped(url) as (through, traffic):
        run("sync", laptop=laptop, url=through)
    return traffic
