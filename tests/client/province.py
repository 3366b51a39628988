"""A real province for tests: its own commands, its own process, a real socket."""

import os
import subprocess
import sys
import time
from pathlib import Path

PIN = "246813"


class RealProvince:
    """A server in a folder; started and stopped as a person would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        name, key = "ศปจ. สงขลา", str(home / "root.key")
        self.command(
            "init", "prov", "--province", "90", "--name", name, "--root-key", key
        )

    def command(self, *arguments: str) -> str:
        """Run ``fieldkit-server`` and return what it printed."""
        line = [sys.executable, "-m", "sync_server", "-d", "prov", *arguments]
        done = subprocess.run(
            line,
            check=False,
            cwd=self.home,
            env=_environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def invite(
        self, name: str, role: str = "volunteer", area: str = "9011", url: str = ""
    ) -> bytes:
        """Return an invitation that opens with ``PIN``."""
        file = f"{name}.fki"
        self.command(
            "invite", "--role", role, "--area", area, "--name", name,
            "--pin", PIN, "-o", file, *(["--url", url] if url else []),
        )  # fmt: skip
        return (self.home / file).read_bytes()

    def start(self, *options: str, **settings: int) -> str:
        """Start serving, with settings of the server, and return the address."""
        port = self.home / "port"
        port.unlink(missing_ok=True)
        line = [sys.executable, "-m", "sync_server", "-d", "prov", "serve"]
        line += ["--port", "0", "--port-file", str(port), *options]
        self.process = subprocess.Popen(
            line,
            cwd=self.home,
            env=_environment()
            | {f"FIELDKIT_SERVER_{k.upper()}": str(v) for k, v in settings.items()},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(600):
            if port.exists() and port.read_text().strip():
                self.url = f"http://127.0.0.1:{port.read_text().strip()}"
                return self.url
            assert self.process.poll() is None, "the server has stopped"
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        """Stop serving."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, "FIELDKIT_LANG": "en"}
