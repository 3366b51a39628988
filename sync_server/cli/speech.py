"""What the command line says: Thai first, English beside it, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import typer

from fieldkit.errors import FieldKitError, Language

VARIABLE: Final = "FIELDKIT_LANG"


def language() -> Language:
    """Return the language asked for: by an argument, else by the environment."""
    wanted = os.environ.get(VARIABLE, "th")
    arguments = sys.argv[1:]
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            wanted = arguments[place + 1]
        elif argument.startswith("--lang="):
            wanted = argument.removeprefix("--lang=")
    return "en" if (_chosen[-1] or wanted).lower().startswith("en") else "th"


_chosen: list[str] = [""]


def speak(wanted: str | None) -> None:
    """Speak ``wanted`` from now on; None means as the environment says."""
    _chosen[-1] = wanted or ""


def tell(thai: str, english: str) -> str:
    """Return the text in the language that is spoken."""
    return english if language() == "en" else thai


def say(thai: str, english: str) -> None:
    """Print a line."""
    typer.echo(tell(thai, english))


def note(thai: str, english: str) -> None:
    """Print a line for the person at the keyboard, beside the output."""
    typer.echo(tell(thai, english), err=True)


def show_error(error: FieldKitError) -> None:
    """Print what happened and what to do next."""
    typer.secho(error.message(language()), fg="red", err=True)
    if hint := error.hint(language()):
        typer.echo(f"→ {hint}", err=True)


def print_json(value: object) -> None:
    """Print one JSON document; bytes become hex."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows: a table on a terminal, lines with tabs elsewhere, or JSON."""
    if as_json:
        print_json(rows)
    elif sys.stdout.isatty() and rows:
        _print_table(list(rows[0]), ([*row.values()] for row in rows))
    else:
        for row in rows:
            typer.echo("\t".join(str(cell) for cell in row.values()))


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False, soft_wrap=True).print(table)


Json = Annotated[
    bool,
    typer.Option("--json", help=tell("แสดงเป็น JSON", "Print JSON, for programs.")),
]
