"""What a piece of work cost this process: wall time, processor time, memory."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

Cost = dict[str, float]
_MIB: Final = 1 << 20
_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
_RESET_PEAK: Final = "5"  # proc(5): the peak resident size begins anew


@contextmanager
def measured() -> Iterator[Cost]:
    """Give a table that holds ``wall``, ``cpu`` and ``peak_mib`` after the block.

    The peak is that of the block, together with the program and its libraries; where
    the system cannot begin a peak anew (not Linux) it is that of the whole process.
    """
    cost: Cost = {}
    _begin_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    yield cost
    cost["wall"] = time.perf_counter() - wall
    cost["cpu"] = time.process_time() - cpu
    cost["peak_mib"] = peak_mib()


def _begin_peak() -> None:
    if _RESET.exists():
        _RESET.write_text(_RESET_PEAK, "ascii")


def peak_mib() -> float:
    """Return the largest resident size of this process."""
    if _STATUS.exists():
        for line in _STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (_MIB if sys.platform == "darwin" else 1024)


def cpu_of(pid: int) -> float:
    """Return the processor seconds that another process has used; 0 if unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
    return ticks / _TICKS


_TICKS: Final = 100  # the kernel tells /proc in hundredths, whatever it counts in
