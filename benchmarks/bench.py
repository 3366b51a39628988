"""One run of a benchmark: a fresh folder, and the pieces that all benchmarks share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clocks import Cost
from benchmarks.place import Server, Town, serving
from benchmarks.rows import write_rows
from benchmarks.worker import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a benchmark is given.

    Attributes:
        folder: empty, of this run alone.
        shared: outlives a run: files of rows.
        scale: how much of the full number of records is taken; 1 but for a try.
    """

    folder: Path
    shared: Path
    scale: float = 1.0

    def rows(self, count: float, skip: int = 0) -> Path:
        """Return a file of that many persons, after the first ``skip``."""
        number = self.count(count)
        return write_rows(self.shared / f"{number}-{skip}.jsonl", number, skip)

    def count(self, count: float) -> int:
        """Return how many records stand for ``count`` at this scale."""
        return max(1, round(count * self.scale))

    def raw(self, rows: Path, name: str) -> Cost:
        """Return the cost of the yardstick, in a fresh process."""
        return run("raw", rows=rows, database=self.folder / f"raw-{name}.db")

    def laptop(self, town: Town, name: str) -> Path:
        """Return the folder of a laptop that has just enrolled."""
        invitation = town.invite(name, self.folder / f"{name}.fki")
        run("enrol", laptop=self.folder / name, invitation=invitation)
        return self.folder / name

    @contextmanager
    def province(self) -> Iterator[tuple[Town, Server]]:
        """Give a new province whose server runs."""
        town = Town.founded(self.folder / "province")
        with serving(town) as server:
            yield town, server
