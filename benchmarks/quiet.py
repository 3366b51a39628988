"""The quiet sync: nothing to do, in a small province and in a large one."""

from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import Measure, Run
from benchmarks.wire import send, sync

SMALL, LARGE = 1_000, 100_000
_WHAT: Final = "idle sync"
MEASURES: Final = (
    Measure(name="idle_requests", unit="", target=1, digits=0, text="its requests"),
    Measure(
        name="idle_up", unit="bytes", target=500, digits=0, text=f"{_WHAT} 1000: up"
    ),
    Measure(
        name="idle_down", unit="bytes", target=500, digits=0, text=f"{_WHAT} 1000: down"
    ),
    Measure(
        name="idle_up_large", unit="bytes", target=500, digits=0,
        text=f"{_WHAT} 100000: up",
    ),
    Measure(
        name="idle_down_large", unit="bytes", target=500, digits=0,
        text=f"{_WHAT} 100000: down",
    ),
)  # fmt: skip


def measure(bench: Bench) -> Run:
    """Return bytes of bodies and headers that a second laptop's quiet sync takes."""
    small, large = bench.rows(SMALL), bench.rows(LARGE - SMALL, skip=SMALL)
    with bench.province() as (town, server):
        first, second = bench.laptop(town, "first"), bench.laptop(town, "second")
        send(first, small, server.url)
        sync(second, server.url)
        quiet = sync(second, server.url)
        send(first, large, server.url)
        sync(second, server.url)
        later = sync(second, server.url)
    return {
        "idle_requests": max(quiet.up.messages, later.up.messages),
        "idle_up": quiet.up.bytes,
        "idle_down": quiet.down.bytes,
        "idle_up_large": later.up.bytes,
        "idle_down_large": later.down.bytes,
    }
