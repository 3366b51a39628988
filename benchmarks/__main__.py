"""``python -m benchmarks``: measure, print a table, keep the figures as JSON."""

import argparse
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Final

from rich.console import Console

from benchmarks import bulk, daily, quiet, whole, wire
from benchmarks.bench import Bench
from benchmarks.figures import Figure, figures_of
from benchmarks.report import Machine, as_json, as_markdown, into_page, show

BENCHMARKS: Final[dict[str, ModuleType]] = {
    "sync": whole,
    "import": bulk,
    "bytes": wire,
    "idle": quiet,
    "daily": daily,
}
_RUNS: Final = {"bytes": 1, "idle": 1}  # counted, not timed: the same each time
_BUSY: Final = 0.5
_PAGE: Final = Path("docs/benchmarks.md")


def main() -> int:
    """Run what the command line names; exit code 1 if a target was missed."""
    asked = _asked()
    console, machine = Console(soft_wrap=True), Machine.this()
    if machine.load_before > _BUSY:
        console.print(f"load is {machine.load_before:.1f}: times will not count")
    if asked.scale != 1:
        console.print(f"a try with {asked.scale:.0%} of the records")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=asked.dir, prefix="fieldkit-bench-") as shared:
        for name in asked.benchmarks or BENCHMARKS:
            found = _run(name, Path(shared), asked, console)
            show(found, console)
            figures += found
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "figures.json").write_text(as_json(figures, machine), "utf-8")
    (asked.output / "figures.md").write_text(as_markdown(figures, machine), "utf-8")
    if asked.docs:
        page = _PAGE.read_text("utf-8")
        _PAGE.write_text(into_page(page, as_markdown(figures, machine)), "utf-8")
    missed = [one.measure.text.strip() for one in figures if one.holds is False]
    console.print(f"missed: {'; '.join(missed)}" if missed else "all targets hold")
    return 1 if missed else 0


def _run(
    name: str, shared: Path, asked: argparse.Namespace, console: Console
) -> list[Figure]:
    module = BENCHMARKS[name]
    runs = []
    for number in range(asked.runs or _RUNS.get(name, 3)):
        console.print(f"{name}: run {number + 1}", style="dim")
        with tempfile.TemporaryDirectory(dir=shared) as folder:
            bench = Bench(folder=Path(folder), shared=shared, scale=asked.scale)
            runs.append(module.measure(bench))
    return figures_of(module.MEASURES, runs)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--runs", type=int, default=0, help="of each; else 3")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the records")
    parser.add_argument("--dir", help="where to work: on the disk to be measured")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--docs", action="store_true", help=f"write {_PAGE} anew")
    asked = parser.parse_args()
    if asked.docs and asked.scale != 1:
        parser.error("the page shows figures of all records: leave out --scale")
    if unknown := set(asked.benchmarks) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    raise SystemExit(main())
