"""The screen: tables and words for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fieldkit.cli.speech import language, tell
from fieldkit.errors import FieldKitError

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[
    bool,
    typer.Option(
        "--json", help=tell("แสดงเป็น JSON สำหรับโปรแกรมอื่น", "Print JSON, for programs.")
    ),
]
Progress = Callable[[int, int], None]


def console(*, error: bool = False) -> "Console":
    """Return the terminal; colours only where there is one."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, soft_wrap=True)


def say(thai: str, english: str) -> None:
    """Print a line in the language that is spoken."""
    typer.echo(tell(thai, english))


def print_json(value: object) -> None:
    """Print ``value`` as one JSON document; bytes become hex."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: object) -> object:
    """Return ``value`` as JSON knows it.

    >>> plain({"id": b"ab", "both": (1, None)})
    {'id': '6162', 'both': [1, None]}
    """
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings; a line of text each where it is no terminal."""
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(map(str, row)))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


@contextmanager
def progress(thai: str, english: str) -> Iterator[Progress]:
    """Give a function of (done, total) that moves a bar on standard error."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console(error=True), transient=True) as bars:
        task = bars.add_task(tell(thai, english), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)


def show_error(error: FieldKitError) -> None:
    """Print on standard error what happened and what to do next."""
    typer.secho(error.message(language()), fg="red", err=True)
    hint = error.hint(language())
    if hint:
        typer.echo(f"→ {hint}", err=True)


def show_warning(thai: str, english: str) -> None:
    """Print a line on standard error."""
    typer.secho(tell(thai, english), fg="yellow", err=True)


def wrong_use(thai: str, english: str) -> NoReturn:
    """Leave with exit code 2: the command was typed wrongly.

    Raises:
        typer.BadParameter: always.
    """
    raise typer.BadParameter(tell(thai, english))


def read_json(text: str) -> Any:
    """Return the value of a JSON document that a person wrote.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        wrong_use(f"อ่าน JSON ไม่ได้: {error}", f"This is not JSON: {error}")
