"""``python -m benchmarks.profile``: where the time goes, stage by stage.

Shares matter here, not times: the profiler slows down whatever makes many calls.
"""

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.place import Town
from benchmarks.rows import write_rows
from benchmarks.worker import FORM, PASSPHRASE, PIN
from fieldkit.client.syncing import device_keys
from fieldkit.client.workspace import Workspace
from fieldkit.sync.session import Session
from sync_server.answering import Answering
from sync_server.opening import SystemClock, open_province
from sync_server.serving import open_site

STAGES: Final = ("import", "cut", "accept", "ownpage", "ownapply", "page", "apply")


class Stages:
    """A profile and a processor time for each stage."""

    def __init__(self, *, profiled: bool) -> None:
        self.profiles: dict[str, cProfile.Profile] = defaultdict(cProfile.Profile)
        self.seconds: dict[str, float] = defaultdict(float)
        self._profiled = profiled

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what the block does to a stage."""
        profile = self.profiles[name]
        began = time.process_time()
        if self._profiled:
            profile.enable()
        try:
            yield
        finally:
            profile.disable()
            self.seconds[name] += time.process_time() - began

    def show(self, records: int, lines: int, sort: str) -> None:
        """Print each stage's cost and its hottest lines."""
        for name in STAGES:
            print(f"{name:8} {self.seconds[name] / records * 1e6:7.1f} µs a record")
        for name in STAGES if self._profiled else ():
            print(f"\n=== {name}")
            pstats.Stats(self.profiles[name]).sort_stats(sort).print_stats(lines)


def walk(folder: Path, count: int, stages: Stages) -> None:
    """Take so many records from a laptop to the province to a second laptop."""
    town = Town.founded(folder / "province")
    rows = write_rows(folder / "rows.jsonl", count)
    for name in ("first", "second"):
        invitation = town.invite(name, folder / f"{name}.fki").read_bytes()
        Workspace.enrol(folder / name, invitation, PIN, PASSPHRASE)
    with (
        open_site(open_province(town.settings)) as site,
        Workspace.open(folder / "first", PASSPHRASE) as first,
        Workspace.open(folder / "second", PASSPHRASE) as second,
    ):
        answering = site.counter
        assert isinstance(answering, Answering)
        for laptop in (first, second):
            for word in laptop.installation.first_words(laptop.roster):
                answering.take(word, SystemClock().now_ms())
        with stages.stage("import"), rows.open(encoding="utf-8") as lines:
            first.import_rows(FORM, enumerate(map(json.loads, lines), 1))
        _sync(first, answering, stages, "own")
        _sync(second, answering, stages, "")
        assert second.store.record_count() == count


def _sync(workspace: Workspace, answering: Answering, stages: Stages, own: str) -> None:
    """Sync; what the author's own records cost on their way home counts apart."""
    keys = device_keys(workspace.installation)
    session = Session(workspace.store, keys, workspace.roster)
    with stages.stage("cut"):
        session.cut()
    now_ms = SystemClock().now_ms()
    while True:
        with stages.stage(f"{own}apply"):
            message = session.next_message()
        if message is None:
            return
        if message.what == "envelope":
            with stages.stage("accept"):
                answer = answering.take(message.data, now_ms)[0]
        else:
            with stages.stage(f"{own}page"):
                answer = answering.ask(message.data) or b""
        with stages.stage(f"{own}apply"):
            session.receive(message, answer)


def main() -> None:
    """Profile what the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description=__doc__
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--sort", default="tottime")
    parser.add_argument("--times", action="store_true", help="only times, no profiler")
    asked = parser.parse_args()
    stages = Stages(profiled=not asked.times)
    with tempfile.TemporaryDirectory() as folder:
        walk(Path(folder), asked.records, stages)
    stages.show(asked.records, asked.lines, asked.sort)


if __name__ == "__main__":
    main()
