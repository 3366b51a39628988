"""The report: a table for people, JSON for programs, the page in ``docs``."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

_HEADINGS = ("", "figure", "target", "spread", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the figures were measured on, and how busy it was meanwhile."""

    processor: str
    cores: int
    python: str
    system: str
    load_before: float

    @classmethod
    def this(cls) -> "Machine":
        """Return this machine as it stands now."""
        return cls(
            processor=_processor(),
            cores=os.cpu_count() or 1,
            python=platform.python_version(),
            system=platform.system(),
            load_before=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def into_page(page: str, table: str) -> str:
    """Return a page with ``table`` in place of the figures that stood there."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}{table}{_END}{rest.partition(_END)[2]}"


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the figures as a table."""
    table = Table(*_HEADINGS, box=None, pad_edge=False)
    for figure in figures:
        table.add_row(*_cells(figure))
    console.print(table)


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    measure = figure.measure
    target = "" if measure.target is None else f"≤ {measure.target:g} {measure.unit}"
    verdict = {None: "", True: "holds", False: "MISSED"}[figure.holds]
    shown = f"{figure.median:,.{measure.digits}f} {measure.unit}"
    spread = f"{figure.spread:.0%} of {len(figure.runs)}" if figure.runs[1:] else ""
    return measure.text, shown, target, spread, verdict


def as_json(figures: Sequence[Figure], machine: Machine) -> str:
    """Return the figures as one JSON document."""
    document: dict[str, Any] = {
        "machine": {name: getattr(machine, name) for name in Machine.__slots__},
        "figures": [figure.as_json() for figure in figures],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_markdown(figures: Sequence[Figure], machine: Machine) -> str:
    """Return the figures as a table of ``docs/benchmarks.md``."""
    lines = ["| measure | figure | target | spread | |", "|---|---:|---:|---:|---|"]
    lines += [f"| {' | '.join(_cells(figure))} |" for figure in figures]
    lines += [
        "",
        f"{machine.processor}, {machine.cores} cores, {machine.system}.",
        f"Python {machine.python}. Load before the run: {machine.load_before:.2f}.",
    ]
    return "\n".join(lines) + "\n"
