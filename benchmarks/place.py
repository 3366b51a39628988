"""A place to measure in: a province, its server, and laptops that are enrolled."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.clocks import cpu_of
from benchmarks.rows import SEED
from benchmarks.worker import PIN
from fieldkit.errors import TransportError
from fieldkit.thai.invented import Province
from sync_server.founding import Foundation, found
from sync_server.issuing import Offer
from sync_server.opening import SystemClock, open_province
from sync_server.settings import Settings

START_S_MAX: Final = 30
STOP_S_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A province in a folder."""

    folder: Path

    @classmethod
    def founded(cls, folder: Path) -> "Town":
        """Return a new province, with the villages of the invented one."""
        town = cls(folder=folder)
        roots = (folder.with_name(folder.name + "-root.key"),)
        foundation = Foundation(area="90", name="สงขลา", root_paths=roots)
        found(town.settings, foundation, SystemClock().now_ms())
        villages = [
            {"code": code, "th": name} for code, name in Province(SEED).villages()
        ]
        office = open_province(town.settings).office
        office.add_villages(villages, SystemClock().now_ms())
        return town

    @property
    def settings(self) -> Settings:
        """Return the server's settings."""
        return Settings(dir=self.folder)

    def invite(self, name: str, file: Path, area: str = "90") -> Path:
        """Write an invitation of a coordinator and return the file."""
        offer = Offer(role="coordinator", area=area, name=name)
        office = open_province(self.settings).office
        file.write_bytes(office.invite(offer, PIN, SystemClock().now_ms()))
        return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server process."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Return the processor seconds that it has used."""
        return cpu_of(self.pid)


@contextmanager
def serving(town: Town) -> Iterator[Server]:
    """Run the installed server over ``town`` as a process of its own."""
    port_file = town.folder.with_name(town.folder.name + "-port")
    port_file.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "sync_server", "serve",
        "--port", "0", "--port-file", str(port_file),
    ]  # fmt: skip
    environment = os.environ | {"FIELDKIT_SERVER_DIR": str(town.folder)}
    log = town.folder.with_name(town.folder.name + ".log")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            port = _port(port_file, process, log)
            yield Server(url=f"http://127.0.0.1:{port}", pid=process.pid)
        finally:
            process.terminate()
            process.wait(STOP_S_MAX)


def _port(file: Path, process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Return the port that the server wrote down when it was ready.

    Raises:
        TransportError: it ended, or did not get ready in time.
    """
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end and process.poll() is None:
        if file.exists() and (text := file.read_text("ascii").strip()):
            return int(text)
        time.sleep(0.05)
    raise TransportError("transport.down", reason=log.read_text("utf-8")[-2000:])
