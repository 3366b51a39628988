"""The command line as a whole: one module a noun, errors told in the user's words."""

import errno
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from fieldkit.cli import (
    bundle,
    conflict,
    enrol,
    form,
    notice,
    record,
    speech,
    status,
    sync,
)
from fieldkit.cli.demo.command import demo
from fieldkit.cli.screen import show_error
from fieldkit.cli.speech import tell
from fieldkit.cli.workspace import Place
from fieldkit.errors import FieldKitError, described

_EVERYWHERE = {"-w": 2, "--workspace": 2, "--lang": 2}


class Root(TyperGroup):
    """The outermost command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``-w`` and ``--lang`` wherever they stand in the line."""
        return super().parse_args(ctx, _general_first(args))

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


def _general_first(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with the options that any command takes at the front.

    >>> _general_first(["form", "list", "-w", "here", "--", "-w"])
    ['-w', 'here', 'form', 'list', '--', '-w']
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
    name="fieldkit",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=tell(
        "FieldKit: เครื่องมือสำรวจภาคสนามที่ทำงานได้โดยไม่มีอินเทอร์เน็ต",
        "FieldKit: field surveys that work with no network.",
    ),
)
app.command(help=tell("เริ่มงานจากไฟล์คำเชิญ", "Begin with an invitation."))(enrol.enrol)
app.command("status", help=tell("งานอยู่ถึงไหนแล้ว", "Where things stand."))(status.status)
app.command(help=tell("ส่งงานและรับข้อมูลใหม่", "Send work and fetch news."))(sync.sync)
app.command(help=tell("เล่าทั้งเรื่องในจังหวัดสมมุติ", "The whole story, invented."))(demo)
app.add_typer(record.app, name="record")
app.add_typer(conflict.app, name="conflict")
app.add_typer(notice.app, name="notice")
app.add_typer(bundle.app, name="bundle")
app.add_typer(form.app, name="form")


@app.callback()
def general(
    ctx: typer.Context,
    workspace: Annotated[
        str,
        typer.Option(
            "-w", "--workspace", envvar="FIELDKIT_WORKSPACE", metavar="DIR",
            help=tell("โฟลเดอร์ของงาน", "The folder of the workspace."),
        ),
    ] = "",
    lang: Annotated[
        str | None,
        typer.Option(
            envvar=speech.VARIABLE, metavar="th|en",
            help=tell("ภาษา", "Language."), show_default=False,
        ),
    ] = None,
) -> None:  # fmt: skip
    """Take note of what every command needs."""
    speech.speak(lang)
    ctx.obj = Place(workspace)
