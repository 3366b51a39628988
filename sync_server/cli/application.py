"""The commands as a whole; errors are told in words, and give their exit code."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from fieldkit.errors import FieldKitError, described
from sync_server.cli import keeping, people, province, running
from sync_server.cli.speech import VARIABLE, show_error, speak, tell

_EVERYWHERE = {"-d": 2, "--dir": 2, "--lang": 2}


class Root(TyperGroup):
    """The outermost command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``-d`` and ``--lang`` wherever they stand in the line."""
        return super().parse_args(ctx, general_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what goes wrong is told, and gives its exit code."""
        told: FieldKitError
        try:
            return super().invoke(ctx)
        except FieldKitError as error:
            told = error
        except typer.Abort:
            told = FieldKitError("program.stopped")
        except (typer.Exit, TyperException):
            raise
        except Exception as error:
            if getattr(error, "errno", None) == errno.EPIPE:
                raise  # whoever read what we print has gone
            told = described(error)
        show_error(told)
        raise typer.Exit(told.exit_code)


def general_first(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with the options that any command takes at the front.

    >>> general_first(["roster", "-d", "here", "--json", "--", "-d"])
    ['-d', 'here', 'roster', '--json', '--', '-d']
    """
    first: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting and waiting[0] != "--":
        name, sign, _ = waiting[0].partition("=")
        count = 1 if sign else _EVERYWHERE.get(name, 1)
        (first if name in _EVERYWHERE else rest).extend(waiting[:count])
        del waiting[:count]
    return first + rest + waiting


app = typer.Typer(
    cls=Root,
    name="fieldkit-server",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=tell("เครื่องแม่ข่ายของจังหวัด", "The server of a province."),
)
_COMMANDS: tuple[tuple[Callable[..., None], str, str], ...] = (
    (province.init, "ตั้งเครื่องแม่ข่ายของจังหวัด", "Found a province."),
    (province.publish, "เผยแพร่แบบฟอร์มหรือรายการ", "Publish forms or lists."),
    (people.invite, "เขียนไฟล์คำเชิญ", "Write an invitation file."),
    (running.serve, "เปิดบริการ", "Serve until told to stop."),
    (keeping.backup, "สำรองข้อมูล", "Write everything into one sealed file."),
    (keeping.backups, "แสดงชุดสำรองที่ยังเก็บอยู่", "Show the backups that are kept."),
    (keeping.restore, "กู้คืนจากชุดสำรอง", "Go back to a backup, as a new log."),
    (keeping.verify, "ตรวจสอบข้อมูลทั้งหมด", "Open and build everything again."),
    (keeping.doctor, "ตรวจสุขภาพเครื่องแม่ข่าย", "Look after the server."),
)
for _run, _thai, _english in _COMMANDS:
    app.command(_run.__name__, help=tell(_thai, _english))(_run)
app.add_typer(province.areas_app, name="area")
app.add_typer(people.roster_app, name="roster")


@app.callback()
def general(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "-d", "--dir", envvar="FIELDKIT_SERVER_DIR", metavar="DIR",
            help=tell("โฟลเดอร์ของเครื่องแม่ข่าย", "The server's folder."),
        ),
    ] = Path(),
    lang: Annotated[
        str | None,
        typer.Option(envvar=VARIABLE, metavar="th|en", help=tell("ภาษา", "Language.")),
    ] = None,
) -> None:  # fmt: skip
    """Take note of what every command needs."""
    speak(lang)
    ctx.obj = folder
