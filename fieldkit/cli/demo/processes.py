"""The processes: the installed commands, each started as a user would start it."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

COMMAND_S_MAX: Final = 120
START_S_MAX: Final = 30
STOP_S_MAX: Final = 15
_MODULES: Final = {"fieldkit": "fieldkit", "fieldkit-server": "sync_server"}


class CommandError(Exception):
    """A command of the story did not do what it should."""

    def __init__(self, command: Sequence[str], output: str) -> None:
        super().__init__(f"{' '.join(command)}\n{output}".strip())


@dataclass(slots=True)
class Commands:
    """Starts commands, and counts them.

    Attributes:
        home: the folder of the story; commands start there.
        count: how many were started.
    """

    home: Path
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fieldkit(self, workspace: Path, *arguments: object) -> str:
        """Run ``fieldkit`` in a workspace and return what it printed."""
        return self._run("fieldkit", "-w", workspace.name, *arguments)

    def told(self, workspace: Path, *arguments: object) -> Any:
        """Run ``fieldkit`` with ``--json`` and return what it told."""
        return json.loads(self.fieldkit(workspace, *arguments, "--json"))

    def server(self, *arguments: object) -> str:
        """Run ``fieldkit-server`` and return what it printed."""
        return self._run("fieldkit-server", "-d", "province", *arguments)

    def _run(self, program: str, *arguments: object) -> str:
        command = [*program_path(program), *map(str, arguments)]
        with self._lock:
            self.count += 1
        done = subprocess.run(
            command, cwd=self.home, env=self.environment(), capture_output=True,
            stdin=subprocess.DEVNULL, timeout=COMMAND_S_MAX, check=False,
        )  # fmt: skip
        if done.returncode:
            output = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise CommandError([program, *map(str, arguments)], output[-2_000:])
        return done.stdout.decode("utf-8")

    def environment(self) -> dict[str, str]:
        """Return the environment of the story's commands."""
        own = {
            "FIELDKIT_PASSPHRASE_FILE": str(self.home / "passphrase.txt"),
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "ignore",
        }
        kept = {n: v for n, v in os.environ.items() if not n.startswith("FIELDKIT_")}
        return kept | own

    @contextmanager
    def serving(self, port_file: Path) -> Iterator[str]:
        """Run the server while the block runs, and give its address."""
        port_file.unlink(missing_ok=True)
        arguments = ("-d", "province", "serve", "--port", "0", "--port-file", port_file)
        command = [*program_path("fieldkit-server"), *map(str, arguments)]
        log = self.home / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.home, env=self.environment(), stdout=output,
                stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is ours: we stop it, and wait for it
            )  # fmt: skip
        self.count += 1
        try:
            yield f"http://127.0.0.1:{_port(port_file, process, log)}"
        finally:
            _stop(process)


def program_path(program: str) -> list[str]:
    """Return how to start an installed program: its script, else its module."""
    script = shutil.which(program, path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", _MODULES[program]]


def _port(file: Path, process: "subprocess.Popen[bytes]", log: Path) -> int:
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end and process.poll() is None:
        if file.exists() and (text := file.read_text("ascii").strip()):
            return int(text)
        time.sleep(0.05)
    raise CommandError(["fieldkit-server", "serve"], log.read_text("utf-8")[-2_000:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
