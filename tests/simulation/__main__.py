"""Run the simulation: ``python -m tests.simulation seeds 200`` or ``… planted``."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.planted import PLANTED
from tests.simulation.scheduler import Run

PLANTED_SEEDS_MAX = 300


def say(line: str) -> None:
    """Write a line now, so that a long run is seen to go on."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def failure(seed: int, counts: Counter[str] | None = None) -> str:
    """Return why the run of a seed fails, or an empty text."""
    run = Run(seed)
    try:
        run.run()
    except Exception as error:  # noqa: BLE001 - whatever a bug raises is told
        return f"{type(error).__name__}: {error}"
    if counts is not None:
        counts.update(run.counts)
    return ""


def first_failure(seeds: range) -> tuple[int, str] | None:
    """Return the first seed that fails, and why."""
    for seed in seeds:
        if why := failure(seed):
            return seed, why
    return None


def run_seeds(first: int, count: int) -> int:
    """Run seeds and return how many failed."""
    counts: Counter[str] = Counter()
    failed = 0
    began = time.monotonic()
    for seed in range(first, first + count):
        if why := failure(seed, counts):
            failed += 1
            say(f"FAILED  {why}  (again: seeds 1 --from {seed})")
    for name, many in sorted(counts.items()):
        say(f"{many:8}  {name}")
    say(f"{count} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    return failed


def run_planted(seeds: int) -> int:
    """Plant each bug and return how many were not caught."""
    missed = 0
    for plant in PLANTED:
        with plant():
            found = first_failure(range(seeds))
        if found is None:
            missed += 1
            say(f"MISSED  {plant.__name__}: not caught in {seeds} seeds")
        else:
            say(f"caught  {plant.__name__}: {found[1]}")
    return missed


def main() -> int:
    """Read the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    commands = parser.add_subparsers(dest="command", required=True)
    seeds = commands.add_parser("seeds", help="run many seeds")
    seeds.add_argument("count", type=int, nargs="?", default=200)
    seeds.add_argument("--from", dest="first", type=int, default=0)
    planted = commands.add_parser("planted", help="plant bugs that must be caught")
    planted.add_argument("--seeds", type=int, default=PLANTED_SEEDS_MAX)
    asked = parser.parse_args()
    if asked.command == "seeds":
        return int(run_seeds(asked.first, asked.count) > 0)
    return int(run_planted(asked.seeds) > 0)


if __name__ == "__main__":
    sys.exit(main())
