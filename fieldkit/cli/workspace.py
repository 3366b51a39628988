"""The workspace that a command works in: which folder, which passphrase."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from fieldkit.cli.screen import wrong_use
from fieldkit.cli.speech import tell

if TYPE_CHECKING:
    from fieldkit.client.workspace import Workspace

PASSPHRASE_FILE: Final = "FIELDKIT_PASSPHRASE_FILE"  # noqa: S105 - a variable's name


@dataclass(frozen=True, slots=True)
class Place:
    """Where the work lies, as the command line was told."""

    directory: str

    @property
    def path(self) -> Path:
        """Return the folder.

        Raises:
            typer.BadParameter: none was named.
        """
        if not self.directory:
            wrong_use(
                "ยังไม่ได้บอกโฟลเดอร์ของงาน ใช้ -w โฟลเดอร์ หรือตั้ง FIELDKIT_WORKSPACE",
                "Name the workspace with -w DIR or FIELDKIT_WORKSPACE.",
            )
        return Path(self.directory)

    def open(self) -> "Workspace":
        """Return the workspace, opened with the passphrase."""
        from fieldkit.client.workspace import Workspace

        return Workspace.open(self.path, passphrase())


def place_of(ctx: typer.Context) -> Place:
    """Return where the command works."""
    place = ctx.find_root().obj
    assert isinstance(place, Place)
    return place


def passphrase(*, new: bool = False) -> str:
    """Return the passphrase: of the file that the environment names, or as typed."""
    named = os.environ.get(PASSPHRASE_FILE)
    if named:
        return Path(named).read_text("utf-8").strip("\r\n")
    prompt = tell("รหัสผ่าน", "Passphrase")
    typed: str = typer.prompt(
        prompt, hide_input=True, err=True, confirmation_prompt=new
    )
    return typed
