"""People with laptops and a province, through the installed commands, over sockets."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

PIN = "246813"
PASSPHRASE = "ข้าวเหนียว มะม่วง"
THAI = range(ord("ก"), ord("๛") + 1)
COMMAND_S = 90
_MODULES = {"fieldkit": "fieldkit", "fieldkit-server": "sync_server"}


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


def program(name: str) -> list[str]:
    """Return how the installed command is started."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return [found] if found else [sys.executable, "-m", _MODULES[name]]


def environment(**more: str) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith("FIELDKIT_")}
    root = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": root, "PYTHONUTF8": "1", **more}


def run(
    command: list[str],
    cwd: Path,
    given: str | None = None,
    before: Callable[[], None] | None = None,
    **more: str,
) -> Done:
    """Run a command to its end; no trace of the program ever reaches a user."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(**more), input=given, text=True,
        encoding="utf-8", capture_output=True, timeout=COMMAND_S, check=False,
        preexec_fn=before,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


class Laptop:
    """One person's laptop: a folder, a passphrase, the command ``fieldkit``."""

    def __init__(self, home: Path, name: str) -> None:
        self.home, self.name = home, name
        self.folder = home / name
        self.words = home / f"{name}.txt"
        self.words.write_text(PASSPHRASE + "\n", "utf-8")

    def says(
        self,
        *arguments: object,
        code: int = 0,
        lang: str = "th",
        given: str | None = None,
        before: Callable[[], None] | None = None,
    ) -> Done:
        """Run a command and return what it said."""
        command = [*program("fieldkit"), "--lang", lang, "-w", str(self.folder)]
        more = {"FIELDKIT_PASSPHRASE_FILE": str(self.words)}
        done = run([*command, *map(str, arguments)], self.home, given, before, **more)
        assert done.code == code, done
        return done

    def told(self, *arguments: object, code: int = 0, given: str | None = None) -> Any:
        """Return what a command says to programs."""
        return json.loads(self.says(*arguments, "--json", code=code, given=given).out)

    def refused(self, *arguments: object, code: int, given: str | None = None) -> Done:
        """Run what cannot be done, in both languages; return the Thai one.

        Each gives one sentence of what happened and one of what to do next.
        """
        thai = self.says(*arguments, code=code, given=given)
        english = self.says(*arguments, code=code, given=given, lang="en")
        happened, todo = thai.err.strip().splitlines()
        assert is_thai(happened), thai
        assert todo.startswith("→ "), thai
        assert is_thai(todo), thai
        happened, todo = english.err.strip().splitlines()
        assert todo.startswith("→ "), english
        assert not is_thai(todo), english
        return thai

    def enrol(self, file: Path) -> "Laptop":
        self.says("enrol", file, "--pin", PIN)
        return self

    def add(self, form_id: str = "person", subject: str = "", **answers: object) -> str:
        """Keep a record and return its id."""
        asked = ["record", "add", form_id, "--answers", "-"]
        asked += ["--subject", subject] if subject else []
        found = self.told(*asked, given=json.dumps(answers))
        return str(found["id"])

    def status(self, *areas: str) -> dict[str, Any]:
        asked = [part for area in areas for part in ("--digest", area)]
        found: dict[str, Any] = self.told("status", *asked)
        return found

    def answers(self, record: str) -> dict[str, Any]:
        found = self.told("record", "show", record)["answers"]
        return {path.rpartition("/")[2]: value for path, value in found.items()}


class Centre:
    """A province's server and office, the command ``fieldkit-server``."""

    def __init__(self, home: Path, area: str = "90") -> None:
        self.home = home
        self.folder = home / "province"
        self.url = ""
        name = "ศูนย์ประสานงานจังหวัดสงขลา"
        self.says("init", self.folder, "--province", area, "--name", name,
                  "--root-key", home / "safe" / "root.key")  # fmt: skip

    def says(self, *arguments: object, code: int = 0, lang: str = "th") -> Done:
        command = [*program("fieldkit-server"), "--lang", lang, "-d", str(self.folder)]
        done = run([*command, *map(str, arguments)], self.home)
        assert done.code == code, done
        return done

    def told(self, *arguments: object) -> Any:
        return json.loads(self.says(*arguments, "--json").out)

    def invite(self, name: str, role: str = "volunteer", area: str = "9011") -> Path:
        """Return an invitation file that opens with ``PIN``."""
        file = self.home / f"{name}.fki"
        urls = ["--url", self.url] if self.url else []
        self.says("invite", "--role", role, "--area", area, "--name", name,
                  "--pin", PIN, "-o", file, *urls)  # fmt: skip
        return file

    def laptop(self, name: str, role: str = "volunteer", area: str = "9011") -> Laptop:
        """Return the laptop of somebody who was just enrolled."""
        return Laptop(self.home, name).enrol(self.invite(name, role, area))

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run the server while the block runs, and give its address."""
        port = self.home / "port"
        port.unlink(missing_ok=True)
        command = [*program("fieldkit-server"), "-d", str(self.folder), "serve"]
        with (self.home / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--port-file", str(port)], cwd=self.home,
                env=environment(), stdout=log, stderr=log,
            )  # fmt: skip
        try:
            end = monotonic() + COMMAND_S
            while not (port.exists() and port.read_text().strip()):
                assert process.poll() is None, (self.home / "server.log").read_text()
                assert monotonic() < end
                sleep(0.02)
            self.url = f"http://127.0.0.1:{port.read_text().strip()}"
            yield self.url
        finally:
            process.terminate()
            process.wait(30)


def is_thai(text: str) -> bool:
    return any(ord(letter) in THAI for letter in text)
