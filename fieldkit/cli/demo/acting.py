"""Acting: what a person of the story does with the commands."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from fieldkit.cli.demo.cast import PIN, WILAI, Member
from fieldkit.cli.demo.invention import write_rows
from fieldkit.cli.demo.processes import Commands
from fieldkit.cli.demo.stage import Stage, Words

AT_ONCE: Final = os.cpu_count() or 2
T = TypeVar("T")


class Acting:
    """The people of the story in their folders.

    Attributes:
        home: the folder of the story; a workspace, a person, in it.
        url: where the server is.
    """

    def __init__(self, home: Path, stage: Stage) -> None:
        self.home = home
        self.url = ""
        self.stage = stage
        self.commands = Commands(home)

    def workspace(self, member: Member) -> Path:
        """Return the folder of somebody's laptop."""
        return self.home / member.key

    def together(self, words: Words, works: Iterable[Callable[[], T]]) -> list[T]:
        """Do pieces of work side by side, as people do, and show a bar."""
        pieces = list(works)
        with (
            self.stage.working(*words, len(pieces)) as bar,
            ThreadPoolExecutor(AT_ONCE) as threads,
        ):

            def one(piece: Callable[[], T]) -> T:
                result = piece()
                bar.done()
                return result

            return list(threads.map(one, pieces))

    # --- What each may do ---

    def invite(self, member: Member) -> None:
        """Write somebody's invitation."""
        self.commands.server(
            "invite", "--role", member.role, "--area", member.area,
            "--name", member.name, "--pin", PIN, "-o", f"{member.key}.fki",
        )  # fmt: skip

    def enrol(self, member: Member) -> None:
        """Begin with the invitation."""
        workspace = self.workspace(member)
        self.commands.fieldkit(workspace, "enrol", f"{member.key}.fki", "--pin", PIN)

    def sync(self, member: Member) -> dict[str, Any]:
        """Sync over HTTP and return what was told."""
        workspace = self.workspace(member)
        told: dict[str, Any] = self.commands.told(workspace, "sync", "--url", self.url)
        return told

    def bring_in(self, member: Member, form_id: str, rows: Iterable[Any]) -> list[str]:
        """Import rows into a form and return the ids of the new records."""
        file = write_rows(self.home / f"rows/{member.key}-{form_id}.jsonl", rows)
        told = self.commands.told(
            self.workspace(member), "record", "import", form_id,
            str(file.relative_to(self.home)),
        )  # fmt: skip
        ids: list[str] = told["ids"]
        return ids

    def edit(self, member: Member, record_id: str, answers: Mapping[str, str]) -> None:
        """Write new answers to a record."""
        sets = [part for n, v in answers.items() for part in ("--set", f"{n}={v}")]
        self.commands.fieldkit(
            self.workspace(member), "record", "edit", record_id, *sets
        )

    def answers(self, member: Member, record_id: str) -> dict[str, Any]:
        """Return what a record says on somebody's laptop, by the questions' names."""
        workspace = self.workspace(member)
        told = self.commands.told(workspace, "record", "show", record_id)
        return {path.rpartition("/")[2]: v for path, v in told["answers"].items()}

    def status(self, member: Member, *areas: str) -> dict[str, Any]:
        """Return where somebody's work stands, with digests of areas."""
        asked = [part for area in areas for part in ("--digest", area)]
        workspace = self.workspace(member)
        told: dict[str, Any] = self.commands.told(workspace, "status", *asked)
        return told

    def carry_for(self, member: Member, *, first: bool = False) -> None:
        """Carry a stick to the province and back: the officer visits the volunteer."""
        home, officer = self.workspace(member), self.workspace(WILAI)
        there, back = f"stick/{member.key}.fkb", f"stick/{member.key}-back.fkb"
        self.commands.told(home, "bundle", "out", there)
        self.commands.told(officer, "bundle", "in", there)
        self.sync(WILAI)
        if first:
            self.sync(WILAI)  # a laptop that was certified by that one has mail now
        self.commands.told(officer, "bundle", "out", back)
        self.commands.told(home, "bundle", "in", back)
